//! The main job: a newcomer's first deploy, and the next one.

use std::fs;

use crate::support::proxy::Proxy;
use crate::support::{Home, Ran, SandboxProcess};

#[test]
fn one_command_registers_a_pinned_dag_without_account_or_network() {
    let home = Home::new();
    home.project("etl_sales");
    let ran = home.run(&["deploy", "etl_sales", "--sandbox"]).exits(0);
    ran.says(&["Compiled", "Assembled", "layer ", "Built  image ", "Pushed", "Registered"]);
}

#[test]
fn the_record_is_what_was_pinned() {
    let home = Home::new();
    home.project("etl_sales");
    let json = home.run(&["deploy", "etl_sales", "--sandbox", "--output", "json"]).exits(0).json();
    let record = fs::read_to_string(json["record"].as_str().unwrap()).unwrap();
    let spec: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(spec["image"], json["image"]);
    assert!(json["image"].as_str().unwrap().ends_with(json["digest"].as_str().unwrap()));
    assert_eq!(spec["source"], fs::read_to_string(home.path().join("etl_sales/dag.py")).unwrap());
    assert_eq!(spec["dag_version"], "dev", "outside git");
}

#[test]
fn a_second_deploy_is_known_already_and_moves_nothing() {
    let home = Home::new();
    home.project("etl_sales");
    let first = home.run(&["deploy", "etl_sales", "--sandbox", "--output", "json"]).exits(0).json();
    let second = home.run(&["deploy", "etl_sales", "--sandbox", "--output", "json"]).exits(0).json();
    assert_eq!((&first["created"], &second["created"]), (&true.into(), &false.into()));
    assert_eq!((&second["unchanged"], &second["uploaded_bytes"]), (&true.into(), &0.into()));
    assert_eq!(first["image"], second["image"]);
}

#[test]
fn the_result_reads_as_users_know_it() {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    let deploy = [&["deploy", "etl_sales", "--quiet"][..], &sandbox.arguments()[..]].concat();
    let ran = home.run(&deploy).exits(0);
    assert_eq!(ran.stderr, "");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], format!("Deployed etl_sales -> {}", sandbox.control_plane));
    assert!(lines[1].starts_with(&format!("  image {}/etl_sales@sha256:", sandbox.registry)), "{}", lines[1]);
    assert!(lines[2].starts_with("  registered version "), "{}", lines[2]);
    let again = home.run(&deploy).exits(0);
    assert!(again.stdout.starts_with("Unchanged etl_sales -> "), "{}", again.stdout);
    assert!(again.stdout.contains(" is live already\n"), "{}", again.stdout);
}

#[test]
fn a_run_is_started_on_request() {
    let home = Home::new();
    home.project("etl_sales");
    let json = home.run(&["deploy", "etl_sales", "--sandbox", "--trigger", "--output", "json"]).exits(0).json();
    assert!(json["dag_run_id"].as_str().unwrap().starts_with("manual__"));
}

#[test]
fn push_registers_a_pinned_spec_and_refuses_an_unpinned_one() {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    let server = ["--server", sandbox.control_plane.as_str(), "--token", "t"];
    home.run(&["compile", "etl_sales", "-o", "unpinned.json"]).exits(0);
    home.run(&[&["push", "unpinned.json"][..], &server[..]].concat())
        .exits(2)
        .says(&["not pinned to a digest", "leoflow deploy"]);
    let image = format!("ghcr.io/org/etl_sales@sha256:{}", "0".repeat(64));
    home.run(&["compile", "etl_sales", "-o", "pinned.json", "--image", &image]).exits(0);
    let ran = home.run(&[&["push", "pinned.json"][..], &server[..]].concat()).exits(0);
    assert!(ran.stdout.contains(&format!("image {image}")), "{}", ran.stdout);
}

#[test]
fn what_a_control_plane_says_cannot_drive_the_terminal() {
    let home = Home::new();
    home.project("etl_sales");
    let said = r#"{"dag_id":"etl_sales","version":"1\u001b[2J","spec_hash":"2","created":true}"#;
    let proxy = Proxy::with_rule("127.0.0.1:1", move |_| {
        Some((201, vec![("content-type", "application/json".to_owned())], said.to_owned()))
    });
    let image = format!("ghcr.io/org/etl_sales@sha256:{}", "0".repeat(64));
    home.run(&["compile", "etl_sales", "-o", "dag.json", "--image", &image]).exits(0);
    let ran = home.run(&["push", "dag.json", "--server", &proxy.url(), "--token", "t"]).exits(0);
    assert!(ran.stdout.contains("registered version 1") && !ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
}

#[test]
fn a_home_inside_the_project_does_not_get_into_the_image() {
    let home = Home::new();
    let project = home.project("etl_sales");
    let deploy = || {
        let mut command = home.leoflow();
        command.args(["deploy", ".", "--sandbox", "--output", "json"]).env("HOME", &project).current_dir(&project);
        Ran::of(command.output().unwrap()).exits(0).json()
    };
    let first = deploy();
    assert_eq!(deploy()["digest"], first["digest"], "what the first deploy left behind is none of the project's");
}
