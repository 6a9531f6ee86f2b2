//! What is live already is a success, and nothing is sent: whatever the server tells, or does not tell, of what is live.

use std::sync::{Arc, Mutex};

use super::{Bench, answer, methods};

/// What a server says of the DAG, made of the version and hash of the one that is live.
type Says = fn(&str, &str) -> (u16, String);

/// Deploys twice; the second time the server `says` what is live. Checks what it is asked then.
#[track_caller]
fn check(says: Says, expected: &[&str], already_live: bool) {
    let live = Arc::new(Mutex::new(None::<(String, String)>));
    let told = Arc::clone(&live);
    let bench = Bench::with_rules(
        |_| None,
        move |seen| {
            let told = told.lock().unwrap();
            let (version, hash) = told.as_ref().filter(|_| seen.method == "GET")?;
            let (status, body) = says(version, hash);
            answer(status, body)
        },
    );
    let first = bench.deploy_first();
    let text = |field: &str| first[field].as_str().unwrap().to_owned();
    *live.lock().unwrap() = Some((text("version"), text("spec_hash")));
    let again = bench.deploy(&["--output", "json"]).exits(0).json();
    assert_eq!(methods(&bench.control_plane.take()), expected);
    assert_eq!((&again["version"], &again["created"]), (&first["version"], &false.into()));
    assert_eq!(again["already_live"], already_live, "{again:#}");
}

#[test]
fn the_hash_of_the_spec_tells_that_it_is_live() {
    check(|version, hash| (200, format!(r#"{{"version":"{version}","spec_hash":"{hash}"}}"#)), &["GET"], true);
    let marked: Says =
        |version, hash| (200, format!(r#"{{"version":"{version}","spec_hash":"sha256:{}"}}"#, hash.to_uppercase()));
    check(marked, &["GET"], true);
}

#[test]
fn a_server_that_does_not_tell_is_asked_to_register() {
    let both = &["GET", "POST"][..];
    check(|_, _| (200, r#"{"dag_id":"etl_sales"}"#.to_owned()), both, false);
    check(|_, hash| (200, format!(r#"{{"spec_hash":"{hash}"}}"#)), both, false);
    check(|_, _| (404, "{}".to_owned()), both, false);
    check(|_, _| (405, "{}".to_owned()), both, false);
    check(|_, _| (200, "<html>".to_owned()), both, false);
}

#[test]
fn a_server_that_hashes_in_another_way_still_knows_its_version() {
    let both = &["GET", "POST"][..];
    check(|version, _| (200, format!(r#"{{"version":"{version}","spec_hash":"f00d"}}"#)), both, true);
    check(|_, _| (200, r#"{"version":"older","spec_hash":"f00d"}"#.to_owned()), both, false);
}

#[test]
fn what_is_live_is_told_in_words_and_a_run_is_started_all_the_same() {
    let bench = Bench::new();
    let first = bench.deploy_first();
    let ran = bench.deploy(&["--trigger"]).exits(0);
    let version = first["version"].as_str().unwrap();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], format!("Unchanged etl_sales -> {}", bench.control_plane.url()));
    assert_eq!(lines[1], format!("  image {}", first["image"].as_str().unwrap()));
    assert_eq!(lines[2], format!("  version {version} is live already"));
    assert!(lines[3].starts_with("  run manual__"), "{}", ran.stdout);
    ran.says(&[&format!(" Unchanged  version {version} is live already")]);
    assert_eq!(methods(&bench.control_plane.take()), ["GET", "POST"], "the run");
}

#[test]
fn a_server_that_is_down_is_no_success() {
    let bench = Bench::new();
    bench.deploy_first();
    let dead = ["--server", "http://127.0.0.1:1", "--token", "t"];
    let registry = ["--registry", &bench.registry.address, "--base", &bench.base];
    let ran = bench.home.run(&[&["deploy", "etl_sales"][..], &dead[..], &registry[..]].concat());
    ran.exits(8).says(&["pushed, not registered", "127.0.0.1:1", "uploads nothing"]);
}
