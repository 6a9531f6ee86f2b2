//! Which lock a project has.

use std::fs;
use std::path::Path;

use leoflow::image::Platform;
use leoflow::packages::lock::{self, Found};

use super::samples::lock_file;

const NAMED: &str = "pylock.linux-amd64-py311.toml";
const PYLOCK: &str = "lock-version = \"1.0\"\ncreated-by = \"uv\"\npackages = []\n";

fn hashed() -> String {
    format!("a==1 --hash=sha256:{}\n", "0".repeat(64))
}

fn found(project: &Path) -> Option<(String, &'static str)> {
    let found = lock::find(project, &Platform::linux_amd64(), &"3.11.9".parse().unwrap()).unwrap()?;
    let whose = match &found {
        Found::Ours { .. } => "ours",
        Found::Pylock(_) => "pylock",
        Found::Requirements(_) => "pins",
    };
    Some((found.path().file_name().unwrap().to_string_lossy().into_owned(), whose))
}

#[test]
fn the_platforms_own_lock_wins_over_general_ones() {
    let project = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(project.path().join(name), text).unwrap();
    let check = |expected: Option<(&str, &'static str)>| {
        assert_eq!(found(project.path()), expected.map(|(name, whose)| (name.to_owned(), whose)));
    };
    check(None);
    write("requirements.txt", "a==1\n");
    write("pylock.linux-arm64-py311.toml", "for another platform");
    write("pylock.dev.toml", "for something else");
    check(None);
    write("requirements.txt", &hashed());
    check(Some(("requirements.txt", "pins")));
    write("pylock.toml", PYLOCK);
    check(Some(("pylock.toml", "pylock")));
    write(NAMED, PYLOCK);
    check(Some((NAMED, "pylock")));
    write(NAMED, &lock::write(&lock_file(), project.path()));
    check(Some((NAMED, "ours")));
}

#[test]
fn a_link_to_nothing_is_no_missing_lock() {
    for name in [NAMED, "pylock.toml"] {
        let project = tempfile::tempdir().unwrap();
        let link = project.path().join(name);
        std::os::unix::fs::symlink("../locks/gone.toml", &link).unwrap();
        let found = lock::find(project.path(), &Platform::linux_amd64(), &"3.11.9".parse().unwrap());
        let Err(error) = found else { panic!("{name} leads nowhere") };
        let told = error.to_string();
        assert!(told.contains(link.to_str().unwrap()) && told.contains("../locks/gone.toml"), "{told}");
        assert!(error.help().unwrap().contains("remove the link"));
    }
}

#[test]
fn a_lock_that_cannot_be_read_is_no_reason_to_go_on_without_it() {
    let project = tempfile::tempdir().unwrap();
    let error = |name: &str, bytes: &[u8]| {
        fs::write(project.path().join(name), bytes).unwrap();
        let found = lock::find(project.path(), &Platform::linux_amd64(), &"3.11.9".parse().unwrap());
        let Err(error) = found else { panic!("{name} was read") };
        fs::remove_file(project.path().join(name)).unwrap();
        assert!(error.help().is_some());
        error.to_string()
    };
    assert!(error(NAMED, b"\xff").contains("it is not UTF-8"));
    assert!(error("pylock.toml", b"").contains("not a pylock.toml"));
    assert!(error("pylock.toml", b"<<<<<<< HEAD").contains("not a pylock.toml"));
    fs::create_dir(project.path().join("pylock.toml")).unwrap();
    let found = lock::find(project.path(), &Platform::linux_amd64(), &"3.11.9".parse().unwrap());
    assert!(found.is_err_and(|error| error.to_string().contains("pylock.toml")));
}
