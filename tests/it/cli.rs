//! The command line itself: help, results for scripts, terminals, interrupts, and where output may go wrong.

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Home, Ran};

const ENDLESS: &str = "while True:\n    pass\n";

#[test]
fn help_fits_a_terminal() {
    let home = Home::new();
    for command in ["", "deploy", "image copy", "cache prune", "target add"] {
        for flag in ["-h", "--help"] {
            let mut leoflow = home.leoflow();
            leoflow.args(command.split_whitespace()).arg(flag).env("COLUMNS", "80");
            let text = Ran::of(leoflow.output().unwrap()).exits(0).stdout;
            let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(wide.is_empty(), "{command}: {wide:#?}");
        }
    }
}

#[test]
fn the_short_help_leaves_out_what_few_need_and_says_so() {
    let home = Home::new();
    let help = |flag| home.run(&["deploy", flag]).exits(0).stdout;
    let (short, long) = (help("-h"), help("--help"));
    for flag in ["--chunk-size", "--trusted-host", "--compile-timeout"] {
        assert!(!short.contains(flag) && long.contains(flag), "{flag}");
    }
    assert!(short.contains("see more with '--help'") && short.contains("--dry-run"), "{short}");
}

/// Those that need no account and no network; the unit tests of `args` parse all the others.
#[test]
fn examples_of_the_help_run() {
    let home = Home::new();
    home.project("etl_sales");
    home.run(&["compile", "etl_sales", "-o", "dag.json"]).exits(0);
    let plain = ["explain", "schema", "cache info", "cache prune", "target list", "config show", "version", "man"];
    let of_projects = ["compile", "validate", "graph", "completions"];
    let mut run = 0;
    for command in plain.iter().chain(&of_projects) {
        let help = home.run(&[&command.split(' ').collect::<Vec<_>>()[..], &["-h"]].concat()).exits(0).stdout;
        let examples = help.lines().filter_map(|line| line.strip_prefix("  leoflow "));
        for example in examples.filter(|example| !example.contains("--watch") && !example.contains("--target")) {
            let words = example.split("  ").next().unwrap_or_default().split(' ');
            let words: Vec<&str> = words.take_while(|word| !word.starts_with('>')).collect();
            let here: Vec<&str> = words.iter().map(|word| if *word == "dags/" { "." } else { *word }).collect();
            home.run(&here).exits(0);
            run += 1;
        }
    }
    assert!(run > 20, "{run}");
}

#[test]
fn a_wrong_command_line_is_one_json_object_too() {
    let home = Home::new();
    for arguments in [&["deploy", "--bogus"][..], &["deplyo"], &["push"], &["deploy", "--sandbox", "--server", "x"]] {
        let json = home.run(&[arguments, &["--output", "json"]].concat()).exits(2).json();
        assert_eq!((&json["kind"], &json["exit_code"]), (&"usage".into(), &2.into()), "{arguments:?}");
    }
}

#[test]
fn a_command_has_no_flag_that_would_do_nothing() {
    let home = Home::new();
    let nothing = [
        ("lock", "--compression=gzip"),
        ("lock", "--chunk-size=16MiB"),
        ("lock", "--registry=127.0.0.1:1"),
        ("lock", "--locked"),
        ("tree", "--compression=gzip"),
        ("tree", "--registry=127.0.0.1:1"),
        ("build", "--chunk-size=16MiB"),
        ("build", "--no-remote-cache"),
    ];
    for (command, flag) in nothing {
        let name = flag.split('=').next().unwrap();
        home.run(&[command, flag]).exits(2).says(&["unexpected argument", name]);
    }
}

#[test]
fn a_misspelt_flag_is_recognized() {
    Home::new().run(&["deploy", "--sandbx"]).exits(2).says(&["'--sandbox'"]);
}

#[test]
fn secrets_are_in_no_output() {
    let home = Home::new();
    let project = home.project("etl_sales");
    let dead = ["--server", "http://127.0.0.1:1", "--token", "sesame"];
    let image = ["--registry", "ada:sesame@127.0.0.1:1/x"];
    let runs: [&[&str]; 4] = [&[], &image, &["--base", "ada:sesame@127.0.0.1:1/x:tag"], &["--registry", "127.0.0.1:1"]];
    for arguments in runs {
        for format in ["text", "json"] {
            let mut command = home.leoflow();
            command.arg("deploy").arg(&project).args(dead).args(arguments).args(["--output", format]);
            let ran = Ran::of(command.env("RUST_BACKTRACE", "full").output().unwrap());
            assert_ne!(ran.code, Some(0));
            assert!(!ran.stdout.contains("sesame") && !ran.stderr.contains("sesame"), "{}{}", ran.stdout, ran.stderr);
        }
    }
}

