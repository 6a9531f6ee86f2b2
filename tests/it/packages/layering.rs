//! Which packages share a layer, and what becomes of what the base has.

use std::collections::{BTreeMap, BTreeSet};

use leoflow::inspect::{Distribution, Facts};
use leoflow::layers::{Blob, Digest, Entry};
use leoflow::packages::index::Location;
use leoflow::packages::install::{self, Batch, InstallError};
use leoflow::packages::lock::LockedPackage;

use super::install::{facts, lock, package};
use crate::support::wheels::Wheel;

const MB: u64 = 1_000_000;

/// A package of that many bytes; its content is its name and `content`.
fn sized(name: &str, size: impl Into<Option<u64>>, content: &str) -> LockedPackage {
    let mut package = package(&format!("{name}-1.0-py3-none-any.whl"), format!("{name} {content}").as_bytes());
    package.wheel.size = size.into();
    package
}

fn many(count: usize, size: u64) -> Vec<LockedPackage> {
    (0..count).map(|number| sized(&format!("small-{number}").replace('-', "_"), size, "")).collect()
}

fn plan(packages: Vec<LockedPackage>, most: usize) -> Vec<Batch> {
    install::plan(&lock(packages), &facts(), most).unwrap()
}

fn titles(batches: &[Batch]) -> Vec<&str> {
    batches.iter().map(|batch| batch.title.as_str()).collect()
}

fn keys(batches: &[Batch]) -> BTreeSet<String> {
    batches.iter().map(|batch| batch.key.clone()).collect()
}

#[test]
fn a_large_wheel_has_a_layer_to_itself() {
    let packages =
        || vec![sized("b", 2 * MB, ""), sized("a", 90 * MB, ""), sized("d", 2 * MB - 1, ""), sized("c", None, "")];
    assert_eq!(titles(&plan(packages(), 90)), ["a 1.0", "b 1.0", "2 small packages"]);
    assert_eq!(titles(&plan(vec![sized("c", 1, "")], 90)), ["c 1.0"]);
    assert!(plan(Vec::new(), 0).is_empty());
}

#[test]
fn a_change_of_one_small_package_moves_few() {
    let mut packages = many(112, 230_000);
    let before = plan(packages.clone(), 90);
    assert_eq!(before.len(), 8);
    packages[50].wheel.sha256 = Digest::of(b"another release");
    packages.push(sized("new", 1000, ""));
    let after = plan(packages, 90);
    assert!(keys(&after).difference(&keys(&before)).count() <= 2);
    let sizes: Vec<_> = before.iter().map(|batch| batch.packages.len()).collect();
    assert!(sizes.iter().all(|size| *size < 112 / 4), "{sizes:?}");
}

#[test]
fn there_are_never_more_layers_than_there_is_room_for() {
    let packages = || {
        let large = (1..=20).map(|number| sized(&format!("large_{number:02}"), number * 10 * MB, ""));
        large.chain(many(112, 230_000)).collect::<Vec<_>>()
    };
    for most in [1, 2, 5, 20, 21, 27, 28, 90] {
        let batches = plan(packages(), most);
        assert_eq!(batches.len(), most.min(28), "{most}");
        assert_eq!(batches.iter().map(|batch| batch.packages.len()).sum::<usize>(), 132);
    }
    let batches = plan(packages(), 19);
    assert_eq!(titles(&batches)[..2], ["large-03 1.0", "large-04 1.0"], "the smallest ones share a layer");
    assert_eq!(titles(&batches)[18], "114 packages");
    assert!(matches!(install::plan(&lock(packages()), &facts(), 0), Err(InstallError::NoLayers)));
}

