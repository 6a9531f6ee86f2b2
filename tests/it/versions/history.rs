//! What was deployed from this machine, and which of it is live.

use super::{Site, answer, home, run, text};

#[test]
fn versions_are_listed_newest_first_and_the_live_one_is_marked() {
    let home = home();
    let site = Site::start(&home);
    let (first, second) = (site.deploy(&home, "v1.0.0", &[]), site.deploy(&home, "v1.1.0", &[]));
    let ran = run(&home, &site, &["history", "etl_sales"]).exits(0);
    let rows: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(rows[0], format!("etl_sales on {}", site.url()));
    assert!(rows[2].starts_with(&format!("* {}  20", text(&second, "version"))), "{}", ran.stdout);
    assert!(rows[3].starts_with(&format!("  {}  20", text(&first, "version"))), "{}", ran.stdout);
    assert!(rows[3].contains(&text(&first, "digest")[7..19]) && rows[3].ends_with("deploy"), "{}", ran.stdout);
    assert!(ran.stdout.contains("lists no versions") && ran.stdout.contains("from this\nmachine"), "{}", ran.stdout);
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    let json = run(&home, &site, &["history", "etl_sales", "--output", "json"]).exits(0).json();
    assert_eq!((&json["schema"], &json["source"]), (&"leoflow.history/v1".into(), &"local_record".into()));
    assert_eq!(json["live"]["version"], second["version"]);
    let told = |at: usize, field: &str| json["entries"][at][field].clone();
    assert_eq!((told(0, "live"), told(1, "live")), (true.into(), false.into()));
    for (at, deployed) in [(0, &second), (1, &first)] {
        for field in ["version", "spec_hash", "dag_version", "image", "digest"] {
            assert_eq!(told(at, field), deployed[field], "{field}");
        }
    }
}

#[test]
fn without_a_token_or_a_server_only_the_mark_is_missing() {
    let home = home();
    let site = Site::start(&home);
    let first = site.deploy(&home, "v1", &[]);
    let server = site.url();
    let ran = home.run(&["history", "etl_sales", "--server", &server]).exits(0);
    assert!(ran.stdout.contains("is live is not known:\nthere is no token for"), "{}", ran.stdout);
    assert!(ran.stdout.contains(text(&first, "version")) && !ran.stdout.contains('*'), "{}", ran.stdout);
    assert!(site.control_plane.take().is_empty());
    drop(site);
    let json = home.run(&["history", "etl_sales", "--server", &server, "--token", "t", "--output", "json"]);
    let json = json.exits(0).json();
    assert_eq!((&json["live"]["known"], &json["entries"][0]["live"]), (&false.into(), &serde_json::Value::Null));
    assert!(text(&json["live"], "reason").contains("cannot ask for `etl_sales`"), "{json:#}");
}

#[test]
fn what_is_live_may_be_from_elsewhere_or_not_told() {
    for (says, expected) in [
        ((200, r#"{"version":"f00d123"}"#), "Live is f00d123, which was not deployed from this machine."),
        ((200, r#"{"dag_id":"etl_sales"}"#), "The server does not say which version is live."),
        ((404, "{}"), "The server has no DAG etl_sales now."),
        ((403, "{}"), "Which one is live is not known:"),
    ] {
        let home = home();
        let rule = move |seen: &super::Seen| answer(says.0, says.1).filter(|_| seen.method == "GET" && seen.before > 0);
        let site = Site::with_rules(&home, rule, |_| None);
        site.deploy(&home, "v1", &[]);
        let _ = run(&home, &site, &["history", "etl_sales"]).exits(0);
        let ran = run(&home, &site, &["history", "etl_sales"]).exits(0);
        assert!(ran.stdout.contains(expected) && !ran.stdout.contains("* "), "{}", ran.stdout);
    }
}

#[test]
fn nothing_recorded_is_said_and_no_failure() {
    let home = home();
    let site = Site::start(&home);
    site.deploy(&home, "v1", &[]);
    let ran = home.run(&["history", "etl_sales", "--server", "http://127.0.0.1:1"]).exits(0);
    assert!(ran.stdout.contains(&format!("deployed to others from here: --server {}", site.url())), "{}", ran.stdout);
    for dag_id in ["etl_sale", "../etl_sales", ""] {
        let ran = run(&home, &site, &["history", dag_id]).exits(0);
        assert!(ran.stdout.contains(&format!("No deploy of {dag_id} to ")), "{}", ran.stdout);
    }
    let json = run(&home, &site, &["history", "etl_sale", "--output", "json"]).exits(0).json();
    assert_eq!(json["entries"], serde_json::json!([]));
}

#[test]
fn long_names_stay_in_their_columns() {
    let home = home();
    let version = "3f2c9a4e-1b6d-4c7a-9e21-0a5b8c7d6e5f";
    let body = format!(r#"{{"dag_id":"etl_sales","version":"{version}","spec_hash":"ab","created":true}}"#);
    let site = Site::with_rules(&home, move |seen| answer(201, &*body).filter(|_| seen.method == "POST"), |_| None);
    site.deploy(&home, &format!("release-{}", "x".repeat(100)), &[]);
    let ran = run(&home, &site, &["history", "etl_sales"]).exits(0);
    assert!(ran.stdout.contains("3f2c9a4e-1b6d-4…") && ran.stdout.contains("release-xxxxxxxxx…"), "{}", ran.stdout);
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
}

#[test]
fn the_sandbox_has_a_history_of_its_own() {
    let home = home();
    let deployed = home.run(&["deploy", "etl_sales", "--sandbox", "--output", "json"]).exits(0).json();
    let json = home.run(&["history", "etl_sales", "--sandbox", "--output", "json"]).exits(0).json();
    assert_eq!((&json["entries"][0]["version"], &json["entries"][0]["live"]), (&deployed["version"], &true.into()));
}
