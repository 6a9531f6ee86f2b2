//! Completions as shells ask for them, manual pages as `groff` reads them, and what the program says of itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Home, Ran};

const SETTINGS: &str =
    "targets:\n  prod: {server: \"https://a.example\"}\n  staging: {server: \"https://b.example\"}\n";

/// Prints what bash would complete the last of the given words to.
const BASH: &str = r#"source "$1"; shift
COMP_WORDS=(leoflow "$@"); COMP_CWORD=$#
_clap_complete_leoflow leoflow "${@: -1}" "${COMP_WORDS[$COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}""#;

/// Prints what zsh would show; outside of its line editor there is nothing to show it.
const ZSH: &str = r#"compdef() {}
_describe() { print -l -- ${(P)3} }
source "$1"; shift
words=(leoflow "$@"); CURRENT=$(( $# + 1 ))
_clap_dynamic_completer_leoflow"#;

const FISH: &str = r#"source $argv[1]
complete --do-complete "leoflow "(string join " " -- $argv[2..])"#;

/// A home with two targets and three projects, one of which is faulty, and one that is nobody's business.
fn home() -> Home {
    let home = Home::new();
    home.write(".leoflow/config.yaml", SETTINGS);
    home.project("etl_sales");
    home.write("more/deep/leoflow.yaml", "dag_id: orders_mart\n");
    home.write("faulty/leoflow.yaml", "dag_id: faulty_one\nbogus: 1\n");
    home.write(".hidden/leoflow.yaml", "dag_id: hidden_one\n");
    home
}

/// Asks a shell; nothing when this machine has none such.
fn asked(home: &Home, shell: &str, words: &[&str]) -> Option<Vec<String>> {
    let program = Path::new("/usr/bin").join(shell);
    if !program.exists() {
        return None;
    }
    let (arguments, driver) = match shell {
        "bash" => (&["--norc", "-c"][..], BASH),
        "zsh" => (&["-f", "-c"][..], ZSH),
        _ => (&["--no-config", "-c"][..], FISH),
    };
    let script = home.write(&format!("script.{shell}"), &home.run(&["completions", shell]).exits(0).stdout);
    let bin = Path::new(env!("CARGO_BIN_EXE_leoflow")).parent().unwrap();
    let mut command = Command::new(program);
    command.args(arguments).arg(driver);
    if shell != "fish" {
        command.arg(shell);
    }
    command.arg(script).args(words).env_clear().env("HOME", home.path()).current_dir(home.path());
    command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.stderr, "", "{shell} {words:?}");
    // What stands behind a candidate is its description.
    let value = |line: &str| line.split(['\t', ':']).next().unwrap_or_default().to_owned();
    Some(ran.stdout.lines().map(value).collect())
}

#[test]
fn shells_complete_commands_flags_projects_targets_and_codes() {
    let home = home();
    for shell in ["bash", "zsh", "fish"] {
        for (words, expected) in [
            (&["depl"][..], &["deploy"][..]),
            (&["deploy", "--sand"], &["--sandbox"]),
            (&["deploy", "ord"], &["orders_mart"]),
            (&["validate", "fau"], &["faulty_one"]),
            (&["deploy", "--target", ""], &["prod", "staging"]),
            (&["auth", "login", "--target", "st"], &["staging"]),
            (&["target", "use", "pr"], &["prod"]),
            (&["explain", "E005"], &["E005"]),
            (&["build", "--platform", "linux/amd64,linux/arm6"], &["linux/amd64,linux/arm64"]),
            (&["completions", "fi"], &["fish"]),
            (&["deploy", "hid"], &[]),
        ] {
            let Some(found) = asked(&home, shell, words) else { continue };
            let found: Vec<&str> = found.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
            let of_paths = |word: &&&str| !word.contains("faulty/") && !word.ends_with("faulty");
            let found: Vec<&str> = found.iter().filter(of_paths).copied().collect();
            assert_eq!(found, expected, "{shell} {words:?}");
        }
    }
}

#[test]
fn whatever_is_wrong_a_shell_is_told_nothing_of_it() {
    let home = home();
    let ask = |shell: &str, words: &[&str]| {
        let mut command = home.leoflow();
        command.env("LEOFLOW_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", words.len().to_string());
        command.args(["--", "leoflow"]).args(words);
        let ran = Ran::of(command.output().unwrap()).exits(0);
        assert_eq!(ran.stderr, "", "{shell} {words:?}");
        ran.stdout
    };
    assert_eq!(ask("bash", &["target", "use", ""]).split('\n').next(), Some("prod"));
    home.write(".leoflow/config.yaml", "targets: [nothing\n");
    assert!(!ask("bash", &["target", "use", ""]).contains("prod"));
    assert_eq!(ask("tcsh", &["deploy", ""]), "");
    assert_eq!(ask("bash", &["nothing", "of", "the", "kind", ""]), "");
}

#[test]
fn powershell_and_elvish_get_a_script_too() {
    for shell in ["powershell", "elvish"] {
        let script = Home::new().run(&["completions", shell]).exits(0).stdout;
        assert!(script.contains("LEOFLOW_COMPLETE") && script.contains("leoflow"), "{shell}: {script}");
    }
    Home::new().run(&["completions", "tcsh"]).exits(2).says(&["'tcsh'", "bash"]);
}

#[test]
fn manual_pages_are_the_same_each_time_and_sound() {
    let home = Home::new();
    let json = home.run(&["man", "one", "--output", "json"]).exits(0).json();
    home.run(&["man", "two"]).exits(0);
    let files: Vec<&str> = json["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    assert!(files.contains(&"leoflow.1") && files.contains(&"leoflow-target-add.1"), "{files:?}");
    for file in files {
        let page = home.path().join("one").join(file);
        assert_eq!(fs::read(&page).unwrap(), fs::read(home.path().join("two").join(file)).unwrap());
        if Path::new("/usr/bin/groff").exists() {
            let mut groff = Command::new("/usr/bin/groff");
            let output = groff.args(["-man", "-Tutf8", "-ww", "-z"]).arg(&page).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{file}");
        }
    }
    home.write("file", "");
    home.run(&["man", "file/below"]).exits(9).says(&["cannot write `"]);
}

#[test]
fn the_version_says_what_was_built() {
    let home = Home::new();
    let text = home.run(&["version"]).exits(0).stdout;
    assert!(text.starts_with(concat!("leoflow ", env!("CARGO_PKG_VERSION"), "\n")), "{text}");
    let json = home.run(&["version", "--output", "json"]).exits(0).json();
    assert_eq!(json["schema"], "leoflow.version/v1");
    assert!(json["target"].as_str().unwrap().starts_with(std::env::consts::ARCH), "{json}");
    assert!(json["python"]["version"].as_str().unwrap().starts_with("3."), "{json}");
    assert_eq!(json["dependency_list"], false, "plain cargo lists none");
}