#[test]
fn a_key_says_all_that_a_layer_depends_on_and_nothing_else() {
    let key = |change: &dyn Fn(&mut LockedPackage), facts: &Facts| {
        let mut package = sized("a", 9 * MB, "");
        change(&mut package);
        install::plan(&lock(vec![package, sized("b", 9 * MB, "")]), facts, 90).unwrap()[0].key.clone()
    };
    let plain = key(&|_| {}, &facts());
    let same: [&dyn Fn(&mut LockedPackage); 5] = [
        &|package| package.requested = true,
        &|package| package.wheel.location = Location::Path("/wheels/a.whl".into()),
        &|package| package.wheel.index = Some("https://mirror.example".to_owned()),
        &|package| package.wheel.size = Some(10 * MB),
        &|package| package.dependencies = ["b".parse().unwrap()].into(),
    ];
    same.iter().for_each(|change| assert_eq!(key(change, &facts()), plain));
    let other: [&dyn Fn(&mut LockedPackage); 2] = [&|package| package.wheel.sha256 = Digest::of(b"x"), &|package| {
        package.wheel.direct_url = Some("https://files.example/a.whl".to_owned())
    }];
    other.iter().for_each(|change| assert_ne!(key(change, &facts()), plain));
    let elsewhere = |change: &dyn Fn(&mut leoflow::inspect::Interpreter)| {
        let mut facts = facts();
        change(facts.python.as_mut().unwrap());
        key(&|_| {}, &facts)
    };
    assert_eq!(elsewhere(&|python| python.version = "3.11.2".parse().unwrap()), plain, "a patch release shows nowhere");
    assert_ne!(elsewhere(&|python| python.version = "3.12.2".parse().unwrap()), plain);
    assert_ne!(elsewhere(&|python| python.executable = "/usr/bin/python3".to_owned()), plain);
    assert_ne!(elsewhere(&|python| python.site_packages = "/site".to_owned()), plain);
    assert_ne!(elsewhere(&|python| python.prefix = "/usr".to_owned()), plain);
}

fn requested(mut package: LockedPackage) -> LockedPackage {
    package.requested = true;
    package
}

#[test]
fn to_name_a_large_package_moves_no_large_layer() {
    let packages = |a: LockedPackage| vec![a, sized("b", 9 * MB, ""), requested(sized("c", 1, ""))];
    let (before, after) =
        (plan(packages(sized("a", 9 * MB, "")), 90), plan(packages(requested(sized("a", 9 * MB, ""))), 90));
    assert_eq!(titles(&after), ["a 1.0", "b 1.0", "c 1.0", "records of a 1.0"]);
    assert_eq!(after[..3], before[..]);
    let two = plan(vec![requested(sized("a", 9 * MB, "")), requested(sized("b", 9 * MB, ""))], 90);
    assert_eq!(titles(&two), ["a 1.0", "b 1.0", "records of 2 large packages"]);
    assert_ne!(two[2].key, after[3].key);
    let small = |package| keys(&plan(vec![package], 90));
    assert_ne!(small(requested(sized("c", 1, ""))), small(sized("c", 1, "")), "a small one has its mark itself");
    let two_large = || vec![requested(sized("a", 9 * MB, "")), sized("b", 9 * MB, "")];
    assert_eq!(titles(&plan(two_large(), 3)), ["a 1.0", "b 1.0", "records of a 1.0"]);
    for room in [1, 2] {
        let batches = plan(two_large(), room);
        assert!(batches.len() <= room, "{room}");
        let marks = batches.iter().flat_map(|batch| &batch.packages).filter(|package| package.requested);
        assert_eq!(marks.count(), 1, "it is marked where it lies: {room}");
    }
}

#[test]
fn a_marked_package_is_what_an_installer_leaves() {
    let wheel = Wheel::new("demo", "1.0");
    let mut demo = requested(package(&wheel.filename(), &wheel.build()));
    let whole = plan(vec![demo.clone()], 90);
    demo.wheel.size = Some(9 * MB);
    let split = plan(vec![demo], 90);
    let install = |batch: &Batch| {
        install::files(batch, &[Blob::from_bytes(wheel.build())], facts().python.as_ref().unwrap()).unwrap()
    };
    let (below, marks) = (install(&split[0]), install(&split[1]));
    let files = |set: &leoflow::layers::FileSet| {
        let files = set.iter().filter(|(_, entry)| matches!(entry, Entry::File { .. }));
        files.map(|(path, entry)| (path.to_string(), entry.clone())).collect::<BTreeMap<_, _>>()
    };
    let names: Vec<String> = files(&marks.set).into_keys().collect();
    assert_eq!(names, ["RECORD", "REQUESTED"].map(|name| format!("{}/demo-1.0.dist-info/{name}", &SITE[1..])));
    let mut together = files(&below.set);
    assert!(!together.keys().any(|path| path.ends_with("REQUESTED")));
    together.extend(files(&marks.set));
    assert!(together == files(&install(&whole[0]).set));
    install::check_disjoint([&below, &marks]).unwrap();
}

