//! pylock.toml as uv and pip write it, chosen from for a target.

use std::collections::BTreeSet;
use std::fs;

use leoflow::inspect::Libc;
use leoflow::packages::Target;
use leoflow::packages::index::Location;
use leoflow::packages::lock::{self, Found, Lock, LockError};

use super::samples;

const UV: &str = include_str!("../../../../testdata/packages/lock/pylock.uv.toml");
const PIP: &str = include_str!("../../../../testdata/packages/lock/pylock.pip.toml");

fn target(platform: &str, python: &str, minor: u16) -> Target {
    let libc = Libc::Glibc { major: 2, minor };
    Target { platform: platform.parse().unwrap(), python: python.parse().unwrap(), libc }
}

fn locked(text: &str, target: &Target) -> Result<Lock, LockError> {
    let project = tempfile::tempdir().unwrap();
    fs::write(project.path().join("pylock.toml"), text).unwrap();
    let found = lock::find(project.path(), &target.platform, &target.python)?.unwrap();
    let Found::Pylock(pylock) = found else { panic!("{} is somebody else's", found.path().display()) };
    pylock.lock(target, &["certifi".parse().unwrap()].into())
}

fn wheels(lock: &Lock) -> Vec<&str> {
    lock.packages.iter().map(|package| package.wheel.name.as_str()).collect()
}

#[test]
fn the_best_wheel_for_the_target_is_taken_of_the_versions_whose_markers_hold() {
    let check = |platform, python, glibc, expected: &[&str]| {
        let lock = locked(UV, &target(platform, python, glibc)).unwrap();
        assert_eq!(wheels(&lock), expected, "{platform} {python} {glibc}");
    };
    let certifi = "certifi-2026.10.18-py3-none-any.whl";
    let native = |python, machine| {
        format!(
            "charset_normalizer-3.5.2-{python}-{python}-manylinux2014_{machine}.manylinux_2_17_{machine}.manylinux_2_28_{machine}.whl"
        )
    };
    let numpy = "numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl";
    check("linux/amd64", "3.11.9", 36, &[certifi, &native("cp311", "x86_64"), numpy]);
    let numpy = "numpy-2.5.5-cp312-cp312-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl";
    check("linux/arm64", "3.12.1", 36, &[certifi, &native("cp312", "aarch64"), numpy]);
    let numpy = "numpy-2.2.6-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
    check("linux/amd64", "3.10.4", 17, &[certifi, &native("cp310", "x86_64"), numpy]);
}

#[test]
fn what_is_locked_is_what_the_file_says_of_the_wheel() {
    let lock = locked(PIP, &samples::target()).unwrap();
    let names: Vec<&str> = lock.packages.iter().map(|package| package.name.as_ref()).collect();
    assert_eq!(names, ["certifi", "charset-normalizer", "idna", "requests", "urllib3"]);
    let requested: Vec<bool> = lock.packages.iter().map(|package| package.requested).collect();
    assert_eq!(requested, [true, false, false, false, false]);
    let wheel = &lock.packages[0].wheel;
    assert_eq!(wheel.sha256.hex(), "73191c47aaa79da394e8fee2dbc2ec827432cab56311122c9e47abf79e390f62");
    assert!(matches!(&wheel.location, Location::Url(url) if url.host_str() == Some("files.pythonhosted.org")));
}

fn refused(text: &str, message: &str, help: &str) {
    let error = locked(text, &samples::target()).expect_err(message);
    assert!(error.to_string().contains(message), "{error}");
    assert!(error.help().is_some_and(|found| found.contains(help)), "{error}: {:?}", error.help());
    assert!(error.span().is_some(), "{error}");
}

/// A file with one package, whose source is `source`.
fn one(source: &str) -> String {
    format!("lock-version = \"1.0\"\n\n[[packages]]\nname = \"demo\"\nversion = \"1.0\"\n{source}\n")
}

const HASH: &str = "hashes = { sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\" }";

fn wheel(file: &str) -> String {
    format!("wheels = [{{ url = \"https://h/{file}\", {HASH} }}]")
}

