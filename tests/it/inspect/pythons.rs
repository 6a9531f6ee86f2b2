//! Which Python a process of the image finds, and what that finds.

use leoflow::inspect::{Distribution, Facts, Libc};
use serde_json::Value;

use super::{env, inspected};
use crate::support::bases::{Layer, official_python};

const GLIBC: Libc = Libc::Glibc { major: 2, minor: 36 };

/// A program that names its version, and the library of it.
fn python(layer: Layer, prefix: &str, version: &str) -> Layer {
    let line = version.rsplit_once('.').unwrap().0;
    layer
        .program(&format!("{prefix}/bin/python{line}"), format!("\x7fELF/lib64/ld-linux-x86-64.so.2\x00{version}\x00"))
        .file(&format!("{prefix}/lib/python{line}/os.py"), "")
}

/// Version, executable, site-packages, scripts, prefix, include.
#[track_caller]
fn check(facts: &Facts, expected: [&str; 6]) {
    let python = facts.python.as_ref().expect("there is a Python");
    let version = python.version.to_string();
    let found = [&version, &python.executable, &python.site_packages, &python.scripts, &python.prefix, &python.include];
    assert_eq!(found, expected);
}

fn names(facts: &Facts) -> Vec<String> {
    facts.distributions.iter().map(|found| format!("{} {}", found.name, found.version)).collect()
}

#[test]
fn an_official_image() {
    let facts =
        inspected(&env(&["PATH=/usr/local/bin:/usr/bin", "PYTHON_VERSION=3.11.1"]), vec![official_python("3.11.9")]);
    let expected = [
        "3.11.9",
        "/usr/local/bin/python3.11",
        "/usr/local/lib/python3.11/site-packages",
        "/usr/local/bin",
        "/usr/local",
        "/usr/local/include/python3.11",
    ];
    check(&facts, expected);
    assert_eq!(facts.libc, Some(GLIBC));
    let site = "/usr/local/lib/python3.11/site-packages";
    let below = |name: &str| format!("{site}/{name}");
    let pip = Distribution {
        name: "pip".parse().unwrap(),
        version: "24.0".parse().unwrap(),
        requires: vec![],
        extras: vec![],
        directory: below("pip-24.0.dist-info"),
        files: vec![
            "/usr/local/bin/pip".to_owned(),
            below("pip-24.0.dist-info/METADATA"),
            below("pip-24.0.dist-info/RECORD"),
            below("pip/__init__.py"),
        ],
    };
    assert_eq!(facts.distributions, [pip]);
}

#[test]
fn debians_own_python_installs_below_usr_local_and_sees_what_debian_has() {
    let status = "Package: python3.11-minimal\nStatus: install ok installed\nVersion: 3.11.2-6+deb12u6\n\n\
                  Package: libc6\nStatus: install ok installed\nVersion: 2.36-9+deb12u10\n\n\
                  Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\
                  Package: libssl3t64\nStatus: install ok installed\nProvides: libssl3 (= 3.0), other\nVersion: 3\n";
    let layer = Layer::new()
        .symlink("bin", "usr/bin")
        .program("usr/bin/python3.11", "\x7fELF")
        .symlink("usr/bin/python3", "python3.11")
        .file("usr/lib/python3.11/os.py", "")
        .file("var/lib/dpkg/status", status)
        .file("usr/lib/python3/dist-packages/six-1.16.0.egg-info", "Name: six\nVersion: 1.16.0\n")
        .distribution("usr/local/lib/python3.11/dist-packages", "idna", "3.4", &[]);
    let facts = inspected(&Value::Null, vec![layer]);
    let expected = [
        "3.11.2",
        "/usr/bin/python3.11",
        "/usr/local/lib/python3.11/dist-packages",
        "/usr/local/bin",
        "/usr/local",
        "/usr/local/include/python3.11",
    ];
    check(&facts, expected);
    assert_eq!((names(&facts), facts.libc), (vec!["idna 3.4".to_owned(), "six 1.16.0".to_owned()], Some(GLIBC)));
    let debian: Vec<&str> = facts.debian.iter().map(String::as_str).collect();
    assert_eq!(debian, ["libc6", "libssl3", "libssl3t64", "other", "python3.11-minimal"]);
    assert_eq!(facts.distributions[1].files, [] as [String; 0]);
}