const SITE: &str = "/usr/local/lib/python3.11/site-packages";

fn distribution(name: &str, directory: &str, files: &[&str]) -> Distribution {
    Distribution {
        name: name.parse().unwrap(),
        version: "0.9".parse().unwrap(),
        requires: Vec::new(),
        extras: Vec::new(),
        directory: format!("{directory}/{name}-0.9.dist-info"),
        files: files.iter().map(|file| file.replace("SITE", SITE)).collect(),
    }
}

fn base(distributions: Vec<Distribution>) -> Facts {
    Facts { distributions, ..facts() }
}

#[test]
fn what_the_base_has_in_another_version_is_hidden() {
    let demo =
        ["SITE/demo/a.py", "SITE/space/b.py", "SITE/demo-0.9.dist-info/RECORD", "/usr/local/bin/demo", "/etc/passwd"];
    let facts = base(vec![distribution("demo", SITE, &demo), distribution("other", SITE, &["SITE/space/other.py"])]);
    let batches = install::plan(&lock(vec![sized("demo", 1, "")]), &facts, 90).unwrap();
    assert_eq!(titles(&batches), ["without the base's demo 0.9", "demo 1.0"]);
    let whiteouts: Vec<_> = batches[0].removed.iter().map(|path| format!("/{path}").replace(SITE, "SITE")).collect();
    let expected =
        ["/usr/local/bin/.wh.demo", "SITE/.wh.demo-0.9.dist-info", "SITE/demo/.wh.a.py", "SITE/space/.wh.b.py"];
    assert_eq!(whiteouts, expected);
    let replaced_alone = base(facts.distributions[..1].to_vec());
    assert_eq!(
        install::plan(&lock(vec![sized("demo", 1, "")]), &replaced_alone, 90).unwrap(),
        batches,
        "as a lock has it"
    );
    let layer = install::files(&batches[0], &[], facts.python.as_ref().unwrap()).unwrap();
    assert_eq!(batches[0].removed.iter().filter(|path| layer.set.get(path).is_some()).count(), expected.len());
    let unchanged = install::plan(&lock(vec![sized("demo", 1, "")]), &super::install::facts(), 90).unwrap();
    assert_eq!(batches[1].key, unchanged[0].key, "what is hidden below does not show in the layers above");
}

#[test]
fn what_another_directory_has_is_shadowed() {
    let facts = base(vec![distribution("demo", "/usr/lib/python3/dist-packages", &[])]);
    let batches = install::plan(&lock(vec![sized("demo", 1, "")]), &facts, 90).unwrap();
    assert_eq!(titles(&batches), ["demo 1.0"]);
}

#[test]
fn what_has_no_list_of_its_files_cannot_be_replaced() {
    let facts = base(vec![distribution("demo", SITE, &[])]);
    let error = install::plan(&lock(vec![sized("demo", 1, "")]), &facts, 90).unwrap_err();
    assert!(error.to_string().contains("demo 0.9") && error.help().unwrap().contains("demo==0.9"), "{error}");
    assert!(install::plan(&lock(vec![sized("other", 1, "")]), &facts, 90).is_ok());
}

#[test]
fn without_python_nothing_is_installed() {
    let facts = Facts { python: None, ..facts() };
    assert!(matches!(install::plan(&lock(Vec::new()), &facts, 90), Err(InstallError::NoPython)));
}

/// The same wheels give the same layer in any project, whatever else the project has.
#[test]
fn a_layer_depends_on_its_wheels_alone() {
    let wheel = Wheel::new("demo", "1.0");
    let mut demo = package(&wheel.filename(), &wheel.build());
    demo.wheel.size = Some(9 * MB);
    let alone = plan(vec![demo.clone()], 90);
    let among = plan(vec![sized("aaa", 9 * MB, ""), demo, sized("zzz", 1, "")], 90);
    assert_eq!(alone[0], among[1]);
    let files = |batch: &Batch| {
        let blobs = [Blob::from_bytes(wheel.build())];
        install::files(batch, &blobs, facts().python.as_ref().unwrap()).unwrap().set
    };
    assert!(files(&alone[0]) == files(&among[1]));
}
