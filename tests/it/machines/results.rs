//! `--output json` of every command, beside its schema.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use super::Bench;
use crate::support::schema::{self, Schemas};
use crate::support::wheels::Wheel;
use crate::support::{Home, Ran, SandboxProcess};

/// What no command prints as its result: common parts, events, and what stands in another result.
const NO_RESULTS: &[&str] = &["common.v1", "differences.v1", "event.v1"];

/// Looks at results, and remembers which kinds there were.
#[derive(Default)]
struct Seen {
    schemas: Schemas,
    names: BTreeSet<String>,
}

impl Seen {
    #[track_caller]
    fn look(&mut self, ran: &Ran) -> Value {
        let json = ran.json();
        self.schemas.check(&json);
        self.note(&json);
        json
    }

    fn note(&mut self, json: &Value) {
        self.names.insert(json["schema"].as_str().unwrap().trim_start_matches("leoflow.").replace('/', "."));
        json["results"].as_array().into_iter().flatten().for_each(|inner| self.note(inner));
    }
}

#[test]
fn every_result_is_what_its_schema_says() {
    let bench = Bench::new();
    let mut seen = Seen::default();
    deploys(&bench, &mut seen);
    versions(&bench, &mut seen);
    of_a_project(&bench, &mut seen);
    packages(&bench, &mut seen);
    servers(&bench, &mut seen);
    tools(&bench, &mut seen);
    let there = files().into_iter().filter(|name| !NO_RESULTS.contains(&name.as_str())).collect::<BTreeSet<_>>();
    let unseen: Vec<_> = there.difference(&seen.names).collect();
    assert!(unseen.is_empty(), "no result of these kinds was looked at: {unseen:?}");
}

fn deploys(bench: &Bench, seen: &mut Seen) {
    let json = |words: &str, code: i32| bench.deploy(&format!("{words} --output json"), &[]).exits(code);
    seen.look(&json("etl_sales --trigger --spec-out pinned.json", 0));
    seen.look(&json("etl_sales", 0));
    let faulty = bench.home.project("fan_out_in").join("dag.py");
    fs::write(&faulty, "syntax error here").unwrap();
    let all = seen.look(&json("--all --changed --yes .", 4));
    assert_eq!((&all["unchanged"], &all["failed"]), (&json!(1), &json!(1)), "{all:#}");
    seen.look(&bench.run("deploy --bogus --output json", &[], &[]).exits(2));
    let server = bench.sandbox.control_plane.clone();
    let to = ["--server", &server, "--token", "t", "--output", "json"];
    seen.look(&bench.run("push pinned.json", &to, &[]).exits(0));
    let run = bench.run("push pinned.json --trigger", &to, &[]).exits(0).json()["dag_run_id"].clone();
    seen.look(&bench.run(&format!("wait etl_sales {} --timeout 60", run.as_str().unwrap()), &to, &[]).exits(0));
}

fn versions(bench: &Bench, seen: &mut Seen) {
    let server = bench.sandbox.control_plane.clone();
    let to = ["--server", &server, "--token", "t", "--output", "json"];
    let dag = bench.read("etl_sales/dag.py");
    let edited = dag.replace("retries=2", "retries=3").replace("\"demo\"]", "\"demo\", \"x\"]");
    fs::write(bench.path("etl_sales/dag.py"), edited + "\n# edited\n").unwrap();
    let plan = |seen: &mut Seen, code| {
        seen.look(&bench.deploy("etl_sales --dry-run --exit-code --output json", &[]).exits(code));
    };
    plan(seen, 10);
    bench.deploy("etl_sales --spec-out second.json", &[]).exits(0);
    plan(seen, 0);
    seen.look(&bench.run("diff pinned.json second.json --exit-code --output json", &[], &[]).exits(10));
    let images = ["pinned.json", "second.json"].map(|file| {
        let spec: Value = serde_json::from_str(&bench.read(file)).unwrap();
        spec["image"].as_str().unwrap().to_owned()
    });
    seen.look(&bench.run("diff --output json", &[&images[0], &images[1]], &[]).exits(0));
    seen.look(&bench.run("diff --output json", &[&images[0], &images[0]], &[]).exits(0));
    seen.look(&bench.run("history etl_sales", &to, &[]).exits(0));
    seen.look(&bench.run("rollback etl_sales --yes", &to, &[]).exits(0));
    let (other, tokens) = (Home::new(), [("A", "a"), ("B", "b")]);
    let site = SandboxProcess::start(&other);
    let ends = ["--from", &server, "--to", &site.control_plane, "--from-token-env", "A", "--to-token-env", "B"];
    let registry = format!("{}/prod", site.registry);
    let words = format!("promote etl_sales --yes --registry {registry} --output json");
    seen.look(&bench.run(&words, &ends, &tokens).exits(0));
    fs::write(bench.path("etl_sales/dag.py"), dag).unwrap();
}

