//! Which version is chosen, and which of its wheels.

use super::*;

async fn check(server: &PackageIndex, asked: &[&str], expected: &str) {
    assert_eq!(Setting::default().versions(server, asked).await, [expected], "{asked:?}");
}

#[tokio::test]
async fn the_newest_that_fits_is_chosen() {
    let server = index(&[
        "a 1.0",
        "a 1.5",
        "a 2.0: b<2",
        "a 2.1rc1",
        "a 1.9.dev3",
        "b 1.0",
        "b 1.4+local",
        "b 2.0",
        "c 1.0: a<2, b",
        "c 2.0: a<2, b>=2",
        "d 1: a>=2, b>=2",
        "d 0.9: a>=2, b",
        "x 1.0: y",
        "y 1.0: x",
    ])
    .await;
    for (asked, expected) in [
        (&["a"][..], "a 2.0, b 1.4+local"),
        (&["a<2"], "a 1.5"),
        (&["a==1.*"], "a 1.5"),
        (&["a~=1.0"], "a 1.5"),
        (&["a!=2.0"], "a 1.5"),
        (&["b==1.4"], "b 1.4+local"),
        (&["b===1.4+local"], "b 1.4+local"),
        (&["c"], "a 1.5, b 2.0, c 2.0"),
        (&["a", "b>=1"], "a 2.0, b 1.4+local"),
        (&["c", "b<2"], "a 1.5, b 1.4+local, c 1.0"),
        (&["d"], "a 2.0, b 1.4+local, d 0.9"),
        (&["x"], "x 1.0, y 1.0"),
        (&["a<2; python_version < '3.10'", "a"], "a 2.0, b 1.4+local"),
        (&["a; sys_platform == 'win32'"], ""),
        (&[], ""),
    ] {
        check(&server, asked, expected).await;
    }
}

/// `wire` is asked for first; its newest version would cost all versions of `client` but the oldest.
#[tokio::test]
async fn what_is_refused_over_and_over_is_decided_before_what_refuses_it() {
    let clients = (2..20).map(|at| format!("client {at}: wire>=5,<7"));
    let others = ["first 1: wire>=5", "wire 5", "wire 6", "wire 7", "client 1"].map(str::to_owned);
    let all: Vec<String> = clients.chain(others).collect();
    let server = index(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;
    check(&server, &["first", "wire", "client"], "client 19, first 1, wire 6").await;
}

#[tokio::test]
async fn prereleases_are_chosen_when_asked_for_or_when_there_is_nothing_else() {
    let server = index(&[
        "a 1.0",
        "a 2.0rc1",
        "a 2.0b1",
        "pre 0.1a1",
        "pre 0.1a2",
        "p 1.0: a>=2.0b1",
        "q 1.0: pre",
        "late 1.0",
        "late 2.0rc1",
    ])
    .await;
    for (asked, expected) in [
        (&["a"][..], "a 1.0"),
        (&["a>=1.0rc1"], "a 2.0rc1"),
        (&["a==2.0b1"], "a 2.0b1"),
        (&["pre"], "pre 0.1a2"),
        (&["q"], "pre 0.1a2, q 1.0"),
        (&["p"], "a 2.0rc1, p 1.0"),
        (&["late>=2.0.dev0,<3"], "late 2.0rc1"),
        (&["late>1.5"], "late 2.0rc1"),
        (&["a!=1.5b1"], "a 1.0"),
    ] {
        check(&server, asked, expected).await;
    }
}

#[tokio::test]
async fn what_was_yanked_is_chosen_only_by_its_exact_version() {
    let server = index(&["a 1.0", "b 1.0: a==1.1", "c 1.0: a>=1"]).await;
    server.put_file("a", file(&wheel("a 1.1"), |file| file.yanked = Some("broken on Tuesdays".to_owned())));
    check(&server, &["a"], "a 1.0").await;
    check(&server, &["a>=1.0"], "a 1.0").await;
    check(&server, &["c"], "a 1.0, c 1.0").await;
    check(&server, &["a==1.1"], "a 1.1").await;
    check(&server, &["b"], "a 1.1, b 1.0").await;
    let warnings = Setting::default().resolve(&server, &["a==1.1"]).await.unwrap().warnings;
    let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["a 1.1 was yanked: broken on Tuesdays"]);
    let (error, help) = Setting::default().error(&server, &["a>1.0"]).await;
    assert!(error.contains("broken on Tuesdays") && help.contains("a==1.1"), "{error}; {help}");
}