#[test]
fn what_cannot_be_installed_is_refused_by_name() {
    let sdist = format!("sdist = {{ url = \"https://h/demo-1.0.tar.gz\", {HASH} }}");
    refused(&one(&sdist), "`demo` has a source distribution only", "--find-links");
    let vcs = "vcs = { type = \"git\", url = \"https://h/demo\", commit-id = \"0\" }";
    refused(&one(vcs), "`demo` is source code", "--find-links");
    refused(&one("directory = { path = \".\", editable = true }"), "`demo` is a directory", "--no-emit-project");
    refused(&one(&wheel("demo-1.0-cp312-cp312-win_amd64.whl")), "there are some for win_amd64", "leoflow lock");
    refused(&one(&wheel("other-1.0-py3-none-any.whl")), "is no wheel of demo 1.0", "leoflow lock");
    refused(&one(&wheel("demo-1.1-py3-none-any.whl")), "is no wheel of demo 1.0", "leoflow lock");
    refused(&one("marker = \"os_nome == 'posix'\""), "is not a marker", "leoflow lock");
    refused(&one("requires-python = \">=3.12\""), "`demo` is for Python >=3.12, and the base has 3.11.9", "lock for");
    refused("lock-version = \"1.0\"\nrequires-python = \"<3\"\npackages = []", "the file is for Python <3", "lock for");
    let windows = "lock-version = \"1.0\"\nenvironments = [\"sys_platform == 'win32'\"]\npackages = []";
    refused(windows, "the file is not for linux/amd64 with Python 3.11.9", "lock for");
    let twice = one(&wheel("demo-1.0-py3-none-any.whl"));
    let twice = twice.clone() + twice.split_once("\n\n").unwrap().1;
    refused(&twice, "`demo` is locked twice for linux/amd64", "leoflow lock");
}

#[test]
fn groups_that_are_not_chosen_are_left_out() {
    let groups = |group: &str| {
        let package =
            one(&format!("marker = \"'{group}' in dependency_groups\"\n{}", wheel("demo-1.0-py3-none-any.whl")));
        let text = format!("default-groups = [\"default\"]\n{package}");
        locked(&text, &samples::target()).unwrap().packages.len()
    };
    assert_eq!((groups("default"), groups("dev")), (1, 0));
}

#[test]
fn of_equal_wheels_the_greater_build_is_taken() {
    let wheels =
        ["1", "10", "9"].map(|build| format!("{{ url = \"https://h/demo-1.0-{build}-py3-none-any.whl\", {HASH} }}"));
    let lock = locked(&one(&format!("wheels = [{}]", wheels.join(", "))), &samples::target()).unwrap();
    assert_eq!(self::wheels(&lock), ["demo-1.0-10-py3-none-any.whl"]);
}

#[test]
fn an_archive_that_is_a_wheel_is_one() {
    let archive = format!("archive = {{ url = \"https://h/demo-1.0-py3-none-any.whl\", {HASH} }}");
    let lock = locked(&one(&archive), &samples::target()).unwrap();
    let direct_url = |lock: &Lock| lock.packages[0].wheel.direct_url.clone();
    assert_eq!(direct_url(&lock).as_deref(), Some("https://h/demo-1.0-py3-none-any.whl"), "PEP 610");
    let path = format!("archive = {{ path = \"wheels/demo-1.0-py3-none-any.whl\", {HASH} }}");
    let there = locked(&one(&path), &samples::target()).unwrap();
    assert_eq!(direct_url(&there).as_deref(), Some("file:///demo-1.0-py3-none-any.whl"), "a path is nobody's business");
    let listed = locked(&one(&wheel("demo-1.0-py3-none-any.whl")), &samples::target()).unwrap();
    assert_eq!(direct_url(&listed), None);
    assert_eq!(listed.packages[0].wheel.index.as_deref(), Some("https://h/"));
    assert_eq!(
        lock.packages.iter().map(|package| package.version.to_string()).collect::<BTreeSet<_>>(),
        ["1.0".into()].into()
    );
}
