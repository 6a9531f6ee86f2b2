//! Directories that cannot be used: one word about it, and the same layer.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Bench, below, noise};
use crate::support::Ran;

/// Assembles twice with one cache in `root`; returns what was told.
fn told(bench: &Bench, root: &Path) -> Vec<String> {
    let cache = bench.cache_in(root.to_owned(), 1 << 30);
    bench.check(&bench.assemble(&cache));
    cache.keep_document(b"{}");
    bench.check(&bench.assemble(&cache));
    bench.faults()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_directory_that_others_can_write_to_is_not_used() {
    for others in [0o770, 0o707, 0o722, 0o1777] {
        let bench = Bench::large();
        fs::create_dir(bench.root()).unwrap();
        mode(&bench.root(), others);
        let told = told(&bench, &bench.root());
        assert!(matches!(&told[..], [fault] if fault.contains("other users can write to it")), "{told:?}");
        assert_eq!(below(&bench.root()), Vec::<PathBuf>::new());
    }
    // That others can read its names is no fault.
    let bench = Bench::large();
    fs::create_dir(bench.root()).unwrap();
    mode(&bench.root(), 0o755);
    assert_eq!(told(&bench, &bench.root()), Vec::<String>::new());
    bench.only("layers");
}

#[test]
fn a_link_in_its_place_is_not_followed() {
    for name in ["", "layers", "keys", "tmp"] {
        let bench = Bench::large();
        let elsewhere = bench.directory.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        let precious = elsewhere.join("0123456789abcdef");
        fs::write(&precious, "precious").unwrap();
        if !name.is_empty() {
            fs::create_dir(bench.root()).unwrap();
            mode(&bench.root(), 0o700);
        }
        // `join("")` would append a slash, which follows.
        let link = if name.is_empty() { bench.root() } else { bench.root().join(name) };
        symlink(&elsewhere, link).unwrap();
        let told = told(&bench, &bench.root());
        assert!(matches!(&told[..], [fault] if fault.contains("it is a link or a file")), "{name}: {told:?}");
        assert_eq!(below(&elsewhere), [precious]);
    }
}

#[test]
fn a_directory_of_another_user_is_not_used() {
    let bench = Bench::large();
    fs::create_dir(bench.root()).unwrap();
    if std::os::unix::fs::chown(bench.root(), Some(12_345), None).is_err() {
        eprintln!("left out: only root can give a directory to somebody else");
        return;
    }
    let told = told(&bench, &bench.root());
    assert!(matches!(&told[..], [fault] if fault.contains("it belongs to another user")), "{told:?}");
}

#[test]
fn a_place_where_nothing_can_be_made_is_told_once() {
    let bench = Bench::large();
    let file = bench.directory.path().join("file");
    fs::write(&file, "").unwrap();
    for root in [PathBuf::from("/proc/leoflow"), file.join("below")] {
        let before = bench.faults().len();
        let told = told(&bench, &root);
        assert_eq!(told.len(), before + 1, "{told:?}");
        assert!(told[before].contains("cannot be written"), "{told:?}");
        assert!(told[before].contains(root.to_str().unwrap()), "{told:?}");
    }
}

/// Set for a child: where its project and cache are.
const DIRECTORY: &str = "LEOFLOW_TEST_CACHE_DIRECTORY";

/// Does nothing when it is run as a test of its own.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let bench = Bench::in_directory(tempfile::tempdir_in(directory).unwrap());
    for seed in 0..4 {
        bench.write(&format!("noise-{seed}.bin"), &noise(700 << 10, seed));
    }
    let root = bench.directory.path().parent().unwrap().join("cache");
    let cache = bench.cache_in(root.clone(), 1 << 30);
    bench.check(&bench.assemble(&cache));
    bench.check(&bench.assemble(&cache));
    for fault in bench.faults() {
        println!("\nFAULT {fault}");
    }
    for kind in ["layers", "keys", "tmp"] {
        println!("\nKEPT {kind} {}", below(&root.join(kind)).len());
    }
}

/// Runs the child after `setup` in a shell, in `$DISK`; nothing where that cannot be had.
fn child_after(setup: &str) -> Option<Vec<String>> {
    let directory = tempfile::tempdir().unwrap();
    let script = format!("{setup}\nexec \"$0\" --exact cache::faults::child --nocapture");
    let mut command = Command::new("/usr/bin/unshare");
    command.args(["--mount", "--map-root-user", "/bin/sh", "-c", &script]).arg(std::env::current_exe().unwrap());
    command.env("DISK", directory.path()).env(DIRECTORY, directory.path()).env("TMPDIR", directory.path());
    let output = command.output().ok().filter(|output| !matches!(output.status.code(), Some(1 | 99)))?;
    let lines = Ran::of(output).exits(0).stdout;
    Some(
        lines.lines().filter(|line| line.starts_with("FAULT") || line.starts_with("KEPT")).map(str::to_owned).collect(),
    )
}

#[test]
fn a_full_disk_is_told_once_and_leaves_nothing_half_done() {
    // The project takes 2.8 MiB, the layer as much again.
    for (setup, reason) in [
        ("mount -t tmpfs -o size=5m tmpfs \"$DISK\" || exit 99", "No space left on device"),
        (
            "mkdir -m 700 \"$DISK/cache\"; mount -t tmpfs -o size=1m,mode=700 tmpfs \"$DISK/cache\" || exit 99",
            "No space",
        ),
        ("mkdir -m 700 \"$DISK/cache\"; mount -t tmpfs -o ro,mode=700 tmpfs \"$DISK/cache\" || exit 99", "Read-only"),
        // 512 or 1024 bytes each, as shells differ.
        ("trap '' XFSZ; ulimit -f 2048", "File too large"),
    ] {
        let Some(lines) = child_after(setup) else {
            eprintln!("left out: it takes a mount of one's own, by unshare");
            return;
        };
        assert_eq!(lines[1..], ["KEPT layers 0", "KEPT keys 0", "KEPT tmp 0"], "{lines:?}");
        assert!(lines[0].contains("cannot be written") && lines[0].contains(reason), "{lines:?}");
    }
}
