//! What a machine lacks: disk and memory.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::road::{left_out, noise};
use crate::support::{Home, Ran, SandboxProcess};

/// More than this a deploying process must not take, whatever it deploys: KiB.
const MEMORY: u64 = 64 << 10;

/// Runs `script` with a disk of 2 MiB at `$DISK`, which nobody else sees; nothing where that cannot be had.
fn with_small_disk(home: &Home, script: &str) -> Option<Ran> {
    let disk = home.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let script = format!("mount -t tmpfs -o size=2m tmpfs \"$DISK\" || exit 99\n{script}");
    let mut command = Command::new("/usr/bin/unshare");
    command.args(["--mount", "--map-root-user", "/bin/sh", "-c", &script, env!("CARGO_BIN_EXE_leoflow")]);
    command.env_clear().env("HOME", home.path()).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("DISK", &disk);
    match command.current_dir(home.path()).output() {
        Ok(output) if !matches!(output.status.code(), Some(1 | 99)) => Some(Ran::of(output)),
        _ => {
            left_out("a full disk: it takes a mount of one's own, by unshare");
            None
        }
    }
}

/// A project whose layer outgrows both memory and the small disk.
fn noisy_project(home: &Home) {
    let project = home.project("bash_chain");
    fs::write(project.join("noise.bin"), noise(6 << 20)).unwrap();
}

fn registered(home: &Home) -> bool {
    home.path().join(".local/share/leoflow/sandbox/control-plane/dags/bash_chain").exists()
}

#[test]
fn a_full_spool_directory_registers_nothing_and_leaves_nothing() {
    let home = Home::new();
    noisy_project(&home);
    let script = "TMPDIR=\"$DISK\" \"$0\" deploy bash_chain --sandbox; code=$?; ls -A \"$DISK\"; exit $code";
    let Some(ran) = with_small_disk(&home, script) else { return };
    let ran = ran.exits(9).says(&["cannot write a temporary file in", "No space left on device", "set TMPDIR"]);
    assert_eq!(ran.stdout, "", "left behind");
    assert!(!registered(&home));
    home.run(&["deploy", "bash_chain", "--sandbox"]).exits(0);
    assert!(registered(&home));
}

#[test]
fn a_registry_without_space_is_told_and_the_next_run_recovers() {
    let home = Home::new();
    noisy_project(&home);
    let script = "export XDG_DATA_HOME=\"$DISK\"\n\"$0\" deploy bash_chain --sandbox -q && exit 90\n\
                  code=$?; [ -e \"$DISK/leoflow/sandbox/control-plane/dags/bash_chain\" ] && exit 91\n\
                  mount -o remount,size=20m \"$DISK\" && \"$0\" deploy bash_chain --sandbox -q || exit 92\n\
                  ls -A \"$DISK/leoflow/sandbox/registry/_temporary\"; exit $code";
    let Some(ran) = with_small_disk(&home, script) else { return };
    let ran = ran.exits(6).says(&["cannot upload layer", "No space left on device"]);
    let left = ran.stdout.lines().skip_while(|line| !line.contains("leoflow deploy ")).count();
    assert!(left <= 2, "left behind: {}", ran.stdout);
}

#[test]
fn a_spec_that_does_not_fit_on_the_disk_leaves_the_old_one() {
    let home = Home::new();
    home.project("bash_chain");
    let script = "cd \"$DISK\" && echo old > dag.json; head -c 4m /dev/zero > fill 2>/dev/null\n\
                  \"$0\" compile \"$HOME/bash_chain\" -o dag.json; code=$?; cat dag.json; ls -A | wc -l; exit $code";
    let Some(ran) = with_small_disk(&home, script) else { return };
    let ran = ran.exits(9).says(&["cannot write", "dag.json", "No space left on device"]);
    assert_eq!(ran.stdout.split_whitespace().collect::<Vec<_>>(), ["old", "2"]);
}

/// A sparse file is read as long as it says it is; what is held of it is a few blocks.
#[test]
fn memory_does_not_grow_with_the_project() {
    if !Path::new("/usr/bin/time").exists() {
        return left_out("peak memory, for want of /usr/bin/time");
    }
    let home = Home::new();
    let project = home.project("bash_chain");
    fs::File::create(project.join("zeros.bin")).unwrap().set_len(100 << 20).unwrap();
    fs::write(project.join("noise.bin"), noise(100 << 20)).unwrap();
    let sandbox = SandboxProcess::start(&home);
    let mut command = Command::new("/usr/bin/time");
    command.args(["-f", "peak %M", env!("CARGO_BIN_EXE_leoflow"), "deploy", "bash_chain", "--quiet"]);
    command.args(sandbox.arguments()).env_clear().env("HOME", home.path()).current_dir(home.path());
    let ran = Ran::of(command.output().unwrap()).exits(0);
    let peak = ran.stderr.lines().find_map(|line| line.strip_prefix("peak ")).unwrap().parse::<u64>().unwrap();
    assert!(peak <= MEMORY, "{peak} KiB");
}
