//! A dry run where the deploy could not be carried out: the plan is told as far as it is known, and an error follows.

use serde_json::json;

use super::{Bench, answer, fits};
use crate::support::proxy::Answer;

/// A dry run of an edited project, once the servers follow their rules.
fn changed(bench: &Bench) {
    bench.deploy_first();
    bench.edit("dag.py", "0 6 * * *", "@hourly");
}

#[test]
fn a_server_that_cannot_be_reached_is_an_error_after_the_plan() {
    let bench = Bench::new();
    changed(&bench);
    let ran = bench.deploy_to("http://127.0.0.1:1", &["--dry-run", "--exit-code"]).exits(7);
    fits(&ran.stdout);
    assert!(ran.stdout.contains("the server does not say what is live") && ran.stdout.contains("to upload: 2 blobs"));
    ran.says(&["cannot ask for `etl_sales` at http://127.0.0.1:1", "help: is the control plane running"]);
    let json = bench.deploy_to("http://127.0.0.1:1", &["--dry-run", "--output", "json"]).exits(7).json();
    assert_eq!(
        (&json["live"]["state"], &json["already_live"], &json["changes"]),
        (&json!("unknown"), &json!(null), &json!(true))
    );
    assert_eq!(json["errors"].as_array().map(Vec::len), Some(1), "{json:#}");
}

/// What a control plane answers to the question what is live, how the dry run ends, and what is told.
#[track_caller]
fn server(status: u16, body: &'static str, code: i32, says: &str) {
    let bench = Bench::with_rules(|_| None, move |_| answer(status, body));
    changed(&bench);
    let ran = bench.deploy(&["--dry-run", "--exit-code"]).exits(code);
    let told = ran.stdout + &ran.stderr;
    assert!(told.contains(says), "{told}");
}

#[test]
fn a_server_of_another_kind() {
    server(401, r#"{"title": "Unauthorized"}"#, 7, "leoflow auth login");
    server(200, "<html>", 7, "is this the control plane's URL?");
    server(200, "{}", 10, "the server does not tell whether it is this one");
    server(404, "{}", 10, "the server does not know this DAG yet");
}

/// Refuses such requests to the image's repository.
fn refusing(method: &'static str, part: &'static str, status: u16) -> Bench {
    let refuses = move |seen: &crate::support::proxy::Seen| -> Option<Answer> {
        let hit = seen.method == method && seen.path.starts_with("/v2/etl_sales/") && seen.path.contains(part);
        hit.then(|| answer(status, r#"{"errors":[{"code":"DENIED","message":"not yours"}]}"#)).flatten()
    };
    let bench = Bench::with_rules(refuses, |_| None);
    changed(&bench);
    bench
}

#[test]
fn a_repository_that_may_not_be_pushed_to_is_an_error_after_the_plan() {
    let bench = refusing("POST", "/blobs/uploads/", 403);
    let ran = bench.deploy(&["--dry-run"]).exits(6);
    assert!(ran.stdout.contains("~ schedule  \"0 6 * * *\" -> \"@hourly\""), "{}", ran.stdout);
    ran.says(&["cannot open an upload to", "not yours", "login"]);
}

#[test]
fn a_registry_that_answers_no_questions_is_taken_to_have_nothing() {
    let bench = refusing("HEAD", "/blobs/", 405);
    let ran = bench.deploy(&["--dry-run"]).exits(0);
    assert!(
        ran.stdout.contains("the registry does not tell whether it has 3 blobs: taken as absent"),
        "{}",
        ran.stdout
    );
    fits(&ran.stdout);
}

#[test]
fn an_image_that_cannot_be_read_any_more_is_not_compared() {
    let bench = refusing("GET", "/manifests/sha256:", 404);
    let json = bench.deploy(&["--dry-run", "--output", "json"]).exits(0).json();
    assert_eq!(json["before"]["state"], "unreadable", "{json:#}");
    let text = bench.deploy(&["--dry-run", "--quiet"]).exits(0).stdout;
    assert!(text.contains("\nImage: what changes is not known, ") && text.contains("~ schedule"), "{text}");
}

#[test]
fn a_project_that_does_not_compile_has_no_plan() {
    let bench = Bench::new();
    bench.edit("dag.py", "@dag(", "@dag(\n    nonsense nonsense");
    let ran = bench.deploy(&["--dry-run"]).exits(4);
    assert_eq!(ran.stdout, "");
    assert!(bench.control_plane.take().is_empty());
}
