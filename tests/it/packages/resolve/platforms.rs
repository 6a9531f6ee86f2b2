//! Several platforms: the same versions for all of them.

use leoflow::layers::Digest;

use super::*;

const BOTH: [&str; 2] = ["linux/amd64", "linux/arm64"];
const AMD: &str = "cp311-cp311-manylinux_2_17_x86_64";
const ARM: &str = "cp311-cp311-manylinux_2_17_aarch64";

#[tokio::test]
async fn platforms_agree_on_versions() {
    let server = PackageIndex::of(&[
        wheel("a 1.0").tag(AMD),
        wheel("a 1.0").tag(ARM),
        wheel("a 2.0").tag(AMD),
        wheel("pure 1.0: a"),
        wheel("m 1.0: a; platform_machine == 'x86_64'"),
        wheel("n 1.0: a<2; platform_machine == 'aarch64', m; platform_machine == 'x86_64'"),
        wheel("o 1.0: x==1; platform_machine == 'aarch64', x==2; platform_machine == 'x86_64'"),
        wheel("o 0.9: x"),
        wheel("x 1"),
        wheel("x 2"),
    ])
    .await;
    for (platforms, asked, expected) in [
        (&BOTH[..1], &["a"][..], &["a 2.0"][..]),
        (&BOTH[1..], &["a"], &["a 1.0"]),
        (&BOTH, &["a"], &["a 1.0", "a 1.0"]),
        (&BOTH, &["pure"], &["a 1.0, pure 1.0", "a 1.0, pure 1.0"]),
        // What only one of them needs has to be there for that one alone.
        (&BOTH, &["m"], &["a 2.0, m 1.0", "m 1.0"]),
        (&BOTH, &["n"], &["a 1.0, m 1.0, n 1.0", "a 1.0, n 1.0"]),
        (&BOTH, &["m", "pure"], &["a 1.0, m 1.0, pure 1.0", "a 1.0, m 1.0, pure 1.0"]),
        (&BOTH, &["o"], &["o 0.9, x 2", "o 0.9, x 2"]),
    ] {
        let found = on(platforms).versions(&server, asked).await;
        assert_eq!(found, expected, "{platforms:?} {asked:?}");
    }
}

#[tokio::test]
async fn extras_of_one_platform_are_that_platforms() {
    let server = PackageIndex::of(&[
        wheel("a 1.0: b; extra == 'x'").extra("x"),
        wheel("a 2.0: b>=2; extra == 'x'").extra("x"),
        wheel("b 1.0").tag(ARM),
        wheel("c 1.0: a, a[x]; platform_machine == 'aarch64'"),
    ])
    .await;
    assert_eq!(on(&BOTH).versions(&server, &["c"]).await, ["a 1.0, c 1.0", "a 1.0, b 1.0, c 1.0"]);
}

#[tokio::test]
async fn a_connector_that_comes_to_an_old_version_is_told() {
    let provider = |version: &str| format!("apache-airflow-providers-mysql {version}");
    let server = PackageIndex::start().await;
    let of = |text: &str, day: &str| file(&wheel(text), |file| file.uploaded = Some(format!("{day}T01:02:03Z")));
    let project = "apache-airflow-providers-mysql";
    server.put_file(project, of(&provider("1.0"), "2021-03-04"));
    server.put_file(project, of(&format!("{}: mysqlclient", provider("5.0")), "2024-05-06"));
    server.put_file("mysqlclient", File::from(&wheel("mysqlclient 1.0").tag(AMD)));
    let warnings = async |platforms: &[&'static str]| {
        let found = on(platforms).resolve(&server, &["connector:mysql"]).await.unwrap();
        found.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(warnings(&BOTH[..1]).await.is_empty());
    let told = warnings(&BOTH).await.concat();
    for part in ["1.0 of 2021-03-04", "5.0 is of 2024-05-06", "because of linux/arm64"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("amd64"), "{told}");
    let alone = warnings(&BOTH[1..]).await.concat();
    assert!(alone.contains("1.0 of 2021-03-04") && !alone.contains("because"), "{alone}");
}

#[tokio::test]
async fn a_platform_gets_the_url_whose_marker_holds_there() {
    let server = PackageIndex::of(&[wheel("a 2.0")]).await;
    let direct = |build: &str, machine: &str| {
        let (file, bytes) = (format!("a-1.0-{build}-py3-none-any.whl"), wheel("a 1.0").file("a/b.py", build).build());
        let url = format!("http://{}/files/{file}#sha256={}", server.server.host(), Digest::of(&bytes).hex());
        server.put_file("elsewhere", File::new(&file, bytes));
        format!("a @ {url} ; platform_machine == '{machine}'")
    };
    let (amd, arm) = (direct("1", "x86_64"), direct("2", "aarch64"));
    let found = on(&BOTH).resolve(&server, &[&amd, &arm]).await.unwrap();
    let files = found.locks.iter().map(|lock| lock.packages[0].wheel.name.as_str()).collect::<Vec<_>>();
    assert_eq!(files, ["a-1.0-1-py3-none-any.whl", "a-1.0-2-py3-none-any.whl"]);
    // Whom no marker lets have it gets what the index has.
    let found = on(&BOTH[1..]).versions(&server, &[&amd, "a>=2"]).await;
    assert_eq!(found, ["a 2.0"]);
}