#[tokio::test]
async fn extras_bring_what_they_require_in_the_same_version() {
    let server = PackageIndex::of(&[
        wheel("a 1.0: b; extra == 'old-name'").extra("old-name"),
        wheel("a 2.0: b>=2; extra == 'Old_Name', c; extra == 'all', a[old-name]; extra == 'all'")
            .extra("old-name")
            .extra("all"),
        wheel("b 1.0"),
        wheel("b 2.0"),
        wheel("c 1.0"),
        wheel("d 1.0: a[old.name]"),
        wheel("e 1.0: a<2"),
    ])
    .await;
    for (asked, expected) in [
        (&["a"][..], "a 2.0"),
        (&["a[old_name]"], "a 2.0, b 2.0"),
        (&["a[OLD-NAME]<2"], "a 1.0, b 2.0"),
        (&["a[all]"], "a 2.0, b 2.0, c 1.0"),
        (&["d"], "a 2.0, b 2.0, d 1.0"),
        (&["d", "b<2"], "a 1.0, b 1.0, d 1.0"),
        (&["d", "e"], "a 1.0, b 2.0, d 1.0, e 1.0"),
        (&["a[all]", "e"], "a 1.0, e 1.0"),
    ] {
        check(&server, asked, expected).await;
    }
    let found = Setting::default().resolve(&server, &["a[nothing]", "d"]).await.unwrap();
    assert_eq!(found.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a 2.0 has no extra `nothing`"]);
    let a = &found.locks[0].packages[0];
    assert_eq!(a.extras.len(), 2);
    assert!(a.requested && !found.locks[0].packages[1].requested);
    assert_eq!(a.dependencies.iter().map(ToString::to_string).collect::<Vec<_>>(), ["b"]);
}

#[tokio::test]
async fn the_wheel_that_fits_best_is_taken() {
    let server = PackageIndex::start().await;
    for tag in [
        "py3-none-any",
        "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp311-cp311-manylinux_2_28_x86_64",
        "cp311-cp311-manylinux_2_39_x86_64",
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp311-cp311-musllinux_1_2_x86_64",
        "cp38-abi3-manylinux_2_28_aarch64",
    ] {
        server.put(&Wheel::new("a", "1.0").tag(tag));
    }
    server.put(&Wheel::new("b", "1.0").tag("py3-none-any"));
    server.put(&Wheel::new("b", "1.0").tag("2-py3-none-any"));
    server.put(&Wheel::new("b", "1.0").tag("10-py3-none-any"));
    let found = on(&["linux/amd64", "linux/arm64"]).resolve(&server, &["a", "b"]).await.unwrap();
    let names: Vec<&str> =
        found.locks.iter().flat_map(|lock| &lock.packages).map(|it| it.wheel.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "a-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
            "b-1.0-10-py3-none-any.whl",
            "a-1.0-cp38-abi3-manylinux_2_28_aarch64.whl",
            "b-1.0-10-py3-none-any.whl",
        ]
    );
}

#[tokio::test]
async fn requires_python_is_held_against_the_bases_patch_release() {
    let server = PackageIndex::of(&[
        wheel("a 1.0"),
        wheel("a 2.0").python(">=3.11.5"),
        wheel("a 3.0").python(">=3.12"),
        wheel("a 4.0").python("<3.8"),
    ])
    .await;
    for (python, expected) in [("3.11.4", "a 1.0"), ("3.11.9", "a 2.0"), ("3.13.0rc1", "a 3.0")] {
        let setting = Setting { python: Some(python), ..Setting::default() };
        assert_eq!(setting.versions(&server, &["a"]).await, [expected], "{python}");
    }
    // An index that does not say what a file requires leaves it to the file's own metadata.
    let silent = PackageIndex::of(&[wheel("a 1.0")]).await;
    silent.put_file("a", file(&wheel("a 3.0").python(">=3.12"), |file| file.requires_python = None));
    check(&silent, &["a"], "a 1.0").await;
}