#[test]
fn a_virtual_environment_is_where_the_path_leads_first() {
    let venv = |sees: &str| {
        official_python("3.11.9")
            .file("opt/venv/pyvenv.cfg", format!("home = /usr/local/bin\ninclude-system-site-packages = {sees}\n"))
            .symlink("opt/venv/bin/python", "/usr/local/bin/python3")
            .symlink("opt/venv/lib64", "lib")
            .distribution("opt/venv/lib/python3.11/site-packages", "requests", "2.31.0", &[])
    };
    let path = env(&["PATH=/opt/venv/bin:/usr/local/bin"]);
    let facts = inspected(&path, vec![venv("false")]);
    let expected = [
        "3.11.9",
        "/opt/venv/bin/python",
        "/opt/venv/lib/python3.11/site-packages",
        "/opt/venv/bin",
        "/opt/venv",
        "/opt/venv/include/site/python3.11",
    ];
    check(&facts, expected);
    assert_eq!(names(&facts), ["requests 2.31.0"]);
    assert_eq!(names(&inspected(&path, vec![venv("true")])), ["pip 24.0", "requests 2.31.0"]);
}

#[test]
fn conda_and_alpine_and_fedora() {
    let conda = python(official_python("3.12.1"), "opt/conda", "3.11.7");
    let facts = inspected(&env(&["PATH=/opt/conda/bin:/usr/local/bin"]), vec![conda]);
    let site = "/opt/conda/lib/python3.11/site-packages";
    let include = "/opt/conda/include/python3.11";
    check(&facts, ["3.11.7", "/opt/conda/bin/python3.11", site, "/opt/conda/bin", "/opt/conda", include]);

    let alpine = Layer::new()
        .program("usr/bin/python3.11", "\x7fELF/lib/ld-musl-x86_64.so.1\x00")
        .file("usr/lib/libpython3.11.so.1.0", "\x003.11.12\x00")
        .file("usr/lib/python3.11/os.py", "")
        .file("lib/ld-musl-x86_64.so.1", "\x001.2.4\x00")
        .file("lib/apk/db/installed", "P:busybox\nV:1.36.1-r2\n\nP:musl\nV:1.2.5-r0\n");
    let facts = inspected(&Value::Null, vec![alpine]);
    check(
        &facts,
        [
            "3.11.12",
            "/usr/bin/python3.11",
            "/usr/lib/python3.11/site-packages",
            "/usr/bin",
            "/usr",
            "/usr/include/python3.11",
        ],
    );
    assert_eq!(facts.libc, Some(Libc::Musl { major: 1, minor: 2 }));

    let fedora = Layer::new()
        .program("usr/bin/python3.11", "\x7fELF\x003.11.4\x00")
        .file("usr/lib64/python3.11/os.py", "")
        .file("usr/lib64/libc.so.6", "stable release version 2.34.\n")
        .distribution("usr/lib/python3.11/site-packages", "rpm", "4.18.1", &[])
        .distribution("usr/lib64/python3.11/site-packages", "numpy", "1.24.4", &[]);
    let facts = inspected(&Value::Null, vec![fedora]);
    let site = "/usr/local/lib/python3.11/site-packages";
    check(
        &facts,
        ["3.11.4", "/usr/bin/python3.11", site, "/usr/local/bin", "/usr/local", "/usr/local/include/python3.11"],
    );
    assert_eq!(names(&facts), ["numpy 1.24.4", "rpm 4.18.1"]);
}

