//! `doctor`: each line with its fix.

mod faults;
mod secrets;

use serde_json::Value;

use crate::support::proxy::{Answer, Proxy, Seen};
use crate::support::{Home, Ran, SandboxProcess};

/// A project, a sandbox for it, and a proxy before its control plane that answers by a rule.
struct Bench {
    home: Home,
    sandbox: SandboxProcess,
    server: Proxy,
}

impl Bench {
    fn new() -> Self {
        Self::with_rule(|_| None)
    }

    fn with_rule(rule: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let home = Home::new();
        home.project("etl_sales");
        let sandbox = SandboxProcess::start(&home);
        let server = Proxy::with_rule(&sandbox.control_plane, rule);
        Self { home, sandbox, server }
    }

    /// Checks the project with other arguments behind the usual ones.
    fn doctor(&self, more: &[&str]) -> Ran {
        let (server, Self { sandbox, .. }) = (self.server.url(), self);
        let usual =
            ["doctor", "etl_sales", "--server", &server, "--registry", &sandbox.registry, "--base", &sandbox.base];
        let token = if more.contains(&"--token") { &[][..] } else { &["--token", "t"] };
        self.home.run(&[&usual[..], token, more].concat())
    }
}

/// Returns a check as `status: what / help`.
fn check(json: &Value, name: &str) -> String {
    let check = json["checks"].as_array().unwrap().iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("there is no {name} in {json:#}"));
    let text = |field: &str| check[field].as_str().unwrap_or("-").to_owned();
    format!("{}: {} / {}", text("status"), text("what"), text("help"))
}

fn names(json: &Value) -> Vec<&str> {
    json["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect()
}

#[test]
fn what_a_deploy_needs_is_checked_in_the_order_in_which_it_needs_it() {
    let bench = Bench::new();
    let json = bench.doctor(&["--output", "json"]).exits(0).json();
    let expected = [
        "program", "project", "python", "base", "push", "server", "token", "clock", "proxy", "ca", "settings", "ci",
        "cache", "disk",
    ];
    assert_eq!(names(&json), expected);
    assert_eq!(
        (&json["schema"], &json["failed"], &json["dag_id"]),
        (&"leoflow.doctor/v1".into(), &0.into(), &"etl_sales".into())
    );
    let ran = bench.doctor(&[]).exits(0);
    assert!(
        ran.stdout.starts_with("ok    program   leoflow ") && ran.stdout.contains("\n\n14 checks: 14 ok\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80 || !line.trim().contains(' ')), "{}", ran.stdout);
}

#[test]
fn without_a_project_only_the_machine_and_the_server_are_checked() {
    let bench = Bench::new();
    let json = bench
        .home
        .run(&["doctor", "--server", &bench.server.url(), "--token", "t", "--output", "json"])
        .exits(0)
        .json();
    assert_eq!(
        names(&json),
        ["program", "python", "server", "token", "clock", "proxy", "ca", "settings", "ci", "cache", "disk"]
    );
    assert_eq!(json["dag_id"], Value::Null);
}

#[test]
fn a_newcomer_can_check_the_sandbox() {
    let home = Home::new();
    let project = home.project("etl_sales");
    let mut command = home.leoflow();
    let ran = Ran::of(command.args(["doctor", "--sandbox"]).current_dir(project).output().unwrap()).exits(0);
    assert!(ran.stdout.contains("ok    token     from --sandbox, taken by the server, expires in "), "{}", ran.stdout);
}

#[test]
fn the_right_to_push_is_proved_by_an_upload_that_is_cancelled() {
    let bench = Bench::new();
    let registry = Proxy::to(&bench.sandbox.registry);
    bench.doctor(&["--registry", &registry.address]).exits(2);
    let server = bench.server.url();
    let arguments = ["doctor", "etl_sales", "--server", &server, "--token", "t", "--registry", &registry.address];
    let json = bench
        .home
        .run(&[&arguments[..], &["--base", &bench.sandbox.base, "--output", "json"]].concat())
        .exits(0)
        .json();
    assert!(check(&json, "push").contains("/etl_sales takes uploads; no credential was found for it"), "{json}");
    let uploads: Vec<Seen> = registry.take().into_iter().filter(|seen| seen.path.contains("/blobs/uploads/")).collect();
    let methods: Vec<&str> = uploads.iter().map(|seen| seen.method.as_str()).collect();
    assert_eq!(methods, ["POST", "DELETE"]);
}
