//! What cannot be resolved, in words.

use super::*;

async fn check(setting: &Setting, server: &PackageIndex, asked: &[&str], error: &[&str], help: &[&str]) {
    let (found, helped) = setting.error(server, asked).await;
    for part in error {
        assert!(found.contains(part), "{asked:?}: `{part}` is not in: {found}");
    }
    for part in help {
        assert!(helped.contains(part), "{asked:?}: `{part}` is not in: {helped}");
    }
}

#[tokio::test]
async fn what_no_index_has_is_told_with_who_wants_it() {
    let server = index(&["a 1.0: bb", "bb 1.0: nowhere", "c 1.0", "c 1.1", "c 1.2", "c 2.0"]).await;
    let setting = Setting::default();
    check(&setting, &server, &["nowhere"], &["`nowhere`", "leoflow.yaml"], &["nowhere"]).await;
    let way = "leoflow.yaml (`a`) -> a 1.0 (`bb`) -> bb 1.0 (`nowhere`)";
    check(&setting, &server, &["a"], &["no package `nowhere`", way], &[]).await;
    check(&setting, &server, &["c==1.3"], &["`c==1.3`", "1.1, 1.2, 2.0"], &["c==2.0"]).await;
    check(&setting, &server, &["c>=3"], &["`c>=3`", "1.2, 2.0"], &[]).await;
    check(&setting, &server, &["c==1.3", "a"], &["2 packages", "`c`", "`nowhere`"], &[]).await;
}

#[tokio::test]
async fn an_unknown_version_is_told_with_the_nearest_and_the_newest_and_who_wants_it() {
    let server = index(&["requests 2.32.3", "requests 2.32.4", "requests 2.4", "a 1.0: requests==99.0"]).await;
    let setting = Setting::default();
    let newest = ["`requests==99.0`", "2.32.3, 2.32.4", "leoflow.yaml"];
    check(&setting, &server, &["requests==99.0"], &newest, &["requests==2.32.4"]).await;
    check(&setting, &server, &["a"], &["a 1.0 (`requests==99.0`)", "2.32.3, 2.32.4"], &[]).await;
}

#[tokio::test]
async fn all_that_has_no_wheel_is_told_at_once_with_four_ways_out() {
    let server = PackageIndex::of(&[
        wheel("a 1.0: psycopg2"),
        wheel("musl 1.0").tag("cp311-cp311-musllinux_1_2_x86_64"),
        wheel("mac 1.0").tag("cp311-cp311-macosx_11_0_arm64"),
        wheel("old 1.0").tag("cp310-cp310-manylinux_2_17_x86_64"),
        wheel("young 1.0").python(">=3.14"),
        wheel("fine 1.0"),
    ])
    .await;
    source(&server, "psycopg2", "2.9");
    let asked = ["a", "musl", "mac", "old", "young", "fine"];
    let parts = [
        "5 packages",
        "`psycopg2` has no wheel for linux/amd64 with Python 3.11.9: 2.9 is there as source only",
        "leoflow.yaml (`a`) -> a 1.0 (`psycopg2`)",
        "1.0 has wheels for musllinux_1_2_x86_64 (cp311)",
        "1.0 has wheels for macOS (cp311)",
        "1.0 has wheels for manylinux_2_17_x86_64 (cp310)",
        "1.0 requires Python >=3.14",
    ];
    let ways = [
        "--find-links",
        "do without `a` of leoflow.yaml",
        "--extra-index-url",
        "base_image",
        "for `young`: set `python_version:`",
    ];
    check(&Setting::default(), &server, &asked, &parts, &ways).await;
    let (error, _) = Setting::default().error(&server, &asked).await;
    assert!(!error.contains("fine"), "{error}");
}

#[tokio::test]
async fn a_platform_without_a_wheel_is_named() {
    let server = PackageIndex::of(&[wheel("a 1.0").tag("cp311-cp311-manylinux_2_17_x86_64")]).await;
    let setting = on(&["linux/amd64", "linux/arm64"]);
    let (error, _) = setting.error(&server, &["a"]).await;
    assert!(error.contains("no wheel for linux/arm64 with Python 3.11.9"), "{error}");
    assert!(!error.contains("amd64 with"), "{error}");
}