#[tokio::test]
async fn an_earlier_lock_is_kept_where_it_fits() {
    let server = index(&["a 1.0", "a 1.5: b", "a 2.0: b", "b 1.0", "b 2.0", "b 3.0rc1"]).await;
    let setting =
        |earlier: &[(&'static str, &'static str)]| Setting { earlier: earlier.to_vec(), ..Setting::default() };
    for (earlier, asked, expected) in [
        (&[("a", "1.5"), ("b", "1.0")][..], &["a"][..], "a 1.5, b 1.0"),
        (&[("a", "1.5"), ("b", "1.0")], &["a>=2"], "a 2.0, b 1.0"),
        (&[("b", "1.0")], &["a"], "a 2.0, b 1.0"),
        (&[("a", "9.0")], &["a"], "a 2.0, b 2.0"),
        (&[("b", "3.0rc1")], &["a"], "a 2.0, b 3.0rc1"),
    ] {
        assert_eq!(setting(earlier).versions(&server, asked).await, [expected], "{earlier:?} {asked:?}");
    }
}

#[tokio::test]
async fn the_answer_does_not_depend_on_what_arrives_first() {
    let wheels: Vec<String> = (0..12)
        .flat_map(|at| {
            (1..4).map(move |version| format!("p{at} {version}: p{}<={version}, p{}", at + 1, (at * 5) % 12))
        })
        .chain((1..4).map(|version| format!("p12 {version}")))
        .collect();
    let wheels: Vec<&str> = wheels.iter().map(String::as_str).collect();
    let mut answers = Vec::new();
    for slow in 0..4_usize {
        let server = PackageIndex::scripted(move |request, _| {
            let late = request.path.bytes().map(usize::from).sum::<usize>() % 4 == slow;
            std::thread::sleep(std::time::Duration::from_millis(if late { 20 } else { 0 }));
            None
        })
        .await;
        wheels.iter().for_each(|text| server.put(&wheel(text)));
        answers.push(Setting::default().versions(&server, &["p0", "p6!=3"]).await);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test]
async fn a_sha256_that_the_index_does_not_say_is_found_out() {
    let server = index(&["a 1.0"]).await;
    let said = Setting::default().resolve(&server, &["a"]).await.unwrap();
    server.change(|shelf| shelf.hashes = false);
    let found = Setting::default().resolve(&server, &["a"]).await.unwrap();
    assert_eq!(found.locks[0].packages[0].wheel.sha256, said.locks[0].packages[0].wheel.sha256);
}

#[tokio::test]
async fn odd_metadata_is_told_of_the_chosen_version_alone() {
    let server = index(&["a 1.0: b (>=1.0.*)", "a 2.0: b (>=1.0.*)", "b 1.0", "c 1.0: a<2"]).await;
    for (asked, expected) in [
        (&["a"][..], &["`a-2.0-py3-none-any.whl` is odd: `Requires-Dist: b (>=1.0.*)` is read as `b (>=1.0)`"][..]),
        (&["a", "c"], &["`a-1.0-py3-none-any.whl` is odd: `Requires-Dist: b (>=1.0.*)` is read as `b (>=1.0)`"]),
        (&["b"], &[]),
    ] {
        let found = Setting::default().resolve(&server, asked).await.unwrap();
        let warnings: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings, expected, "{asked:?}");
    }
}

#[tokio::test]
async fn packages_that_need_each_other_in_a_cycle_are_chosen() {
    let server = index(&["a 1.0: b", "b 1.0: c>=1", "c 1.0: a", "c 2.0: a>=2", "own 1.0: own"]).await;
    check(&server, &["a"], "a 1.0, b 1.0, c 1.0").await;
    check(&server, &["own"], "own 1.0").await;
}
