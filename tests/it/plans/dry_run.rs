//! What a dry run tells, and that it does nothing else.

use std::fs;

use serde_json::{Value, json};

use super::{Bench, fits, methods};
use crate::support::proxy::Seen;

/// Fails unless all that was sent is questions, and uploads that were opened and cancelled.
#[track_caller]
fn only_questions(requests: &[Seen]) {
    let others: Vec<&Seen> = requests.iter().filter(|seen| !matches!(&*seen.method, "GET" | "HEAD")).collect();
    assert!(others.len().is_multiple_of(2), "{others:#?}");
    for pair in others.chunks(2) {
        assert_eq!((&*pair[0].method, &*pair[1].method), ("POST", "DELETE"), "{others:#?}");
        assert!(pair[0].path.ends_with("/blobs/uploads/"), "no mount is asked for: {others:#?}");
        assert_eq!(pair[0].body, 0);
    }
}

fn plan(bench: &Bench, code: i32) -> Value {
    bench.deploy(&["--dry-run", "--exit-code", "--output", "json"]).exits(code).json()
}

#[test]
fn the_first_dry_run_asks_and_writes_nothing() {
    let bench = Bench::new();
    let plan = plan(&bench, 10);
    let (registry, control_plane) = (bench.registry.take(), bench.control_plane.take());
    only_questions(&registry);
    assert_eq!(registry.iter().filter(|seen| seen.method == "POST").count(), 1, "the right to push is proved once");
    assert_eq!(methods(&control_plane), ["GET"]);
    assert_eq!(plan["blobs"], json!({"upload": 2, "copy": 0, "mount": 1, "present": 0}));
    let deployed = bench.deploy_first();
    assert_eq!(deployed["created"], true, "nothing was registered before");
    assert_eq!(deployed["image"], plan["image"]);
    assert_eq!(deployed["uploaded_bytes"], plan["upload_bytes"]);
    assert_eq!(deployed["blobs"], json!({"uploaded": 2, "mounted": 1, "present": 0}));
}

#[test]
fn what_is_live_would_not_change() {
    let bench = Bench::new();
    let deployed = bench.deploy_first();
    let plan = plan(&bench, 0);
    assert_eq!(methods(&bench.registry.take()), ["HEAD", "HEAD"], "the tags of base and image");
    assert_eq!(methods(&bench.control_plane.take()), ["GET"]);
    assert_eq!(
        (&plan["changes"], &plan["already_live"], &plan["image"]),
        (&json!(false), &json!(true), &deployed["image"])
    );
    assert_eq!((&plan["live"]["version"], &plan["upload_bytes"]), (&deployed["version"], &json!(0)));
    let text = bench.deploy(&["--dry-run", "--exit-code", "--quiet"]).exits(0).stdout;
    fits(&text);
    insta::assert_snapshot!("unchanged", bench.steady(&text));
}

#[test]
fn a_dry_run_of_something_new_reads_so() {
    let bench = Bench::new();
    let ran = bench.deploy(&["--dry-run"]).exits(0);
    ran.says(&["Compiled", "Built  image "]);
    let text = bench.deploy(&["--dry-run", "--quiet"]).exits(0).stdout;
    fits(&text);
    insta::assert_snapshot!("new", bench.steady(&text));
}

/// Edits the project in many ways.
fn edited(bench: &Bench) {
    bench.edit("dag.py", "0 6 * * *", "@hourly");
    bench.edit("dag.py", "retries=2", "retries=5");
    bench.edit("dag.py", "    load(totals, title=\"Sales by product\")\n", "    archive(totals)\n");
    bench.edit("dag.py", "@dag(", "@task\ndef archive(totals: dict) -> None:\n    pass\n\n\n@dag(");
    bench.edit(
        "leoflow.yaml",
        "tasks:\n  load:\n    env:\n      REPORT_STYLE: plain\n",
        "build:\n  labels:\n    team: sales\n",
    );
}

#[test]
fn a_dry_run_of_changes_reads_so() {
    let bench = Bench::new();
    bench.deploy_first();
    edited(&bench);
    let text = bench.deploy(&["--dry-run", "--exit-code", "--quiet"]).exits(10).stdout;
    fits(&text);
    insta::assert_snapshot!("changed", bench.steady(&text));
    only_questions(&bench.registry.take());
}

