//! `deploy --wait`, `push --wait` and `wait` as one runs them: against the sandbox, and one that fails midway.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::proxy::{Answer, Proxy, Seen};
use crate::support::{Home, SandboxProcess};

const RUNS: &str = "/api/v2/dags/etl_sales/dagRuns";

/// A deployed DAG behind a proxy that answers by a rule, and how to reach it.
struct Bench {
    home: Home,
    proxy: Proxy,
    sandbox: SandboxProcess,
}

impl Bench {
    fn new(rule: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let home = Home::new();
        home.project("etl_sales");
        let sandbox = SandboxProcess::start(&home);
        Self { proxy: Proxy::with_rule(&sandbox.control_plane, rule), home, sandbox }
    }

    fn deploy(&self, more: &[&'static str]) -> Vec<String> {
        let Self { sandbox, proxy, .. } = self;
        let target = ["deploy", "etl_sales", "--registry", &sandbox.registry, "--base", &sandbox.base];
        let server = ["--server", &proxy.url(), "--token", "t", "--trigger", "--wait"].map(str::to_owned);
        let more = more.iter().map(|argument| (*argument).to_owned());
        target.map(str::to_owned).into_iter().chain(server).chain(more).collect()
    }
}

fn is_run(seen: &Seen) -> bool {
    seen.method == "GET" && seen.path.starts_with(RUNS) && !seen.path.ends_with("taskInstances")
}

fn refuse(status: u16) -> Answer {
    (status, vec![("content-type", "application/problem+json".to_owned())], json!({ "title": "No" }).to_string())
}

/// A run that never ends.
fn endless(seen: &Seen) -> Option<Answer> {
    let run_id = seen.path.rsplit('/').next().unwrap_or_default();
    let run = json!({ "dag_run_id": run_id, "state": "running" });
    is_run(seen).then(|| (200, vec![("content-type", "application/json".to_owned())], run.to_string()))
}

fn arguments(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn a_run_in_the_sandbox_gets_on_along_the_graph() {
    let home = Home::new();
    home.project("etl_sales");
    let deploy = ["deploy", "etl_sales", "--sandbox", "--trigger", "--wait"];
    let ran = home.run(&deploy).exits(0);
    let tasks: Vec<&str> = ran.stderr.lines().filter_map(|line| line.trim().strip_prefix("Task  ")).collect();
    let states: Vec<&str> = tasks.iter().filter_map(|line| line.split(" (").next()).collect();
    let expected = [
        "extract running",
        "extract success",
        "transform running",
        "transform success",
        "load running",
        "load success",
    ];
    assert_eq!(states, expected);
    assert!(
        ran.stdout.contains("of etl_sales: success after ") && ran.stdout.contains(", 3 tasks\n"),
        "{}",
        ran.stdout
    );
    let json = home.run(&[&deploy[..], &["--output", "json"]].concat()).exits(0).json();
    assert_eq!((&json["run"]["state"], &json["run"]["dag_run_id"]), (&json!("success"), &json["dag_run_id"]));
    assert_eq!((&json["run"]["ended"], json["run"]["tasks"].as_array().unwrap().len()), (&json!(true), 3));
}

#[test]
fn a_run_that_fails_names_its_tasks_and_ends_with_a_code_of_its_own() {
    let home = Home::new();
    let project = home.project("etl_sales");
    let yaml = std::fs::read_to_string(project.join("leoflow.yaml")).unwrap();
    let failing = "tasks:\n  transform:\n    retries: 1\n    env: {LEOFLOW_SANDBOX_STATE: failed}\n";
    std::fs::write(project.join("leoflow.yaml"), yaml.replace("tasks:\n", failing)).unwrap();
    let deploy = ["deploy", "etl_sales", "--sandbox", "--trigger", "--wait"];
    let ran = home.run(&deploy).exits(11);
    assert!(ran.stdout.contains("Deployed etl_sales"), "{}", ran.stdout);
    ran.says(&["of `etl_sales` failed after ", "load: upstream_failed", "transform: failed, try 2", "help: "]);
    let json = home.run(&[&deploy[..], &["--quiet", "--output", "json"]].concat()).exits(11).json();
    assert_eq!((&json["schema"], &json["run"]["state"]), (&json!("leoflow.deploy/v1"), &json!("failed")));
}

#[test]
fn a_run_that_does_not_end_in_time_goes_on_and_can_be_followed() {
    let bench = Bench::new(endless);
    let ran = bench.home.run(&arguments(&bench.deploy(&["--timeout", "1"]))).exits(12);
    let run = ran.stdout.lines().find_map(|line| line.trim().strip_prefix("run ")).unwrap().to_owned();
    let again = format!("leoflow wait etl_sales {run} --server {}", bench.proxy.url());
    ran.says(&["has not ended within 1 s: running", "it goes on", &again]);
    let wait = ["wait", "etl_sales", &run, "--server", &bench.sandbox.control_plane, "--token", "t"];
    let waited = bench.home.run(&wait).exits(0);
    assert!(waited.stdout.starts_with(&format!("Run {run} of etl_sales: success after ")), "{}", waited.stdout);
    let json = bench.home.run(&[&wait[..], &["--output", "json"]].concat()).exits(0).json();
    let page = format!("{}/dags/etl_sales/runs/{run}", bench.sandbox.control_plane);
    assert_eq!(
        (&json["schema"], &json["page"], &json["state"]),
        (&json!("leoflow.wait/v1"), &json!(page), &json!("success"))
    );
}

#[test]
fn the_page_with_the_logs_is_named_where_there_is_one() {
    let failed = |seen: &Seen| {
        let (status, headers, body) = endless(seen)?;
        Some((status, headers, body.replace("running", "failed")))
    };
    let bench = Bench::new(failed);
    let ran = bench.home.run(&arguments(&bench.deploy(&[]))).exits(11);
    ran.says(&[&format!("look at the logs of its tasks: {}/dags/etl_sales/runs/manual__", bench.proxy.url())]);
}

#[test]
fn a_server_that_dies_midway_leaves_the_deploy_done_and_the_run_alone() {
    let dying = |seen: &Seen| (is_run(seen) && seen.before > 0).then(|| refuse(503));
    let bench = Bench::new(dying);
    let ran = bench.home.run(&arguments(&bench.deploy(&["--timeout", "2"]))).exits(12);
    assert!(ran.stdout.contains("Deployed etl_sales"), "{}", ran.stdout);
    ran.says(&[
        "Retrying  in ",
        "ask for the run `manual__",
        "503 No",
        "has not ended within 2 s",
        "leoflow wait etl_sales",
    ]);
}

#[test]
fn a_token_that_expires_midway_is_told_and_the_run_goes_on() {
    let bench = Bench::new(|seen| (is_run(seen) && seen.before > 0).then(|| refuse(401)));
    let deploy = bench.deploy(&["--output", "json"]);
    let ran = bench.home.run(&arguments(&deploy)).exits(7);
    let json: Value = ran.json();
    assert_eq!((&json["schema"], &json["run"]["ended"]), (&json!("leoflow.deploy/v1"), &json!(false)));
    ran.says(&[
        "401 No",
        "the run goes on without being followed",
        "leoflow auth login",
        "leoflow wait etl_sales manual__",
    ]);
}

#[test]
fn a_run_that_is_not_there_is_an_error_before_anything_is_followed() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let wait = ["wait", "etl", "manual__1", "--server", &sandbox.control_plane, "--token", "t"];
    home.run(&wait).exits(7).says(&["cannot ask for the run `manual__1` of `etl`", "404"]);
    let json = home.run(&[&wait[..], &["--output", "json"]].concat()).exits(7).json();
    assert_eq!(json["schema"], "leoflow.error/v1");
    home.run(&["wait", "etl", "manual__1"]).exits(2).says(&["there is no token"]);
}

#[test]
fn ctrl_c_leaves_the_run_alone_and_says_how_to_follow_it() {
    let bench = Bench::new(endless);
    let mut command = bench.home.leoflow();
    command.args(bench.deploy(&[])).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(" running (") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended before its run was seen");
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut told = String::new();
    stderr.read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{told}");
    for text in ["interrupted while the run `manual__", "goes on", "leoflow wait etl_sales manual__"] {
        assert!(told.contains(text), "{told}");
    }
    assert!(bench.proxy.take().iter().all(|seen| matches!(seen.method.as_str(), "GET" | "POST")), "nothing ends a run");
}

#[test]
fn a_spec_that_is_pushed_can_be_followed_as_well() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home);
    let spec = crate::sandbox::control_plane::spec("etl");
    let file = home.write("dag.json", &spec.to_string());
    let push = ["push", file.to_str().unwrap(), "--server", &sandbox.control_plane, "--token", "t"];
    let ran = home.run(&[&push[..], &["--trigger", "--wait"]].concat()).exits(0);
    for text in ["Registered etl", "  needs connections: warehouse\n", "of etl: success after "] {
        assert!(ran.stdout.contains(text), "{}", ran.stdout);
    }
    let json = home.run(&[&push[..], &["--trigger", "--wait", "--output", "json"]].concat()).exits(0).json();
    assert_eq!((&json["schema"], &json["run"]["state"]), (&json!("leoflow.push/v1"), &json!("success")));
    assert_eq!(json["missing_connections"], json!([]));
    home.run(&[&push[..], &["--wait"]].concat()).exits(2).says(&["--trigger"]);
}
