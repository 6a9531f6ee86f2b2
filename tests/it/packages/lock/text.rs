//! The text: valid, deterministic, without secrets, and the same lock when it is read.

use std::path::Path;

use leoflow::image::Platform;
use leoflow::packages::index::Location;
use leoflow::packages::lock::{self, Lock, LockFile};

use super::samples::{DIRECTORY, lock_file};

fn written(file: &LockFile) -> String {
    lock::write(file, Path::new(DIRECTORY))
}

fn read(text: &str) -> Result<LockFile, lock::LockError> {
    lock::read(text, &Path::new(DIRECTORY).join("pylock.linux-amd64-py311.toml"))
}

#[test]
fn a_lock_is_written_as_pep_751_has_it() {
    let text = written(&lock_file());
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/packages/lock/ours.toml");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(golden, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(golden).unwrap());
}

#[test]
fn what_is_read_is_what_was_written() {
    let file = lock_file();
    assert_eq!(read(&written(&file)).unwrap(), file);
    let empty = LockFile { base: None, lock: Lock::default(), requirements: Vec::new(), ..file };
    assert_eq!(read(&written(&empty)).unwrap(), empty);
}

#[test]
fn the_name_holds_no_dot() {
    for (platform, python, expected) in [
        ("linux/amd64", "3.11.9", "pylock.linux-amd64-py311.toml"),
        ("linux/arm64", "3.10", "pylock.linux-arm64-py310.toml"),
        ("linux/arm/v7", "3.13.1", "pylock.linux-arm-v7-py313.toml"),
    ] {
        let platform: Platform = platform.parse().unwrap();
        assert_eq!(lock::file_name(&platform, &python.parse().unwrap()), expected);
    }
}

#[test]
fn neither_credentials_nor_places_of_this_machine_are_written() {
    let mut file = lock_file();
    let wheel = &mut file.lock.packages[1].wheel;
    wheel.location = Location::Url("https://ada:sesame@h.example/a/x.whl?sig=sesame#sesame".parse().unwrap());
    wheel.index = Some("https://ada:sesame@h.example/simple?token=sesame".into());
    let wheel = &mut file.lock.packages[0].wheel;
    wheel.location = Location::Path(Path::new("/home/ada/wheels").join(wheel.name.as_str()));
    wheel.index = Some("/home/ada/wheels".into());
    let text = written(&file);
    assert!(!text.contains("sesame") && !text.contains("ada"), "{text}");
    assert!(
        text.contains(r#"url = "https://h.example/a/x.whl""#) && text.contains("https://h.example/simple"),
        "{text}"
    );
    assert!(text.contains(r#"path = "certifi-2026.10.18-py3-none-any.whl""#), "{text}");
}

fn refused(from: &str, to: &str, line: usize, message: &str) {
    let text = written(&lock_file());
    assert!(text.contains(from), "{from} is not in\n{text}");
    let error = read(&text.replacen(from, to, 1)).expect_err(message);
    assert!(error.to_string().contains(message), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("leoflow lock")), "{error}");
    assert_eq!(error.span().unwrap().position().0, line, "{error}");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let sha256 = lock_file().lock.packages[1].wheel.sha256.hex();
    refused("\"1.0\"", "\"2.0\"", 2, "newer than this program");
    refused("format = 1", "format = 2", 34, "another than this program's");
    refused("[[packages]]", "[packages", 7, "not a pylock.toml");
    refused("name = \"certifi\"", "nome = \"certifi\"", 7, "missing field `name`");
    refused("name = \"certifi\"", "name = \"cer tifi\"", 8, "not a package's name");
    refused("name = \"certifi\"", "name = \"certify\"", 8, "is no wheel of certify 2026.10.18");
    refused("version = \"2026.10.18\"", "version = \"late\"", 9, "not a version");
    refused("name = \"requests\"\nversion = \"2.34.2\"", "name = \"requests\"", 15, "`requests` has no version");
    refused("name = \"requests\"", "name = \"certifi\"", 15, "is no wheel of certifi");
    refused(&sha256, "00", 22, "no sha256");
    refused(&format!("hashes = {{ sha256 = \"{sha256}\" }}"), "hashes = {}", 22, "has no sha256");
    refused("https://files", "ftp://files", 22, "http and https");
    refused("url = ", "oops = ", 22, "neither a `url` nor a `path`");
    refused("linux/amd64\"", "beos\"", 35, "not a platform");
    refused("glibc 2.36", "glibc", 37, "not a C library");
    refused("\"requests[socks]>=2.30\"", "\"requests[\"", 39, "not a requirement");
}

#[test]
fn packages_are_sorted_and_locked_once() {
    let mut file = lock_file();
    file.lock.packages.swap(0, 1);
    let error = read(&written(&file)).unwrap_err();
    assert!(error.to_string().contains("not in its place"), "{error}");
    file.lock.packages[1] = file.lock.packages[0].clone();
    let error = read(&written(&file)).unwrap_err();
    assert!(error.to_string().contains("locked twice"), "{error}");
}