#[test]
fn changes_are_told_to_scripts() {
    let bench = Bench::new();
    let first = bench.deploy_first();
    edited(&bench);
    let plan = plan(&bench, 10);
    assert_eq!((&plan["schema"], &plan["already_live"]), (&json!("leoflow.deploy_plan/v1"), &json!(false)));
    assert_eq!(plan["spec"]["compared_with"]["version"], first["version"]);
    let diff = &plan["spec"]["diff"];
    let paths: Vec<&str> =
        diff["fields"].as_array().unwrap().iter().map(|field| field["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["image", "schedule"]);
    assert_eq!(diff["fields"][1], json!({"path": "schedule", "before": "0 6 * * *", "now": "@hourly"}));
    assert_eq!(diff["tasks"]["added"], json!([{"task_id": "archive", "type": "python"}]));
    assert_eq!(diff["tasks"]["removed"], json!([{"task_id": "load"}]));
    let retries = json!({"task_id": "extract", "fields": [{"path": "retries", "before": 2, "now": 5}]});
    assert_eq!(diff["tasks"]["changed"], json!([retries]));
    let edges = json!({"added": [["transform", "archive"]], "removed": [["transform", "load"]]});
    assert_eq!(diff["edges"], edges);
    let image = &plan["before"]["diff"][0];
    assert_eq!(image["digest"]["before"], first["digest"]);
    assert_eq!(image["fields"], json!([{"path": "Labels.team", "now": "sales"}]));
    assert_eq!((&image["packages"], &plan["errors"]), (&json!([]), &json!([])));
}

#[test]
fn without_a_record_only_the_image_is_compared() {
    let bench = Bench::new();
    bench.deploy_first();
    edited(&bench);
    fs::remove_dir_all(bench.home.path().join(".local/share/leoflow/record")).unwrap();
    let plan = plan(&bench, 10);
    assert_eq!((&plan["spec"], &plan["before"]["state"]), (&Value::Null, &json!("differs")));
    let text = bench.deploy(&["--dry-run", "--quiet"]).exits(0).stdout;
    assert!(text.contains("\nSpec: what changes is not known, no deploy of it"), "{text}");
    fits(&text);
}

#[test]
fn what_is_live_is_compared_and_not_what_was_deployed_last_from_here() {
    let bench = Bench::new();
    let first = bench.deploy_first();
    edited(&bench);
    let second = bench.deploy(&["--output", "json"]).exits(0).json();
    let plan_of = || plan(&bench, 10)["spec"]["compared_with"]["version"].clone();
    bench.edit("dag.py", "@hourly", "@daily");
    assert_eq!(plan_of(), second["version"]);
    // Somebody else makes the first version the live one again.
    let record = first["version"].as_str().unwrap();
    let versions = bench.home.path().join(".local/share/leoflow/sandbox/control-plane/dags/etl_sales/versions");
    let spec = versions.join(format!("{record}.json"));
    let server = bench.control_plane.url();
    let elsewhere = crate::support::Home::new();
    elsewhere.run(&["push", spec.to_str().unwrap(), "--server", &server, "--token", "t"]).exits(0);
    assert_eq!(plan_of(), first["version"]);
}

#[test]
fn several_platforms_are_told_one_by_one() {
    let bench = Bench::new();
    bench.deploy_first();
    let both = ["--dry-run", "--platform", "linux/amd64,linux/arm64"];
    let plan = bench.deploy(&[&both[..], &["--output", "json"]].concat()).exits(0).json();
    let platforms: Vec<&Value> = plan["platforms"].as_array().unwrap().iter().map(|told| &told["platform"]).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    let changes: Vec<&Value> = plan["before"]["diff"].as_array().unwrap().iter().map(|told| &told["change"]).collect();
    assert_eq!(changes, ["same", "added"]);
    let text = bench.deploy(&[&both[..], &["--quiet"]].concat()).exits(0).stdout;
    fits(&text);
    insta::assert_snapshot!("platforms", bench.steady(&text));
}

#[test]
fn an_image_that_was_built_before_is_foretold() {
    let bench = Bench::new();
    let base = bench.base.as_str();
    bench.home.run(&["build", "etl_sales", "-o", "oci:built", "--base", base]).exits(0);
    let servers = ["--server", &bench.control_plane.url(), "--token", "t", "--registry", &bench.registry.address];
    let built = ["deploy", "etl_sales", "--image-layout", "oci:built", "--output", "json"];
    let plan = bench.home.run(&[&built[..], &servers[..], &["--dry-run"]].concat()).exits(0).json();
    let deployed = bench.home.run(&[&built[..], &servers[..]].concat()).exits(0).json();
    assert_eq!((&plan["image"], &plan["upload_bytes"]), (&deployed["image"], &deployed["uploaded_bytes"]));
    let titles: Vec<&Value> =
        plan["platforms"][0]["layers"].as_array().unwrap().iter().map(|layer| &layer["title"]).collect();
    assert_eq!(titles.last(), Some(&&json!("project")));
}

#[test]
fn the_sandbox_can_be_tried_dry_too() {
    let home = crate::support::Home::new();
    home.project("etl_sales");
    home.run(&["deploy", "etl_sales", "--sandbox", "--dry-run", "--exit-code"]).exits(10);
    home.run(&["deploy", "etl_sales", "--sandbox"]).exits(0);
    home.run(&["deploy", "etl_sales", "--sandbox", "--dry-run", "--exit-code"]).exits(0);
}