#[test]
fn a_result_that_cannot_be_told_is_a_failure_and_a_closed_one_is_none() {
    let home = Home::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = home.leoflow().arg("version").stdout(full).output().unwrap();
    Ran::of(output).exits(9).says(&["cannot write to stdout"]);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    home.project("etl_sales");
    let output = home.leoflow().args(["deploy", "etl_sales", "--sandbox"]).stderr(full).output().unwrap();
    assert!(Ran::of(output).exits(0).stdout.starts_with("Deployed etl_sales"));
}

#[test]
fn compile_replaces_files_keeps_links_and_writes_to_anything_else() {
    let home = Home::new();
    home.project("etl_sales");
    let there = home.write("kept/there.json", "old");
    let link = home.path().join("link.json");
    std::os::unix::fs::symlink(&there, &link).unwrap();
    home.run(&["compile", "etl_sales", "-o", "link.json"]).exits(0);
    assert!(link.is_symlink() && fs::read_to_string(&there).unwrap().starts_with('{'));
    let pipe = home.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    home.run(&["compile", "etl_sales", "-o", "pipe"]).exits(0);
    assert!(reader.join().unwrap().starts_with('{'));
    let ran = home.run(&["compile", "etl_sales", "-o", "missing/dag.json"]).exits(9).says(&["missing/dag.json"]);
    assert!(!ran.stderr.contains(".dag.json."), "the temporary file is nobody's business: {}", ran.stderr);
}

/// A project whose dag.py never ends, being compiled.
struct Compiling {
    child: Child,
    worker: Pid,
}

impl Compiling {
    fn start(home: &Home) -> Self {
        home.write("demo/leoflow.yaml", "dag_id: demo\n");
        home.write("demo/dag.py", ENDLESS);
        let mut command = home.leoflow();
        command.args(["compile", "demo", "--compile-timeout", "3600"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let worker = std::iter::repeat_with(|| child_of(child.id())).flatten().next().unwrap();
        Self { child, worker }
    }
}

/// Returns the first child of a process (`proc(5)`).
fn child_of(parent: u32) -> Option<Pid> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let children = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    children.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).find_map(|pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        // With several threads it is past its beginning: it has read what to do.
        let is_worker = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?.contains("__execute-dag");
        (is_worker && !status.contains("Threads:\t1\n")).then(|| Pid::from_raw(pid.parse().ok()?)).flatten()
    })
}

/// Says whether a process is gone, or waits for nothing but its burial.
fn has_ended(process: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero()));
    status.map_or(true, |status| status.contains("State:\tZ"))
}

#[test]
fn ctrl_c_while_dag_py_runs_says_that_nothing_was_written() {
    let home = Home::new();
    let compiling = Compiling::start(&home);
    kill_process(Pid::from_child(&compiling.child), Signal::INT).unwrap();
    Ran::of(compiling.child.wait_with_output().unwrap()).exits(130).says(&["interrupted before anything was written"]);
    assert!(!home.path().join("demo/dag.json").exists());
}

#[test]
fn the_worker_does_not_outlive_its_parent() {
    let mut compiling = Compiling::start(&Home::new());
    compiling.child.kill().unwrap();
    compiling.child.wait().unwrap();
    let ended = (0..3000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        has_ended(compiling.worker)
    });
    if !ended {
        kill_process(compiling.worker, Signal::KILL).unwrap();
    }
    assert!(ended);
}

/// Runs a shell command on a terminal of its own (`script` of util-linux), answering once `cue` is shown.
pub(crate) fn on_a_terminal(home: &Home, shell: &str, cue: &str, answer: &[u8]) -> String {
    let mut command = Command::new("/usr/bin/script");
    // The shell hears Ctrl-C as well, and goes on.
    let shell = format!("trap : INT; {shell}");
    command.args(["-qec", &shell, "/dev/null"]).env_clear().current_dir(home.path());
    command.env("HOME", home.path()).env("SHELL", "/bin/sh").env("TERM", "xterm").env("PATH", "/usr/bin:/bin");
    command.env("LEOFLOW", env!("CARGO_BIN_EXE_leoflow"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut shown, mut answered, mut buffer) = (Vec::new(), false, [0; 4096]);
    while let Ok(count @ 1..) = output.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..count]);
        if !answered && String::from_utf8_lossy(&shown).contains(cue) {
            input.write_all(answer).unwrap();
            input.flush().unwrap();
            answered = true;
        }
    }
    child.wait().unwrap();
    assert!(answered, "`{cue}` was never shown");
    String::from_utf8_lossy(&shown).into_owned()
}

