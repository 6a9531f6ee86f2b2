//! `docs/ci.md`: each job is read as its system reads it, and its steps are run against the sandbox.

mod yaml;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::Bench;
use crate::support::Ran;

/// The fenced blocks of a language below a heading of the page.
fn block(heading: &str, language: &str) -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).unwrap();
    let section = page.split(&format!("\n## {heading}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let block = section.split(&format!("```{language}\n")).nth(1).unwrap();
    block.split("\n```").next().unwrap().to_owned()
}

/// A checkout with projects below `dags/`, and the program on the path.
struct Checkout(Bench);

impl Checkout {
    fn new() -> Self {
        let bench = Bench::new();
        fs::create_dir_all(bench.path("dags")).unwrap();
        fs::create_dir_all(bench.path("bin")).unwrap();
        fs::rename(bench.path("etl_sales"), bench.path("dags/etl_sales")).unwrap();
        let fan = bench.home.project("fan_out_in");
        fs::rename(fan, bench.path("dags/fan_out_in")).unwrap();
        for name in ["etl_sales", "fan_out_in"] {
            let yaml = bench.read(&format!("dags/{name}/leoflow.yaml"));
            let kept = yaml.split("\nregistry:").next().unwrap().to_owned();
            let (registry, base) = (&bench.sandbox.registry, &bench.sandbox.base);
            let text = format!("{kept}\nregistry:\n  url: {registry}\nbase_image: {base}\n");
            fs::write(bench.path(&format!("dags/{name}/leoflow.yaml")), text).unwrap();
        }
        Self(bench)
    }

    /// Puts the program where an installation would.
    fn install(&self) {
        let there = self.0.path("bin/leoflow");
        let text = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_leoflow"));
        fs::write(&there, text).unwrap();
        fs::set_permissions(&there, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a step as runners do.
    fn step(&self, script: &str, variables: &[(&str, &str)]) -> Ran {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.0.path("bin").display());
        let mut command = Command::new("/bin/bash");
        command.args(["-eo", "pipefail", "-c", script]).env_clear().current_dir(self.0.home.path());
        command.env("HOME", self.0.home.path()).env("PATH", path).env("LEOFLOW_TOKEN", "t");
        command.env("LEOFLOW_SERVER_URL", &self.0.sandbox.control_plane).envs(variables.iter().copied());
        Ran::of(command.output().unwrap())
    }
}

fn script(step: &Value) -> &str {
    step["run"].as_str().unwrap_or_default()
}

#[test]
fn the_workflow_of_github_runs() {
    let [workflow] = yaml::read(&block("GitHub Actions", "yaml")).try_into().unwrap();
    let checkout = Checkout::new();
    for key in ["name", "on", "permissions", "jobs"] {
        assert!(!workflow[key].is_null(), "{key}");
    }
    let job = &workflow["jobs"]["dags"];
    assert!(job["runs-on"].is_string());
    let steps = job["steps"].as_array().unwrap();
    for step in steps {
        let is_step = step["uses"].is_string() != step["run"].is_string();
        assert!(is_step, "{step:#}");
    }
    let (program, sum) = (env!("CARGO_BIN_EXE_leoflow"), checkout.0.path("github_path"));
    let digest = checkout.step(&format!("sha256sum '{program}' | cut -d' ' -f1"), &[]).exits(0).stdout;
    let (url, path) = (format!("file://{program}"), sum.to_string_lossy().into_owned());
    let files = [("GITHUB_OUTPUT", "out"), ("GITHUB_STEP_SUMMARY", "summary.md")];
    let files = files.map(|(name, file)| (name, checkout.0.path(file).to_string_lossy().into_owned()));
    let mut variables = vec![("GITHUB_ACTIONS", "true"), ("LEOFLOW_URL", &url), ("LEOFLOW_SHA256", digest.trim())];
    variables.extend([("GITHUB_PATH", path.as_str()), ("CI", "true")]);
    variables.extend(files.iter().map(|(name, file)| (*name, file.as_str())));
    for step in steps.iter().filter(|step| step["run"].is_string()) {
        let name = step["name"].as_str().unwrap();
        let ran = checkout.step(script(step), &variables).exits(0);
        match name {
            "Install leoflow" => {
                assert_eq!(checkout.0.read("github_path"), format!("{}/bin\n", checkout.0.home.path().display()))
            }
            "Plan" => assert!(!checkout.0.path("events.ndjson").exists(), "{}", ran.stdout),
            "Deploy" => assert!(checkout.0.read("out").contains("\ndeployed=2\n"), "{}", checkout.0.read("out")),
            _ => {}
        }
    }
    assert!(checkout.0.read("events.ndjson").lines().count() > 10);
    assert!(checkout.0.read("summary.md").contains("```mermaid\n"));
}

#[test]
fn the_jobs_of_gitlab_run() {
    let [pipeline] = yaml::read(&block("GitLab CI", "yaml")).try_into().unwrap();
    let stages = pipeline["stages"].as_array().unwrap();
    let checkout = Checkout::new();
    checkout.install();
    let mut variables = vec![("GITLAB_CI", "true".to_owned())];
    for name in ["plan", "deploy", "tell"] {
        let job = &pipeline[name];
        assert!(stages.contains(&job["stage"]) && job["rules"].is_array(), "{name}");
        let own = job["variables"].as_object().into_iter().flatten();
        variables.extend(own.map(|(_, value)| ("LEOFLOW_DOTENV", value.as_str().unwrap().to_owned())));
        let lines: Vec<&str> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let given: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut script = lines.join("\n");
        if name == "tell" {
            let report = checkout.0.read(job_report(&pipeline));
            let exports = report.lines().map(|line| line.split_once('=').unwrap());
            script = exports.map(|(name, value)| format!("export {name}='{value}'\n")).collect::<String>() + &script;
        }
        let ran = checkout.step(&script, &given).exits(0);
        if name == "tell" {
            assert_eq!(ran.stdout, "2 deployed, 0 unchanged\n");
        }
    }
}

fn job_report(pipeline: &Value) -> &str {
    pipeline["deploy"]["artifacts"]["reports"]["dotenv"].as_str().unwrap()
}

#[test]
fn the_steps_of_jenkins_run() {
    let file = block("Jenkins", "groovy");
    assert_eq!(file.matches('{').count(), file.matches('}').count());
    let steps = regex::Regex::new(r"(?s)sh '''\n(.*?)'''|sh '([^'\n]+)'").unwrap();
    let checkout = Checkout::new();
    checkout.install();
    let dotenv = checkout.0.path("leoflow.env").to_string_lossy().into_owned();
    let scripts: Vec<String> =
        steps.captures_iter(&file).map(|found| found.get(1).or(found.get(2)).unwrap().as_str().to_owned()).collect();
    assert_eq!(scripts.len(), 3, "{file}");
    for script in scripts {
        checkout.step(&script, &[("LEOFLOW_DOTENV", &dotenv)]).exits(0);
    }
    assert!(checkout.0.read("leoflow.env").contains("LEOFLOW_RESULT_DEPLOYED=2\n"));
}

#[test]
fn the_task_of_tekton_runs_and_the_pipeline_calls_it() {
    let [task, pipeline] = yaml::read(&block("Tekton", "yaml")).try_into().unwrap();
    for (document, kind) in [(&task, "Task"), (&pipeline, "Pipeline")] {
        assert_eq!((&document["apiVersion"], &document["kind"]), (&"tekton.dev/v1".into(), &kind.into()));
    }
    let names = |list: &Value| {
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let call = &pipeline["spec"]["tasks"][1];
    assert_eq!(call["taskRef"]["name"], task["metadata"]["name"]);
    assert!(names(&call["params"]).iter().all(|name| names(&task["spec"]["params"]).contains(name)));
    let checkout = Checkout::new();
    checkout.install();
    let step = &task["spec"]["steps"][0];
    let mut script = step["script"].as_str().unwrap().to_owned();
    for result in names(&task["spec"]["results"]) {
        script = script.replace(&format!("$(results.{result}.path)"), &format!("result-{result}"));
    }
    let variables = [("LEOFLOW_DOTENV", "leoflow.env"), ("DAGS", "dags")];
    checkout.step(&script, &variables).exits(0);
    assert_eq!(checkout.0.read("result-deployed"), "2");
    let images: Value = serde_json::from_str(&checkout.0.read("result-images")).unwrap();
    assert!(images["etl_sales"].as_str().unwrap().contains("@sha256:"), "{images}");
}

/// What a page names is there.
#[test]
fn the_pages_name_events_and_variables_that_exist() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let page = fs::read_to_string(docs.join("events.md")).unwrap();
    let schema = fs::read_to_string(docs.join("schemas/event.v1.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    for event in schema["properties"]["event"]["enum"].as_array().unwrap() {
        assert!(page.contains(&format!("`{}`", event.as_str().unwrap())), "docs/events.md has no {event}");
    }
}
