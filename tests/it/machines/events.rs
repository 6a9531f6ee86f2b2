//! `--events`: what is written, when, and where.

use std::fs;
use std::io::{BufRead, BufReader};

use serde_json::Value;

use super::Bench;
use crate::support::Home;
use crate::support::proxy::Proxy;
use crate::support::schema::Schemas;

fn events(text: &str) -> Vec<Value> {
    let schemas = Schemas::default();
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    let events: Vec<Value> = text.lines().map(read).collect();
    events.iter().for_each(|event| schemas.check(event));
    events
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

fn one<'a>(events: &'a [Value], name: &str) -> &'a Value {
    let mut found = events.iter().filter(|event| event["event"] == name);
    let one = found.next().unwrap_or_else(|| panic!("no `{name}` in {:?}", names(events)));
    assert!(found.next().is_none(), "more than one `{name}`");
    one
}

#[test]
fn a_deploy_tells_its_steps_with_the_facts_of_its_result() {
    let bench = Bench::new();
    let ran = bench.deploy("etl_sales --trigger --events events.ndjson --output json", &[]).exits(0);
    let events = events(&bench.read("events.ndjson"));
    let result = ran.json();
    assert_eq!((events[0]["event"].as_str(), &events[0]["command"]), (Some("started"), &"deploy".into()));
    assert_eq!(events.last().unwrap()["event"], "ended");
    assert_eq!((&one(&events, "ended")["exit_code"], &one(&events, "ended")["kind"]), (&0.into(), &"success".into()));
    assert_eq!(one(&events, "result")["result"], result);
    assert_eq!(one(&events, "compiled")["tasks"], 3);
    for key in ["image", "digest", "uploaded_bytes", "blobs", "unchanged"] {
        assert_eq!(one(&events, "pushed")[key], result[key], "{key}");
    }
    for key in ["version", "spec_hash", "created"] {
        assert_eq!(one(&events, "registered")[key], result[key], "{key}");
    }
    assert_eq!(one(&events, "triggered")["dag_run_id"], result["dag_run_id"]);
    assert_eq!(one(&events, "built")["digest"], result["digest"]);
    let finished = |how: &str| events.iter().filter(|event| event["how"] == how).count();
    assert_eq!((finished("mounted"), finished("uploaded")), (1, 2), "{:?}", names(&events));
    for event in &events[1..events.len() - 1] {
        assert_eq!(event["dag_id"], "etl_sales", "{event}");
    }
    let order = ["started", "compiled", "assembled", "built", "pushed", "registered", "triggered", "result", "ended"];
    let at = |name: &&str| names(&events).iter().position(|other| other == name);
    assert!(order.iter().map(at).is_sorted(), "{:?}", names(&events));
    assert!(events.iter().map(|event| event["time"].as_str().unwrap()).is_sorted());
}

#[test]
fn a_workspace_says_of_each_event_which_dag_it_is_about() {
    let bench = Bench::new();
    let faulty = bench.home.project("fan_out_in").join("dag.py");
    fs::write(faulty, "import nothing_of_the_kind").unwrap();
    bench.deploy("--all --yes --events events.ndjson .", &[]).exits(4);
    let events = events(&bench.read("events.ndjson"));
    let of = |dag_id: &str| events.iter().filter(|event| event["dag_id"] == dag_id).collect::<Vec<_>>();
    let words: Vec<_> = of("etl_sales").iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert!(
        ["compiled", "transfer_finished", "pushed", "registered", "outcome"].iter().all(|word| words.contains(word)),
        "{words:?}"
    );
    let outcome = of("fan_out_in").into_iter().find(|event| event["event"] == "outcome").unwrap();
    assert_eq!((&outcome["status"], &outcome["phase"]), (&"failed".into(), &"check".into()));
}

#[test]
fn a_failure_is_told_with_its_place_and_code() {
    let home = Home::new();
    let yaml = home.project("etl_sales").join("leoflow.yaml");
    let text = fs::read_to_string(&yaml).unwrap();
    fs::write(&yaml, text + "ownr: x\n").unwrap();
    home.run(&["validate", "etl_sales", "--events", "events.ndjson", "--quiet"]).exits(3);
    let events = events(&fs::read_to_string(home.path().join("events.ndjson")).unwrap());
    let error = one(&events, "error");
    assert_eq!((&error["code"], &error["place"]["column"]), (&"E005".into(), &1.into()), "{error}");
    assert_eq!((&one(&events, "ended")["exit_code"], &one(&events, "ended")["kind"]), (&3.into(), &"project".into()));
}

#[test]
fn what_cannot_be_opened_is_told_before_anything_is_done() {
    let bench = Bench::new();
    for file in ["missing/events.ndjson", ".", "-"] {
        let ran = bench.deploy(&format!("etl_sales --events {file} --output json"), &[]).exits(2);
        assert_eq!(ran.json()["kind"], "usage");
    }
    let registered = bench.path(".local/share/leoflow/sandbox/control-plane/dags/etl_sales");
    assert!(!registered.exists(), "nothing was registered");
}