#[test]
fn a_version_is_what_the_program_says_then_its_library_its_header_and_the_config() {
    let version = |layer: Layer, variable: &str| {
        let layer = layer.file("usr/local/lib/python3.11/os.py", "");
        let facts = inspected(&env(&[variable]), vec![layer]);
        facts.python.unwrap().version.to_string()
    };
    let program = |text: &str| Layer::new().program("usr/local/bin/python3.11", text);
    let header = |layer: Layer, text: &str| layer.file("usr/local/include/python3.11/patchlevel.h", text);
    let variable = "PYTHON_VERSION=3.11.4";
    // Other programs inside name their own.
    assert_eq!(version(program("\x003.45.1\x003.11.2\x003.0.11\x00"), variable), "3.11.2");
    assert_eq!(
        version(header(program("\x003.11.2\x003.11.1\x00"), "#define PY_VERSION      \t\"3.11.3+\"\n"), variable),
        "3.11.3"
    );
    assert_eq!(version(header(program(""), "#define PY_VERSION \"3.12.3\"\n"), variable), "3.11.4");
    assert_eq!(version(program(""), "PYTHON_VERSION=3.12.4"), "3.11");
    assert_eq!(version(program("\x003.11.0rc2\x00"), ""), "3.11.0rc2");
}

#[test]
fn a_python_of_another_version_is_named() {
    let facts = inspected(&Value::Null, vec![official_python("3.12.4")]);
    let error = facts.interpreter("3.11").unwrap_err();
    assert_eq!(error.to_string(), "the base has no Python 3.11: it has /usr/local/bin/python3.12");
    assert!(error.help().unwrap().contains("`python_version: \"3.12\"`"), "{error:?}");
    let error = inspected(&Value::Null, vec![Layer::new()]).interpreter("3.11").unwrap_err();
    assert_eq!(error.to_string(), "the base has no Python 3.11: it has none on its PATH");
    // A shim is a script; who knows what it runs.
    let shim = Layer::new().program("usr/bin/python3.11", "#!/bin/sh\n");
    assert!(inspected(&Value::Null, vec![shim]).python.is_none());
    let not_executable = Layer::new().file("usr/bin/python3.11", "\x7fELF");
    assert!(inspected(&Value::Null, vec![not_executable]).python.is_none());
}

#[test]
fn a_python_without_a_c_library_is_named() {
    let facts = inspected(&Value::Null, vec![Layer::new().program("usr/bin/python3.11", "\x7fELF")]);
    let error = facts.interpreter("3.11").unwrap_err();
    assert!(error.to_string().contains("no C library"), "{error}");
}

#[test]
fn distributions_are_found_wherever_python_looks() {
    let site = "usr/local/lib/python3.11/site-packages";
    let layer = official_python("3.11.9")
        .file(&format!("{site}/local.pth"), "import os; os.system('x')\n# comment\n/srv/code\nbeside\n")
        .distribution("srv/code", "ours", "1", &[])
        .distribution(&format!("{site}/beside"), "theirs", "2", &[])
        .distribution("srv/code", "pip", "1", &[])
        .file(&format!("{site}/Old_Egg-1.0-py3.11.egg-info/PKG-INFO"), "Name: Old_Egg\nVersion: 1.0\n")
        .file(&format!("{site}/Old_Egg-1.0-py3.11.egg-info/requires.txt"), "six\n\n[tls]\nssl\n")
        .file(&format!("{site}/Old_Egg-1.0-py3.11.egg-info/installed-files.txt"), "../old.py\nPKG-INFO\n")
        .file(&format!("{site}/broken-1.dist-info/METADATA"), "Name: broken\nVersion: not a version\n");
    let facts = inspected(&Value::Null, vec![layer]);
    assert_eq!(names(&facts), ["old-egg 1.0", "ours 1", "pip 24.0", "theirs 2"]);
    let egg = &facts.distributions[0];
    assert_eq!(
        (egg.requires.as_slice(), egg.extras.as_slice()),
        (&["six".to_owned(), "ssl ; extra == 'tls'".to_owned()][..], &["tls".to_owned()][..])
    );
    assert_eq!(egg.files[1], format!("/{site}/old.py"));
}
