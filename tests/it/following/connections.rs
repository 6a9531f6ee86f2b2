//! The connections that a DAG needs and those that the server has: compared after a deploy, which they never fail.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{client, object, page, problem};
use crate::support::proxy::Proxy;
use crate::support::scripted::{Answer, Fault, Request, Scripted};
use crate::support::{Home, SandboxProcess};

const LIST: &str = "/api/v2/connections";

/// A project whose DAG needs two connections.
fn project(home: &Home) {
    let yaml = "dag_id: etl\nconnections: [warehouse, slack]\nregistry: {url: registry.invalid/team}\n";
    home.write("etl/leoflow.yaml", yaml);
    let dag =
        "from airflow.sdk import dag, task\n\n@task\ndef t(): pass\n\n@dag(dag_id=\"etl\")\ndef d(): t()\n\nd()\n";
    home.write("etl/dag.py", dag);
}

#[tokio::test]
async fn names_are_read_to_the_last_page_and_nothing_else_is_kept() {
    let answer = |request: &Request| {
        let number = |name: &str, usual: usize| request.parameter(name).map_or(usual, |text| text.parse().unwrap());
        let (limit, offset) = (number("limit", 3), number("offset", 0));
        let one = |index| json!({ "connection_id": format!("c{index}"), "password": "hunter2", "extra": "hunter2" });
        let entries: Vec<Value> = (0..205).skip(offset).take(limit).map(one).collect();
        object(&json!({ "connections": entries, "total_entries": 205 }))
    };
    let server = Scripted::start(answer).await;
    let names = client(&server).connections().await.unwrap();
    assert_eq!(names, (0..205).map(|index| format!("c{index}")).collect::<BTreeSet<_>>());
    let queries: Vec<String> = server.requests().into_iter().map(|request| request.query).collect();
    assert_eq!(queries, ["", "limit=100&offset=3", "limit=100&offset=103", "limit=100&offset=203"]);
}

#[tokio::test]
async fn a_list_without_an_end_is_not_heard_out() {
    let entry = json!({ "connection_id": "c" });
    for (answer, requests) in [
        (json!({ "connections": vec![entry.clone(); 50], "total_entries": u64::MAX }), 200),
        (json!({ "connections": [], "total_entries": 7 }), 1),
        (json!({ "connections": [entry] }), 1),
    ] {
        let server = Scripted::start(move |_| object(&answer)).await;
        let listed = client(&server).connections().await;
        assert_eq!((listed.is_err(), server.requests().len()), (requests == 200, requests), "{listed:?}");
    }
}

#[test]
fn a_first_deploy_to_the_sandbox_misses_nothing() {
    let home = Home::new();
    project(&home);
    let ran = home.run(&["deploy", "etl", "--sandbox"]).exits(0);
    assert!(
        ran.stdout.contains("  needs connections: warehouse, slack\n  the server has them all\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_the_server_lacks_is_listed_with_the_place_to_add_it() {
    let home = Home::new();
    project(&home);
    let file = ".local/share/leoflow/sandbox/control-plane/connections.json";
    home.write(file, r#"["warehouse", "other"]"#);
    let ran = home.run(&["deploy", "etl", "--sandbox"]).exits(0);
    let expected = format!("  missing on the server: slack\n    add it at ~/{file}\n");
    assert!(ran.stdout.contains(&expected), "{}", ran.stdout);
    let sandbox = SandboxProcess::start(&home);
    let deploy = [&["deploy", "etl"][..], &sandbox.arguments()].concat();
    let ran = home.run(&deploy).exits(0);
    let expected = format!("  missing on the server: slack\n    add it at {}/connections\n", sandbox.control_plane);
    assert!(ran.stdout.contains(&expected), "{}", ran.stdout);
    let json = home.run(&[&deploy[..], &["--output", "json"]].concat()).exits(0).json();
    assert_eq!(
        (&json["connections"], &json["missing_connections"]),
        (&json!(["warehouse", "slack"]), &json!(["slack"]))
    );
}

#[test]
fn what_cannot_be_compared_is_said_and_the_deploy_succeeds() {
    let home = Home::new();
    project(&home);
    let sandbox = SandboxProcess::start(&home);
    let html = || (200, vec![("content-type", "text/html".to_owned())], "<html>Sign in</html>".to_owned());
    for (answer, expected) in [
        ((403, Vec::new(), String::new()), "(403 Forbidden)"),
        ((404, Vec::new(), String::new()), "(404 Not Found)"),
        ((501, Vec::new(), String::new()), "(501 Not Implemented)"),
        ((200, Vec::new(), "{}".to_owned()), "an answer without `connections`"),
        (html(), "200 with HTML"),
    ] {
        let proxy = Proxy::with_rule(&sandbox.control_plane, move |seen| (seen.path == LIST).then(|| answer.clone()));
        let server = proxy.url();
        let target = ["--server", &server, "--token", "t", "--registry", &sandbox.registry, "--base", &sandbox.base];
        let ran = home.run(&[&["deploy", "etl"][..], &target].concat()).exits(0);
        let lines =
            ["  not compared with the server's", expected, &format!("add what is missing at {server}/connections")];
        assert!(lines.iter().all(|line| ran.stdout.contains(line)), "{}", ran.stdout);
        let json = home.run(&[&["deploy", "etl", "--output", "json"][..], &target].concat()).exits(0).json();
        assert_eq!(json["missing_connections"], Value::Null);
    }
}

#[test]
fn a_dag_that_needs_none_asks_for_none() {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    let proxy = Proxy::to(&sandbox.control_plane);
    let server = proxy.url();
    let target = ["--server", &server, "--token", "t", "--registry", &sandbox.registry, "--base", &sandbox.base];
    let json = home.run(&[&["deploy", "etl_sales", "--output", "json"][..], &target].concat()).exits(0).json();
    assert_eq!((&json["connections"], &json["missing_connections"]), (&json!([]), &json!([])));
    assert!(proxy.take().iter().all(|seen| seen.path != LIST));
}

#[tokio::test]
async fn a_server_that_lists_and_breaks_off_is_asked_again() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let server = Scripted::start(move |_| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Answer::new(200).body("{}").fault(Fault::Close),
        1 => problem(503),
        _ => object(&json!({ "connections": [{ "connection_id": "a" }], "total_entries": 1 })),
    })
    .await;
    assert_eq!(client(&server).connections().await.unwrap(), BTreeSet::from(["a".to_owned()]));
    let server = Scripted::start(|_| page()).await;
    assert!(client(&server).connections().await.is_err());
}
