//! requirements.txt with hashes.

use std::fs;

use leoflow::image::Platform;
use leoflow::packages::lock::{self, Found, LockError, Pins};

const HASH: &str = "--hash=sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Reads the requirements.txt of a project with these files.
fn pins(files: &[(&str, &str)]) -> Result<Option<Pins>, LockError> {
    let project = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = project.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    match lock::find(project.path(), &Platform::linux_amd64(), &"3.11.9".parse().unwrap())? {
        Some(Found::Requirements(pins)) => Ok(Some(pins)),
        Some(found) => panic!("{}", found.path().display()),
        None => Ok(None),
    }
}

fn pinned(files: &[(&str, &str)]) -> Vec<String> {
    let pins = pins(files).unwrap().expect("a lock").pins;
    pins.iter().map(|pin| format!("{}=={} {}", pin.name, pin.version, pin.hashes.len())).collect()
}

#[test]
fn each_line_pins_a_version_and_its_files() {
    let text = include_str!("../../../../testdata/packages/lock/requirements.txt");
    let expected = ["certifi==2026.10.18 2", "charset-normalizer==3.5.2 2", "idna==3.20 2", "requests==2.34.2 1"];
    assert_eq!(pinned(&[("requirements.txt", text)])[..4], expected);
    let pins = pins(&[("requirements.txt", &format!("A.b[x]==1 ; os_name == 'nt' {HASH}"))]).unwrap().unwrap();
    let pin = &pins.pins[0];
    assert_eq!((pin.name.as_ref(), pin.extras.len(), pin.marker.is_true()), ("a-b", 1, false));
}

#[test]
fn an_ordinary_requirements_file_is_no_lock() {
    for text in [
        "",
        "requests\n",
        "requests==2.34.2\n-r more.txt\n",
        "-e .\n",
        "-r gone.txt\n",
        "# only a comment --hash=sha256:0\n",
    ] {
        assert_eq!(pins(&[("requirements.txt", text), ("more.txt", "pandas>=1\n")]).unwrap(), None, "{text}");
    }
}

#[test]
fn what_is_included_counts() {
    let base = format!("idna==3.20 {HASH}\n");
    let text = format!("-r deps/base.txt\nrequests==2.34.2 {HASH}\n");
    let files = [("requirements.txt", &*text), ("deps/base.txt", "-r more.txt"), ("deps/more.txt", &*base)];
    assert_eq!(pinned(&files), ["idna==3.20 1", "requests==2.34.2 1"]);
}

fn refused(text: &str, line: usize, message: &str) {
    let error = pins(&[("requirements.txt", text), ("loop.txt", "-r loop.txt")]).expect_err(message);
    assert!(error.to_string().contains(message), "{error}");
    assert_eq!(error.span().unwrap().position().0, line, "{error}");
}

#[test]
fn a_line_that_is_not_pinned_by_version_and_hash_is_refused() {
    let with = |line: &str| format!("a==1 {HASH}\n\n# b\n{line}\n");
    refused(&with("b==1"), 4, "`b` has no `--hash=sha256:…`");
    refused(&with("b==1 --hash=md5:0"), 4, "`b` has no `--hash=sha256:…`");
    refused(&with("b==1 --hash=sha256:0"), 4, "`b` has a sha256 that is none");
    refused(&with(&format!("b>=1 {HASH}")), 4, "`b>=1` is not pinned");
    refused(&with(&format!("b {HASH}")), 4, "`b` is not pinned");
    refused(&with(&format!("b==1.* {HASH}")), 4, "is not pinned");
    refused(&with(&format!("b==1,!=2 {HASH}")), 4, "is not pinned");
    refused(&with(&format!("./b.whl {HASH}")), 4, "`./b.whl`: ");
    refused(&with(&format!("b==1 --install-option=x {HASH}")), 4, "`--install-option=x` is an option");
    refused(&with("-r ../b.txt"), 4, "`../b.txt` is outside the project");
    refused(&with("-r /b.txt"), 4, "is outside the project");
    refused(&with("-r loop.txt"), 1, "is included too deep");
}

#[test]
fn an_included_file_that_is_not_there_is_named() {
    let text = format!("a==1 {HASH}\n-r gone.txt\n");
    let error = pins(&[("requirements.txt", &text)]).unwrap_err();
    assert!(error.to_string().contains("gone.txt"), "{error}");
}

#[test]
fn options_of_the_whole_file_that_matter_are_told() {
    let text = format!("--index-url https://h/simple\n--require-hashes\n--only-binary :all:\na==1 {HASH}\n");
    let pins = pins(&[("requirements.txt", &text)]).unwrap().unwrap();
    let told: Vec<String> = pins.ignored.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["`--index-url` of a requirements file is not followed"]);
}
