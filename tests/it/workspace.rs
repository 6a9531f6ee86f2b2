//! `leoflow deploy --all` from outside: checked before anything moves, all or none, only what changed.

mod atomic;
mod best_effort;
mod changed;
mod once;
mod since;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::proxy::{Answer, Proxy, Seen};
use crate::support::{Home, Ran, SandboxProcess};

/// Some projects, and servers that say what they were asked.
struct World {
    home: Home,
    sandbox: SandboxProcess,
    registry: Proxy,
    control_plane: Proxy,
}

impl World {
    fn new(names: &[&str]) -> Self {
        Self::with_rules(names, |_| None, |_| None)
    }

    /// Servers that answer by these rules where they have an answer.
    fn with_rules(
        names: &[&str],
        registry: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static,
        control_plane: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let home = Home::new();
        names.iter().for_each(|name| write_project(&home, name));
        let sandbox = SandboxProcess::start(&home);
        let registry = Proxy::with_rule(&sandbox.registry, registry);
        let control_plane = Proxy::with_rule(&sandbox.control_plane, control_plane);
        Self { home, sandbox, registry, control_plane }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.command_on(&self.sandbox.base.replace(&self.sandbox.registry, &self.registry.address), arguments)
    }

    fn command_on(&self, base: &str, arguments: &[&str]) -> Command {
        let mut command = self.home.leoflow();
        command.args(["deploy", "--all", "dags", "--server", &self.control_plane.url(), "--token", "t"]);
        command.args(["--registry", &self.registry.address, "--base", base]).args(arguments);
        command
    }

    fn deploy(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Deploys, and returns the result as scripts read it.
    fn json(&self, arguments: &[&str], code: i32) -> Value {
        self.deploy(&[arguments, &["--output", "json"]].concat()).exits(code).json()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().join("dags").join(path)
    }

    /// Adds a line to a file.
    fn edit(&self, path: &str) {
        let path = self.path(path);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(path, text + "# edited\n").unwrap();
    }

    /// What was registered, in order.
    fn registrations(&self) -> Vec<String> {
        let posts = self.control_plane.take().into_iter().filter(|seen| seen.method == "POST");
        posts.map(|seen| seen.path.split('/').nth(4).unwrap().to_owned()).collect()
    }
}

fn write_project(home: &Home, name: &str) {
    let dag = "from airflow.sdk import DAG, task\n\nwith DAG(dag_id=\"NAME\", schedule=None):\n    @task\n    def t():\n        pass\n\n    t()\n";
    home.write(&format!("dags/{name}/leoflow.yaml"), &format!("dag_id: {name}\n"));
    home.write(&format!("dags/{name}/dag.py"), &dag.replace("NAME", name));
}

/// `dag_id: status` of each, in order.
fn statuses(json: &Value) -> Vec<String> {
    let status = |result: &Value| format!("{}: {}", text(&result["dag_id"]), text(&result["status"]));
    json["results"].as_array().unwrap().iter().map(status).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// An answer of a server that refuses.
fn refusal(status: u16) -> Option<Answer> {
    let problem = format!(r#"{{"title": "No", "status": {status}, "detail": "not you"}}"#);
    Some((status, vec![("Content-Type", "application/problem+json".to_owned())], problem))
}

/// What a registry answers who may not push.
fn denied() -> Option<Answer> {
    let body = r#"{"errors":[{"code":"DENIED","message":"you may not push here"}]}"#.to_owned();
    Some((403, vec![("Content-Type", "application/json".to_owned())], body))
}

/// Fails unless every line fits a terminal.
#[track_caller]
fn fits(text: &str) {
    let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(long.is_empty(), "{long:#?}");
}

fn git(directory: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(["-c", "user.name=t", "-c", "user.email=t@example.com"]).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