#[tokio::test]
async fn a_contradiction_is_told_with_the_change_that_helps() {
    let server = index(&[
        "a 1.0: b<2",
        "a 2.0: b>=2",
        "b 1.0",
        "b 2.0",
        "c 1.0: d",
        "d 1.0: b<2",
        "e 1.0: f==1",
        "g 1.0: f==2",
        "f 1",
        "f 2",
    ])
    .await;
    let setting = Setting::default();
    let both = ["leoflow.yaml wants `a==1.0`", "leoflow.yaml wants `b==2.0`", "a 1.0 wants `b<2`"];
    check(&setting, &server, &["a==1.0", "b==2.0"], &both, &["`a==2.0`"]).await;
    check(&setting, &server, &["c", "b>=2"], &["c 1.0 wants `d`", "d 1.0 wants `b<2`"], &["`b==1.0`"]).await;
    check(&setting, &server, &["e", "g"], &["e 1.0 wants `f==1`", "g 1.0 wants `f==2`"], &["loosen"]).await;
    check(&setting, &server, &["b<2", "b>=2"], &["wants `b<2`", "wants `b>=2`"], &[]).await;
}

#[tokio::test]
async fn versions_that_each_want_another_of_one_package_are_told_in_one_sentence() {
    let few = ["h 1: f==1", "h 2: f==1", "h 3: f==2"];
    let many = ["h 4: f==3", "h 5: f==4"];
    let others = ["f 1", "f 2", "f 3", "f 4", "f 9"];
    let asked = ["h", "f>=9"];
    let server = index(&[&few[..], &others].concat()).await;
    let apart = ["h 1 and 2 want `f==1`", "h 3 wants `f==2`"];
    check(&Setting::default(), &server, &asked, &apart, &["`f==2`"]).await;
    let server = index(&[&few[..], &many, &others].concat()).await;
    let together = ["h 1 to 5 want a `f` of their own each, from `f==1` to `f==4`"];
    check(&Setting::default(), &server, &asked, &together, &["`f==4`"]).await;
}

#[tokio::test]
async fn an_index_that_fails_is_told_and_not_passed_over() {
    let server = PackageIndex::scripted(|request, _| {
        request.path.contains("/b/").then(|| crate::support::scripted::Answer::new(500))
    })
    .await;
    server.put(&wheel("a 1.0: b"));
    check(&Setting::default(), &server, &["a"], &["HTTP 500"], &[]).await;
    check(&Setting::default(), &server, &["b"], &["HTTP 500", "wanted by leoflow.yaml (`b`)"], &[]).await;
}

#[tokio::test]
async fn a_wheel_that_lies_or_cannot_be_read_is_passed_over_for_another_version() {
    let server = index(&["a 1.0"]).await;
    server.put(&wheel("a 2.0").header("Name", "b"));
    server.put(&wheel("a 3.0: ???"));
    server.put(&wheel("a 4.0: b @ https://example.org/b-1-py3-none-any.whl"));
    assert_eq!(Setting::default().versions(&server, &["a"]).await, ["a 1.0"]);
    check(&Setting::default(), &server, &["a==2.0"], &["`a` 2.0 cannot be used", "Name"], &["get the wheel anew"])
        .await;
    check(
        &Setting::default(),
        &server,
        &["a==4.0"],
        &["`a` 4.0 cannot be used", "https://example.org"],
        &["another version"],
    )
    .await;
}

#[tokio::test]
async fn a_requirement_that_excludes_itself_is_told_with_what_is_near_its_bounds() {
    let server = index(&["a 0.1", "a 0.2", "a 1.9", "a 1.10", "a 2.0a1", "a 2.0", "a 2.1", "b 1.0: a>=2,<1.10"]).await;
    for (asked, error, help) in [
        (
            "a<1.10,>=2.0",
            "`a<1.10,>=2.0` excludes itself: no version can be all of that; the nearest are 0.2, 1.9, 1.10, 2.0",
            "out of `a<1.10,>=2.0`",
        ),
        (
            "a>=2.0a0,<2.0",
            "excludes itself: no version can be all of that; the nearest are 1.9, 1.10, 2.0, 2.1",
            "one of the bounds",
        ),
        ("a>3,<2", "the nearest are 1.9, 1.10, 2.0, 2.1", "one of the bounds"),
        ("b", "`a<1.10,>=2` excludes itself", "another version than b 1.0, or do without `b` of leoflow.yaml"),
    ] {
        check(&Setting::default(), &server, &[asked], &[error, "wanted by leoflow.yaml"], &[help]).await;
    }
}