#[test]
fn what_cannot_be_written_later_is_told_once_and_hinders_nothing() {
    let bench = Bench::new();
    let ran = bench.deploy("etl_sales --events /dev/full", &[]).exits(0);
    assert_eq!(ran.stderr.matches("cannot write events").count(), 1, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("Deployed etl_sales"));
}

#[test]
fn a_pipe_is_read_while_it_happens() {
    let bench = Bench::new();
    let pipe = bench.path("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let reader = std::thread::spawn(move || {
        let lines = BufReader::new(fs::File::open(pipe).unwrap()).lines();
        lines.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    });
    bench.deploy("etl_sales --events pipe", &[]).exits(0);
    assert_eq!(*names(&events(&reader.join().unwrap())).last().unwrap(), "ended");
}

#[test]
fn an_open_file_of_the_shell_is_continued() {
    let home = Home::new();
    let script = "exec 3>>log; echo mine >&3; \"$0\" version --events /dev/fd/3; echo after >&3";
    let shell = std::process::Command::new("/bin/sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_leoflow")])
        .env_clear()
        .env("HOME", home.path())
        .current_dir(home.path())
        .status()
        .unwrap();
    assert!(shell.success());
    let log = fs::read_to_string(home.path().join("log")).unwrap();
    assert!(log.starts_with("mine\n{") && log.ends_with("}\nafter\n"), "{log}");
}

#[test]
fn events_in_the_project_are_not_in_the_image() {
    let bench = Bench::new();
    let digest =
        |arguments: &str| bench.deploy(&format!("{arguments} --output json"), &[]).exits(0).json()["digest"].clone();
    let before = digest("etl_sales");
    assert_eq!(digest("etl_sales --events etl_sales/events.ndjson"), before);
    // Whoever leaves a file there has it in the next image.
    fs::remove_file(bench.path("etl_sales/events.ndjson")).unwrap();
    let dotenv = bench.deploy("etl_sales --output json", &[("LEOFLOW_DOTENV", "etl_sales/result.env")]).exits(0);
    assert_eq!(dotenv.json()["digest"], before);
}

#[test]
fn retries_are_told_and_secrets_never() {
    let bench = Bench::new();
    let failed = std::sync::atomic::AtomicBool::new(false);
    let rule = move |seen: &crate::support::proxy::Seen| {
        let first = seen.path.ends_with("/versions") && !failed.swap(true, std::sync::atomic::Ordering::Relaxed);
        first.then(|| (503, Vec::new(), "sesame-token".to_owned()))
    };
    let server = Proxy::with_rule(&bench.sandbox.control_plane, rule);
    let url = server.url();
    let arguments = ["--server", &url, "--token", "sesame-token", "--registry", &bench.sandbox.registry];
    let words = format!("deploy etl_sales --base {} --events events.ndjson", bench.sandbox.base);
    let variables = [("LEOFLOW_CI", "github"), ("GITHUB_OUTPUT", "out"), ("GITHUB_STEP_SUMMARY", "summary")];
    let ran = bench.run(&words, &arguments, &variables).exits(0);
    let text = bench.read("events.ndjson");
    let retries = events(&text).into_iter().filter(|event| event["event"] == "retry").count();
    assert_eq!(retries, 1, "{text}");
    for told in [text, ran.stdout, ran.stderr, bench.read("out"), bench.read("summary")] {
        assert!(!told.contains("sesame"), "{told}");
    }
}

#[test]
fn a_token_that_is_the_result_is_in_no_event() {
    let bench = Bench::new();
    let mut command = bench.home.leoflow();
    let server = bench.sandbox.control_plane.clone();
    command.args([
        "auth",
        "create-token",
        "-u",
        "ada",
        "--password-stdin",
        "--events",
        "events.ndjson",
        "--server",
        &server,
    ]);
    let file = bench.home.write("password", "sesame\n");
    let output = command.stdin(fs::File::open(file).unwrap()).output().unwrap();
    let token = String::from_utf8(output.stdout).unwrap();
    let text = bench.read("events.ndjson");
    assert!(output.status.success() && token.len() > 20);
    assert!(!text.contains(token.trim()) && !text.contains("sesame"), "{text}");
    assert_eq!(names(&events(&text)), ["started", "ended"]);
}

#[test]
fn the_events_of_a_deploy() {
    let bench = Bench::new();
    bench.deploy("etl_sales --events events.ndjson", &[]).exits(0);
    let text = bench.masked(&bench.read("events.ndjson"));
    // Blobs travel side by side, and the base is asked for meanwhile.
    let in_order = |line: &&str| !["transfer", "base_resolved", "result"].iter().any(|word| line.contains(word));
    let lines: Vec<&str> = text.lines().filter(in_order).collect();
    insta::assert_snapshot!(lines.join("\n"));
}