fn of_a_project(bench: &Bench, seen: &mut Seen) {
    let mut look =
        |words: &str, code: i32| seen.look(&bench.run(&format!("{words} --output json"), &[], &[]).exits(code));
    look("compile etl_sales -o dag.json", 0);
    look("graph etl_sales", 0);
    look("graph dag.json -o graph.svg --format svg", 0);
    look("validate etl_sales", 0);
    look("validate --all .", 4);
    look("validate dag.json", 0);
    look(&format!("build etl_sales -o oci:built.tar --base {}", bench.sandbox.base), 0);
    look("image copy oci:built.tar oci:copied.tar", 0);
    look("init fresh", 0);
    let whole = bench.run("compile etl_sales -o -", &["--output", "json"], &[]).exits(0).json();
    assert!(whole["tasks"].is_array() && whole["schema"].is_null(), "dag.json itself");
}

fn packages(bench: &Bench, seen: &mut Seen) {
    let yaml = bench.read("etl_sales/leoflow.yaml");
    fs::write(bench.path("etl_sales/leoflow.yaml"), yaml + "dependencies: [app]\n").unwrap();
    fs::create_dir(bench.path("wheels")).unwrap();
    for wheel in [Wheel::new("app", "1.0").requires("lib"), Wheel::new("lib", "2.0")] {
        fs::write(bench.path("wheels").join(wheel.filename()), wheel.build()).unwrap();
    }
    let mut look = |words: &str| {
        seen.look(&bench.run(&format!("{words} --base {} --output json", bench.sandbox.base), &[], &[]).exits(0));
    };
    look("lock etl_sales --no-index --find-links wheels");
    look("tree etl_sales --no-index --find-links wheels --why lib");
    seen.look(&bench.run("validate etl_sales --output json", &[], &[]).exits(0));
}

fn servers(bench: &Bench, seen: &mut Seen) {
    let server = bench.sandbox.control_plane.clone();
    for command in ["login", "create-token"] {
        let mut command = {
            let mut program = bench.home.leoflow();
            program.args(["auth", command, "--server", &server, "-u", "ada", "--password-stdin", "--output", "json"]);
            program
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "pw").unwrap();
        seen.look(&Ran::of(child.wait_with_output().unwrap()).exits(0));
    }
    let mut look = |words: &str| seen.look(&bench.run(&format!("{words} --output json"), &[], &[]).exits(0));
    look("auth status");
    look("auth logout");
    look(&format!("target add prod --server {server} --registry r.example/team"));
    look("target use prod");
    look("target list");
    look("target remove prod");
    let mut sandbox = bench.home.leoflow();
    sandbox.args(["sandbox", "--output", "json", "--quiet"]);
    let mut sandbox = sandbox.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(sandbox.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut object = String::new();
    for line in lines {
        object.push_str(&line);
        if line == "}" {
            break;
        }
    }
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
    seen.look(&Ran { code: Some(0), stdout: object, stderr: String::new() });
}

fn tools(bench: &Bench, seen: &mut Seen) {
    let mut look = |words: &str| seen.look(&bench.run(&format!("{words} --output json"), &[], &[]).exits(0));
    look("version");
    look("explain E005");
    look("cache info");
    look("cache prune --all");
    look("completions bash");
    look("man pages");
    look("config show");
    // No token, and no base that anybody could reach: what it finds is not the point.
    let ran = bench.run("doctor etl_sales --offline --output json", &[], &[]);
    seen.look(&ran);
}

fn files() -> BTreeSet<String> {
    let entries = fs::read_dir(schema::directory()).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect()
}

#[test]
fn what_has_no_schema_or_does_not_fit_it_is_a_fault() {
    let (schemas, home) = (Schemas::default(), Home::new());
    let version = home.run(&["version", "--output", "json"]).json();
    let changed = |key: &str, value: Value| {
        let mut object = version.clone();
        object[key] = value;
        schemas.faults(&object)
    };
    assert_eq!(schemas.faults(&version), Vec::<String>::new());
    for (key, value, expected) in [
        ("schema", json!("leoflow.nothing/v1"), "has no schema"),
        ("schema", json!(null), "names no schema"),
        ("version", json!(1), "is not of type"),
        ("new", json!(1), "/new is not in the schema"),
    ] {
        let faults = changed(key, value);
        assert!(faults.len() == 1 && faults[0].contains(expected), "{key}: {faults:?}");
    }
    let mut report = json!({"schema": "leoflow.error/v1", "kind": "usage", "exit_code": 2, "errors": []});
    assert_eq!(schemas.faults(&report).len(), 1, "at least one error");
    report["errors"] = json!([{"code": "x", "message": "m", "place": {"file": "f", "line": 0, "column": 1}}]);
    assert_eq!(schemas.faults(&report).len(), 3, "{:?}", schemas.faults(&report));
}

/// Whoever adds a result adds its schema: also when no test prints it.
#[test]
fn every_kind_of_object_in_the_sources_has_a_schema() {
    let there = files();
    let pattern = regex::Regex::new(r#""leoflow\.([a-z_-]+)/v(\d+)""#).unwrap();
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        for found in pattern.captures_iter(text.split("#[cfg(test)]").next().unwrap()) {
            let name = format!("{}.v{}", &found[1], &found[2]);
            assert!(
                there.contains(&name),
                "{} names {}, and docs/schemas/{name}.json is missing",
                path.display(),
                &found[0]
            );
        }
    }
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}
