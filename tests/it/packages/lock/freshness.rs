//! Whether a lock still answers what is asked.

use std::fs;

use leoflow::inspect::{Facts, Libc};
use leoflow::packages::index::Location;
use leoflow::packages::lock::{self, Freshness, Lock, LockFile};

use super::samples::{distribution, facts, kept, lock_file, package, target};

fn told(freshness: &Freshness) -> String {
    match freshness {
        Freshness::Fresh => "fresh".to_owned(),
        Freshness::Stale(changes) => changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    }
}

#[test]
fn a_lock_is_stale_when_other_requirements_are_asked_for() {
    let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    for (before, now, expected) in [
        (&["a", "b>=1"][..], &["a", "b>=1"][..], "fresh"),
        (&["a"], &["a", "b"], "`b` was added"),
        (&["a", "b"], &["a"], "`b` was removed"),
        (&["a==1"], &["a==2"], "`a==1` became `a==2`"),
        (&["a"], &["a[x]"], "`a` became `a[x]`"),
        (&["a"], &["b"], "`a` was removed; `b` was added"),
        (&["a<2"], &["a<2", "a>1"], "`a>1` was added"),
    ] {
        let file = LockFile { requirements: strings(before), ..lock_file() };
        assert_eq!(told(&lock::freshness(&file, &strings(now))), expected, "{before:?} {now:?}");
    }
}

#[test]
fn requirements_are_compared_as_pep_508_writes_them() {
    let parsed = ["Requests [socks] >= 2.30", "b", "a ; python_version > '3'", "b"].map(|text| text.parse().unwrap());
    assert_eq!(lock::canonical(&parsed), ["a ; python_full_version >= '3.1'", "b", "requests[socks]>=2.30"]);
}

#[test]
fn another_base_will_do_as_long_as_it_has_what_was_kept() {
    let base = |python: &str, idna: &str| {
        let mut facts = facts();
        facts.python.as_mut().unwrap().version = python.parse().unwrap();
        let found = (!idna.is_empty()).then(|| distribution("idna", idna));
        Facts { distributions: found.into_iter().collect(), ..facts }
    };
    for (facts, expected) in [
        (base("3.11.9", "3.1"), "fresh"),
        (base("3.11.12", "3.1"), "fresh"),
        (base("3.12.0", "3.1"), "the base's Python is 3.12.0, it was 3.11.9"),
        (base("3.11.9", "3.2"), "the base has idna 3.2, it had 3.1"),
        (base("3.11.9", ""), "the base has no idna any more, it had 3.1"),
    ] {
        assert_eq!(told(&lock_file().fits(&facts)), expected);
    }
}

#[test]
fn another_base_will_do_as_long_as_the_wheels_run_there() {
    let mut file = lock_file();
    file.lock.packages[1].wheel.name = "requests-2.34.2-cp311-cp311-manylinux_2_28_x86_64.whl".parse().unwrap();
    let check = |libc, expected| assert_eq!(told(&file.fits(&Facts { libc, ..facts() })), expected, "{libc:?}");
    check(Some(Libc::Glibc { major: 2, minor: 28 }), "fresh");
    let other = "`requests-2.34.2-cp311-cp311-manylinux_2_28_x86_64.whl` does not run on the base";
    check(Some(Libc::Glibc { major: 2, minor: 27 }), other);
    check(Some(Libc::Musl { major: 1, minor: 2 }), other);
}

#[test]
fn the_lock_of_another_tool_answers_what_its_versions_satisfy() {
    let lock = Lock { packages: vec![package("requests", "2.34.2", &[])], kept: vec![kept("idna", "3.1")] };
    for (requirement, expected) in [
        ("requests", "fresh"),
        ("Requests[socks]>=2.30", "fresh"),
        ("idna<4", "fresh"),
        ("pandas ; sys_platform == 'win32'", "fresh"),
        ("pandas ; sys_platform == 'linux'", "`pandas ; sys_platform == 'linux'` is not locked"),
        ("requests<2", "`requests<2` is asked for, 2.34.2 is locked"),
        ("idna==3.2", "`idna==3.2` is asked for, 3.1 is locked"),
    ] {
        assert_eq!(told(&lock.answers(&[requirement.parse().unwrap()], &target())), expected, "{requirement}");
    }
}

#[test]
fn what_the_base_has_in_the_very_version_stays() {
    let packages = ["certifi", "idna", "requests"].map(|name| package(name, "3.1", &[]));
    let lock = Lock { packages: packages.into(), kept: Vec::new() }.keeping(&facts());
    let names: Vec<&str> = lock.packages.iter().map(|package| package.name.as_ref()).collect();
    assert_eq!(names, ["certifi", "requests"], "the base has another certifi");
    assert_eq!(lock.kept, [kept("idna", "3.1")]);
}

#[test]
fn a_wheel_of_an_index_is_taken_from_a_directory_that_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut lock = Lock { packages: vec![package("requests", "3.1", &[])], kept: Vec::new() };
    let wheel = lock.packages[0].wheel.clone();
    let (file, size) = (directory.path().join(wheel.name.as_str()), wheel.size.unwrap());
    for (length, expected) in [(size + 1, wheel.location), (size, Location::Path(file.clone()))] {
        fs::write(&file, vec![0; usize::try_from(length).unwrap()]).unwrap();
        lock.locate(&[directory.path().to_owned()]).unwrap();
        assert_eq!(lock.packages[0].wheel.location, expected, "{length} bytes for {size}");
    }
}

#[test]
fn a_wheel_of_this_machine_is_looked_for_where_find_links_says() {
    let directory = tempfile::tempdir().unwrap();
    let mut lock = lock_file().lock;
    let error = lock.locate(&[directory.path().to_owned()]).unwrap_err();
    let name = lock.packages[0].wheel.name.to_string();
    assert!(error.to_string().contains(&name) && error.help().unwrap().contains("--find-links"), "{error}");
    fs::write(directory.path().join(&name), "").unwrap();
    lock.locate(&[directory.path().to_owned()]).unwrap();
    assert_eq!(lock.packages[0].wheel.location, Location::Path(directory.path().join(&name)));
    assert_eq!(lock.packages[1], lock_file().lock.packages[1], "a URL stays");
}