#[test]
fn a_log_has_short_lines_and_none_that_are_live() {
    let home = Home::new();
    home.project("etl_sales");
    let ran = home.run(&["deploy", "etl_sales", "--sandbox"]).exits(0);
    assert!(!ran.stderr.contains("Compiling") && !ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    let wide: Vec<&str> = ran.stderr.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

#[test]
fn ctrl_c_at_the_password_prompt_leaves_the_terminal_as_it_was() {
    let home = Home::new();
    let shell = "$LEOFLOW auth login -u ada; echo code=$?; stty -a";
    let shown = on_a_terminal(&home, shell, "Password for", b"\x03");
    assert!(shown.contains("interrupted before anything was changed") && shown.contains("code=130"), "{shown}");
    let modes: Vec<&str> = shown.split_whitespace().collect();
    assert!(["echo", "icanon", "isig", "echoctl"].iter().all(|mode| modes.contains(mode)), "{shown}");
}

#[test]
fn a_question_declined_or_interrupted_changes_nothing() {
    let home = Home::new();
    home.project("etl_sales");
    let deploy = "$LEOFLOW deploy etl_sales --server http://example.com --token t; echo code=$?";
    let shown = on_a_terminal(&home, deploy, "[y/N]", b"n\n");
    assert!(shown.contains("Nothing was done.") && shown.contains("code=1\r\n"), "{shown}");
    let shown = on_a_terminal(&home, deploy, "[y/N]", b"\x03");
    assert!(shown.contains("interrupted before anything was sent") && shown.contains("code=130"), "{shown}");
}

#[test]
fn the_sandbox_ends_on_ctrl_c_as_it_was_asked_to() {
    let home = Home::new();
    let shown = on_a_terminal(&home, "$LEOFLOW sandbox; echo code=$?", "until Ctrl-C", b"\x03");
    assert!(shown.contains("code=0") && !shown.contains("error"), "{shown}");
}

/// What a user wrote and what would otherwise be without effect, in silence.
#[test]
fn settings_that_mean_nothing_are_told() {
    let twice = "registries:\n- {location: r.corp, blocked: true}\n- {location: r.corp}\n";
    for (text, says) in [
        ("registry:\n- {location: r.corp, blocked: true}\n", "`registry` means nothing here"),
        ("Registries: []\n", "`Registries` means nothing here"),
        (twice, "`r.corp` is named twice"),
    ] {
        let home = Home::new();
        home.project("etl_sales");
        home.write(".leoflow/config.yaml", text);
        home.run(&["build", "etl_sales", "-o", "oci:out"]).exits(2).says(&[says]);
    }
}

#[test]
fn authorities_that_cannot_be_had_are_told() {
    let home = Home::new();
    home.project("etl_sales");
    home.write("empty.pem", "nothing\n");
    for (file, says) in [("empty.pem", "holds no certificate"), ("none.pem", "cannot be read")] {
        let mut command = home.leoflow();
        command.args(["build", "etl_sales", "-o", "oci:out"]).env("SSL_CERT_FILE", file);
        Ran::of(command.output().unwrap()).exits(2).says(&[file, says]);
    }
}

#[test]
fn places_that_no_tool_reads_are_refused() {
    let home = Home::new();
    home.project("etl_sales");
    for place in ["oci:a.tgz", "oci:a.tar.gz", "docker-archive:a.tar.xz"] {
        home.run(&["build", "etl_sales", "-o", place]).exits(2).says(&["write `a.tar`"]);
    }
}

#[test]
fn a_file_that_is_no_archive_is_not_quoted() {
    let home = Home::new();
    home.write("notes.tar", &"PASSWORD=hunter2\n".repeat(100));
    let ran = home.run(&["image", "copy", "oci:notes.tar", "oci:out"]).exits(6).says(&["is not a tar archive"]);
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
}