#[tokio::test]
async fn a_wheel_that_is_unfit_is_no_contradiction() {
    let server = index(&["uses 1.0: damaged", "direct 1.0: c @ https://example.org/c-1-py3-none-any.whl"]).await;
    server.change(|shelf| shelf.beside = false);
    server.put_file("damaged", file(&wheel("damaged 1.0"), |file| file.bytes.truncate(40)));
    server.put_file("young", file(&wheel("young 1.0").python(">=3.14"), |file| file.requires_python = None));
    server.put(&wheel("younger 1.0").python(">=3.14"));
    for (asked, error, help) in [
        ("damaged", "`damaged` 1.0 cannot be used: ", "get the wheel anew"),
        ("uses", "leoflow.yaml (`uses`) -> uses 1.0 (`damaged`)", "get the wheel anew"),
        ("young", "`young` 1.0 cannot be used: it requires Python >=3.14; wanted by leoflow.yaml", "`python_version:`"),
        ("younger", "1.0 requires Python >=3.14; wanted by leoflow.yaml", "`python_version:`"),
        ("direct", "`direct` 1.0 cannot be used: it requires `c @ ", "another version of `direct`"),
    ] {
        check(&Setting::default(), &server, &[asked], &[error], &[help]).await;
        let (error, help) = Setting::default().error(&server, &[asked]).await;
        assert!(!error.contains("contradict") && !help.contains("nothing is built"), "{error}; {help}");
    }
}

#[tokio::test]
async fn a_substitute_is_offered_only_for_what_the_project_names() {
    let server = index(&["apache-airflow-providers-mysql 1.0: mysqlclient", "a 1.0: mysqlclient"]).await;
    source(&server, "mysqlclient", "2.2");
    let substitute = "`pymysql` for `mysqlclient`";
    for (asked, helped, offered) in [
        (&["mysqlclient"][..], substitute, true),
        (&["connector:mysql"], "do without the connector `apache-airflow-providers-mysql`, or find another", false),
        (&["a"], "do without `a` of leoflow.yaml, or find another", false),
    ] {
        let (error, help) = Setting::default().error(&server, asked).await;
        assert!(
            help.contains(helped) && help.contains("--find-links") && help.contains("base_image"),
            "{error}; {help}"
        );
        assert_eq!(help.contains(substitute), offered, "{help}");
    }
}

#[tokio::test]
async fn several_faults_have_several_helps() {
    let server = index(&["c 1.0", "c 2.0", "d 1.0", "old 1.0: c>=3"]).await;
    source(&server, "src", "1.0");
    let question = "check the spelling of `nowhere`, `other`, or name the index";
    for (asked, helped) in [
        (&["nowhere", "other"][..], &[question][..]),
        (
            &["c==1.3", "d>=2"],
            &["for `c`: ask for one that there is: `c==2.0`", "for `d`: ask for one that there is: `d==1.0`"],
        ),
        (&["c==1.3", "other", "nowhere", "src"], &[question, "for `c`: ", "build wheels of src"]),
        (&["old", "d>=2"], &["for `c`: ask for another version than old 1.0, or do without `old`", "for `d`: "]),
        (&["pandsa", "c==1.3"], &["for `pandsa`: did you mean `pandas`?", "for `c`: "]),
    ] {
        check(&Setting::default(), &server, asked, &["packages cannot be had"], helped).await;
    }
}

#[tokio::test]
async fn a_page_without_files_is_named() {
    let server = index(&["a 1.0: hollow"]).await;
    server.put_file("hollow", File::new("README.txt", "x"));
    let page = format!("{}hollow/ lists no files of `hollow`; wanted by leoflow.yaml", server.url());
    for asked in ["hollow>=1", "a"] {
        check(&Setting::default(), &server, &[asked], &[&page], &["name another index that has `hollow`"]).await;
    }
}

#[tokio::test]
async fn entries_that_contradict_each_other_are_named() {
    let server = index(&["b 1.0", "b 2.0", "e 1.0: f==1", "g 1.0: f==2", "f 1", "f 2", "h 1.0: b<2"]).await;
    for (asked, helped) in [
        (["b<2", "b>=2"], "take one of them out of leoflow.yaml: `b<2` or `b>=2`"),
        (["e", "g"], "take one of these out: `e` (leoflow.yaml) or `g` (leoflow.yaml)"),
        (["h", "b==2.0"], "ask for another version than `b==2.0` at leoflow.yaml: with `b==1.0` all fits"),
    ] {
        check(&Setting::default(), &server, &asked, &["contradict"], &[helped]).await;
    }
}
