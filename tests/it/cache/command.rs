//! `leoflow cache`, and deploys as users have them.

use std::fs;

use super::{LARGE, below, noise};
use crate::support::{Home, Ran, SandboxProcess};

/// A project that is worth keeping, deployed once.
fn deployed() -> (Home, SandboxProcess, String) {
    let home = Home::new();
    fs::write(home.project("bash_chain").join("noise.bin"), noise(LARGE, 1)).unwrap();
    let sandbox = SandboxProcess::start(&home);
    let digest = digest(deploy(&home, &sandbox, &[]));
    (home, sandbox, digest)
}

fn deploy(home: &Home, sandbox: &SandboxProcess, variables: &[(&str, &str)]) -> Ran {
    let mut command = home.leoflow();
    command.args(["deploy", "bash_chain", "--output", "json"]).args(sandbox.arguments());
    Ran::of(command.envs(variables.iter().copied()).output().unwrap())
}

fn digest(ran: Ran) -> String {
    ran.exits(0).json()["digest"].as_str().unwrap().to_owned()
}

#[test]
fn a_deploy_is_the_same_with_and_without() {
    let (home, sandbox, first) = deployed();
    let cache = home.path().join(".cache/leoflow");
    assert_eq!(below(&cache.join("layers")).len(), 1);
    // Nowhere to spool to: the layer is found.
    assert_eq!(digest(deploy(&home, &sandbox, &[("TMPDIR", "/missing")])), first);
    assert_eq!(digest(deploy(&home, &sandbox, &[("LEOFLOW_CACHE_SIZE", "0")])), first);
    deploy(&home, &sandbox, &[("LEOFLOW_CACHE_SIZE", "0"), ("TMPDIR", "/missing")]).exits(9);
    fs::remove_dir_all(&cache).unwrap();
    assert_eq!(digest(deploy(&home, &sandbox, &[])), first);
}

#[test]
fn a_cache_that_cannot_be_used_is_a_warning() {
    let (home, sandbox, first) = deployed();
    let file = home.write("file", "");
    let ran = deploy(&home, &sandbox, &[("XDG_CACHE_HOME", file.to_str().unwrap())]).exits(0);
    assert_eq!(ran.stderr.matches("warning").count(), 1, "{}", ran.stderr);
    let ran = ran.says(&["cannot be written", "file/leoflow", "going on without it", "XDG_CACHE_HOME"]);
    assert_eq!(digest(ran), first);
    fs::remove_dir_all(home.path().join(".cache/leoflow")).unwrap();
    std::os::unix::fs::symlink(home.path(), home.path().join(".cache/leoflow")).unwrap();
    let ran = deploy(&home, &sandbox, &[]).says(&["cannot be trusted", "it is a link", "help: "]);
    assert_eq!(digest(ran), first);
    home.run(&["cache", "info"]).exits(9).says(&["cannot be trusted"]);
}

#[test]
fn info_and_prune_say_what_there_is_and_what_went() {
    let (home, _sandbox, _) = deployed();
    let info = || home.run(&["cache", "info", "--output", "json"]).exits(0).json();
    let before = info();
    assert_eq!(before["schema"], "leoflow.cache-info/v1");
    assert_eq!(before["directory"], home.path().join(".cache/leoflow").to_str().unwrap());
    assert_eq!(before["max_size"], 5_u64 << 30);
    assert_eq!((&before["layers"]["entries"], &before["unfinished"]["entries"]), (&1.into(), &0.into()));
    assert!(before["documents"]["entries"].as_u64().unwrap() >= 2);
    let text = home.run(&["cache", "info"]).exits(0).stdout;
    for word in ["~/.cache/leoflow", "layers", "manifests and configs", "at most 5.00 GiB"] {
        assert!(text.contains(word), "{text}");
    }
    let prune = |flags: &[&str]| home.run(&[&["cache", "prune", "--output", "json"], flags].concat()).exits(0).json();
    assert_eq!(prune(&[])["removed"]["entries"], 0);
    assert_eq!(prune(&["--older-than", "1d"])["removed"]["entries"], 0);
    let pruned = prune(&["--max-size", "1MiB"]);
    assert_eq!((&pruned["schema"], &pruned["removed"]["entries"]), (&"leoflow.cache-prune/v1".into(), &1.into()));
    assert_eq!(info()["layers"]["entries"], 0);
    assert_eq!(prune(&["--all"])["left"]["entries"], 0);
    assert_eq!(home.run(&["cache", "prune", "--all"]).exits(0).stdout, "Removed 0 files (0 B), 0 files (0 B) left\n");
    assert_eq!(info()["total"]["bytes"], 0);
}

#[test]
fn sizes_and_ages_are_asked_for_as_they_are_written() {
    let home = Home::new();
    home.run(&["cache", "prune", "--max-size", "much"]).exits(2).says(&["much", "MiB"]);
    home.run(&["cache", "prune", "--older-than", "30"]).exits(2).says(&["30", "d or w"]);
    home.run(&["cache", "prune", "--all", "--max-size", "1GiB"]).exits(2);
    let mut command = home.leoflow();
    command.args(["cache", "info"]).env("LEOFLOW_CACHE_SIZE", "1.5 elephants");
    Ran::of(command.output().unwrap()).exits(2).says(&["LEOFLOW_CACHE_SIZE", "1.5 elephants", "help: "]);
}
