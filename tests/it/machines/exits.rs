//! Exit codes: each kind of failure can be had, and is what `docs/exit-codes.md` and the JSON say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::Bench;
use crate::support::Ran;
use crate::support::proxy::Proxy;

/// The codes of the page, by kind.
fn documented() -> BTreeMap<String, i32> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/exit-codes.md")).unwrap();
    let row = regex::Regex::new(r"(?m)^\| (\d+) \| `([a-z_]+)` \|").unwrap();
    row.captures_iter(&page).map(|row| (row[2].to_owned(), row[1].parse().unwrap())).collect()
}

/// Fails unless a failure is of this kind everywhere: in the exit code, in JSON, on the page.
#[track_caller]
fn check(ran: Ran, kind: &str) {
    let code = *documented().get(kind).unwrap_or_else(|| panic!("`{kind}` is not documented"));
    let json = ran.exits(code).json();
    assert_eq!((json["kind"].as_str(), json["exit_code"].as_i64()), (Some(kind), Some(code.into())), "{json:#}");
}

#[test]
fn each_kind_of_failure_has_its_code() {
    let bench = Bench::new();
    let yaml = bench.read("etl_sales/leoflow.yaml");
    let json = |words: &str| bench.deploy(&format!("etl_sales {words} --output json"), &[]);
    let with = |line: &str| fs::write(bench.path("etl_sales/leoflow.yaml"), format!("{yaml}{line}\n")).unwrap();
    check(json("--bogus"), "usage");
    with("ownr: x");
    check(json(""), "project");
    with("dependencies: [nothing-of-the-kind]");
    check(json("--no-index"), "packages");
    with("");
    let dag = bench.read("etl_sales/dag.py");
    fs::write(bench.path("etl_sales/dag.py"), "1/0\n").unwrap();
    check(json(""), "compile");
    fs::write(bench.path("etl_sales/dag.py"), dag).unwrap();
    let to = |server: &str, registry: &str| {
        let to = ["--server", server, "--token", "t", "--registry", registry, "--registry-timeout", "1"];
        let words = format!("deploy etl_sales --base {} --output json", bench.sandbox.base);
        bench.run(&words, &to, &[])
    };
    let refuses = |path: &'static str| {
        let rule = move |seen: &crate::support::proxy::Seen| {
            seen.path.ends_with(path).then(|| (403, Vec::new(), String::new()))
        };
        Proxy::with_rule(&bench.sandbox.control_plane, rule)
    };
    check(to(&bench.sandbox.control_plane, "127.0.0.1:1"), "registry");
    check(to(&refuses("/versions").url(), &bench.sandbox.registry), "pushed_not_registered");
    check(bench.run("compile etl_sales -o missing/dag.json --output json", &[], &[]), "system");
    json("--spec-out pinned.json").exits(0);
    let refusing = refuses("/versions");
    let url = refusing.url();
    check(bench.run("push pinned.json --token t --output json", &["--server", &url], &[]), "control_plane");
}

#[test]
fn an_interrupted_command_has_its_code() {
    let bench = Bench::new();
    fs::write(bench.path("etl_sales/dag.py"), "while True:\n    pass\n").unwrap();
    let mut command = bench.home.leoflow();
    command
        .args(["deploy", "etl_sales", "--output", "json", "--events", "events.ndjson"])
        .args(bench.sandbox.arguments());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // dag.py runs once its group is begun, and long after that.
    while !fs::read_to_string(bench.path("events.ndjson")).is_ok_and(|text| text.contains("started")) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(500));
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), Signal::INT).unwrap();
    check(Ran::of(child.wait_with_output().unwrap()), "interrupted");
    let events = bench.read("events.ndjson");
    assert!(events.lines().last().unwrap().contains(r#""kind":"interrupted""#), "{events}");
}

#[test]
fn every_documented_kind_is_one_that_the_schema_knows() {
    let schema = fs::read_to_string(crate::support::schema::directory().join("common.v1.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let known: Vec<&str> =
        schema["$defs"]["kind"]["enum"].as_array().unwrap().iter().filter_map(|kind| kind.as_str()).collect();
    for kind in documented().keys() {
        assert!(known.contains(&kind.as_str()), "{kind}");
    }
}
