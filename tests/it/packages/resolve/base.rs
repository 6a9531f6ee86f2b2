//! What the base has already.

use super::*;

fn with(base: Vec<Distribution>) -> Setting {
    Setting { base, ..Setting::default() }
}

#[tokio::test]
async fn what_the_base_has_and_satisfies_is_not_installed_again() {
    let server = index(&["a 1.0: b", "a 2.0: b>=2", "b 1.0", "b 2.0", "c 1.0: a"]).await;
    for (base, asked, expected) in [
        (vec![installed("a", "1.0", &["b"])], &["a"][..], "b 2.0, (a 1.0)"),
        (vec![installed("a", "1.0", &["b"]), installed("b", "1.0", &[])], &["c"], "c 1.0, (a 1.0), (b 1.0)"),
        (vec![installed("a", "1.0", &["b"])], &["a>=2"], "a 2.0, b 2.0"),
        (vec![installed("b", "1.0", &[])], &["a"], "a 2.0, b 2.0"),
        (vec![installed("b", "1.0", &[])], &["a", "b<2"], "a 1.0, (b 1.0)"),
        // What the base's own metadata says counts, not what an index says of the same version.
        (vec![installed("a", "1.0", &[])], &["a"], "(a 1.0)"),
        (vec![installed("a", "3.0", &["unknown; extra == 'x'", "no requirement at all"])], &["a"], "(a 3.0)"),
        (vec![installed("a", "1.5rc1", &[])], &["a"], "(a 1.5rc1)"),
        (vec![installed("z", "1.0", &["b"])], &["a"], "a 2.0, b 2.0"),
    ] {
        assert_eq!(with(base).versions(&server, asked).await, [expected], "{asked:?}");
    }
}

#[tokio::test]
async fn a_base_that_has_everything_asks_the_index_for_nothing() {
    let server = index(&[]).await;
    let base = vec![installed("a", "1.0", &["b>=1"]), installed("b", "1.0", &[])];
    assert_eq!(with(base).versions(&server, &["a"]).await, ["(a 1.0), (b 1.0)"]);
    assert_eq!(server.count("GET"), 0);
}

#[tokio::test]
async fn a_package_of_the_base_that_loses_what_it_requires_is_told() {
    let server = index(&["b 2.0"]).await;
    let base = vec![installed("z", "1.0", &["b<2", "gone"]), installed("b", "1.0", &[])];
    let found = with(base).resolve(&server, &["b>=2"]).await.unwrap();
    let texts: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["z 1.0, which the base has, requires b<2, but gets 2.0"]);
}
