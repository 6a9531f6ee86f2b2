//! Everything bad that input, registry and control plane can do, and what is said of it.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use crate::support::proxy::{Answer, Proxy, Seen};
use crate::support::{Home, Ran, SandboxProcess};

/// A project that deploys, with its two files to be replaced.
const YAML: &str = "dag_id: demo\nregistry:\n  url: registry.example.com/team\n";
const DAG: &str = "\
from airflow.sdk import dag, task

@task
def hello():
    return 1

@dag(schedule=None)
def demo():
    hello()

demo()
";

fn project(yaml: &str, dag: &str) -> Home {
    let home = Home::new();
    home.write("demo/leoflow.yaml", yaml);
    home.write("demo/dag.py", dag);
    home
}

/// Deploys a project with bad input to the sandbox.
#[track_caller]
fn bad_input(yaml: &str, dag: &str, code: i32, says: &[&str]) {
    let ran = project(yaml, dag).run(&["deploy", "demo", "--sandbox", "--compile-timeout", "2"]).exits(code);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran.says(says);
}

#[test]
fn a_directory_without_leoflow_yaml() {
    let home = Home::new();
    home.write("demo/dag.py", DAG);
    home.run(&["deploy", "demo", "--sandbox"]).exits(3).says(&["has no leoflow.yaml", "help: "]);
}

#[test]
fn leoflow_yaml_at_fault() {
    let cases: &[(&str, &[&str])] = &[
        ("dag_id: demo\nregistry: [\n", &["leoflow.yaml:2:11", "not YAML", "^"]),
        ("dag_id: demo\nretires: 1\n", &["retires", "leoflow.yaml:2:1", "^^^^^^^"]),
        ("dag_id: demo\ntasks:\n  hello:\n    retrys: 1\n", &["tasks.hello.retrys", "leoflow.yaml:4:5", "`retries`"]),
        ("dag_id: demo\nowner: a\nowner: b\n", &["owner", "leoflow.yaml:3:1", "first"]),
        ("dag_id: demo\nschedule: '@daily'\n", &["DAG(schedule="]),
        ("dag_id: demo\nbuild:\n  dockerfile: Dockerfile\n", &["no Dockerfile", "base_image"]),
    ];
    for (yaml, says) in cases {
        bad_input(yaml, DAG, 3, says);
    }
}

#[test]
fn dag_py_at_fault() {
    let cases: &[(&str, &[&str])] = &[
        ("def broken(:\n", &["dag.py:1:", "SyntaxError", "^"]),
        ("x = 1\n1 / 0\n", &["dag.py:2:", "ZeroDivisionError"]),
        ("while True:\n    pass\n", &["2 s", "stopped"]),
        ("open('/etc/passwd').read()\n", &["/etc/passwd", "dag.py:1:"]),
        ("import socket\nsocket.create_connection(('127.0.0.1', 1))\n", &["socket", "dag.py:2:"]),
        ("import os\nos.fork()\n", &["fork", "dag.py:2:"]),
        ("import os\nos.system('true')\n", &["os.system", "dag.py:2:"]),
        ("x = 1\n", &["no DAG"]),
    ];
    for (dag, says) in cases {
        bad_input(YAML, dag, 4, says);
    }
}

#[test]
fn system_packages_are_refused_rather_than_dropped() {
    let yaml = format!("{YAML}system_packages: [libc6, libpq5]\n");
    bad_input(&yaml, DAG, 5, &["system_packages", "for: libpq5", "base_image"]);
}

#[test]
fn a_file_that_looks_like_a_credential() {
    let home = project(YAML, DAG);
    home.write("demo/config/.env.prod", "PASSWORD=sesame\n");
    let ran = home.run(&["deploy", "demo", "--sandbox"]).exits(3);
    assert!(!ran.stderr.contains("sesame"));
    ran.says(&["config/.env.prod", "exclude_paths"]);
}

#[test]
fn a_project_without_a_registry_is_told_the_lines_to_add() {
    let home = project("dag_id: demo\n", DAG);
    home.run(&["deploy", "demo"]).exits(3).says(&["registry:\n"]);
    home.run(&["deploy", "demo", "--token", "t"]).exits(3).says(&["registry:\n", "url: ghcr.io/", "login"]);
}

#[test]
fn a_deploy_without_a_token_stops_before_it_begins() {
    let home = project(YAML, DAG);
    home.run(&["deploy", "demo"]).exits(2).says(&["no token for http://localhost:8080", "leoflow auth login"]);
}

/// Deploys with a rule between the program and its servers.
struct Faulty {
    home: Home,
    sandbox: SandboxProcess,
}

impl Faulty {
    fn new() -> Self {
        let home = project(YAML, DAG);
        let sandbox = SandboxProcess::start(&home);
        Self { home, sandbox }
    }

    fn registry(&self, rule: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static) -> Ran {
        let proxy = Proxy::with_rule(&self.sandbox.registry, rule);
        let base = self.sandbox.base.replace(&self.sandbox.registry, &proxy.address);
        let server = ["--server", &self.sandbox.control_plane, "--token", "t", "--registry-timeout", "20"];
        let registry = ["--registry", &proxy.address, "--base", &base];
        self.home.run(&[&["deploy", "demo"][..], &server[..], &registry[..]].concat())
    }

    fn control_plane(&self, rule: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static) -> Ran {
        let proxy = Proxy::with_rule(&self.sandbox.control_plane, rule);
        let server = proxy.url();
        let registry = ["--registry", &self.sandbox.registry, "--base", &self.sandbox.base];
        self.home.run(&[&["deploy", "demo", "--server", &server, "--token", "sesame"][..], &registry[..]].concat())
    }
}

fn answer(status: u16, content_type: &str, body: &str) -> Option<Answer> {
    Some((status, vec![("content-type", content_type.to_owned())], body.to_owned()))
}

fn is_push(seen: &Seen) -> bool {
    seen.path.starts_with("/v2/demo/") && seen.method != "GET" && seen.method != "HEAD"
}

#[test]
fn a_base_that_cannot_be_had() {
    let faulty = Faulty::new();
    let is_base = |seen: &Seen| seen.path.contains("/demo-base/manifests/");
    let denied = r#"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#;
    faulty
        .registry(move |seen| is_base(seen).then(|| answer(404, "application/json", "{}")).flatten())
        .exits(6)
        .says(&["cannot read the image", "demo-base", "choose another base with `base_image:`"]);
    faulty
        .registry(move |seen| is_base(seen).then(|| answer(403, "application/json", denied)).flatten())
        .exits(6)
        .says(&["demo-base", "requested access to the resource is denied", "login"]);
    let arguments = [&["deploy", "demo", "--platform", "linux/s390x"][..], &faulty.sandbox.arguments()[..]].concat();
    faulty.home.run(&arguments).exits(6).says(&["linux/s390x", "linux/amd64"]);
}

#[test]
fn a_registry_that_refuses_the_push() {
    let faulty = Faulty::new();
    for status in [401, 403] {
        faulty
            .registry(move |seen| is_push(seen).then(|| answer(status, "application/json", "{}")).flatten())
            .exits(6)
            .says(&["/demo", &status.to_string(), "login"]);
    }
}

#[test]
fn a_registry_that_answers_another_digest() {
    let other = format!("sha256:{}", "0".repeat(64));
    let ran = Faulty::new().registry(move |seen| {
        let headers = vec![("docker-content-digest", other.clone()), ("location", "/v2/demo/manifests/x".to_owned())];
        (seen.method == "PUT" && seen.path.contains("/manifests/")).then_some((201, headers, String::new()))
    });
    ran.exits(6).says(&["sha256:0000", "sha256:"]);
}

#[test]
fn a_registry_that_recovers_is_no_failure() {
    let faulty = Faulty::new();
    faulty
        .registry(|seen| {
            (seen.method == "POST" && is_push(seen) && seen.before < 3)
                .then(|| answer(500, "text/plain", "oops"))
                .flatten()
        })
        .exits(0)
        .says(&["Retrying", "500"]);
    faulty
        .registry(|seen| {
            let headers = vec![("retry-after", "0".to_owned())];
            (seen.method == "HEAD" && seen.before < 1).then_some((429, headers, String::new()))
        })
        .exits(0)
        .says(&["Retrying", "429"]);
}

#[test]
fn a_control_plane_that_says_no_after_the_push() {
    let faulty = Faulty::new();
    let problem = r#"{"type":"about:blank","title":"Invalid spec","status":400,"detail":"tasks[0].pool is unknown"}"#;
    let cases: &[(u16, &str, &str, &[&str])] = &[
        (
            400,
            "application/problem+json",
            problem,
            &["Invalid spec", "tasks[0].pool is unknown", "correct what the server names"],
        ),
        (401, "application/problem+json", "{}", &["401", "leoflow auth login", "uploads nothing"]),
        (404, "text/plain", "", &["404"]),
        (200, "text/html", "<html>login</html>", &["HTML"]),
        (200, "application/json", "", &["help: "]),
    ];
    for &(status, content_type, body, says) in cases {
        let ran = faulty.control_plane(move |_| answer(status, content_type, body)).exits(8);
        assert!(!ran.stderr.contains("sesame"), "{}", ran.stderr);
        ran.says(&["pushed, not registered", "@sha256:"]).says(says);
    }
}

#[test]
fn a_control_plane_that_is_down_costs_nothing_the_next_time() {
    let faulty = Faulty::new();
    let registry = ["--registry", &faulty.sandbox.registry, "--base", &faulty.sandbox.base];
    let dead = [&["deploy", "demo", "--server", "http://127.0.0.1:1", "--token", "t"][..], &registry[..]].concat();
    faulty.home.run(&dead).exits(8).says(&["pushed, not registered", "127.0.0.1:1"]);
    let again = [&["deploy", "demo", "--output", "json"][..], &faulty.sandbox.arguments()[..]].concat();
    let json = faulty.home.run(&again).exits(0).json();
    assert_eq!(json["uploaded_bytes"], 0);
    assert_eq!(json["created"], true);
}

/// Bytes that do not compress (xorshift), so that the layer outgrows memory.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(&mut next).take(length).collect()
}

#[test]
fn a_temporary_directory_that_cannot_be_written_to() {
    let home = project(YAML, DAG);
    std::fs::write(home.path().join("demo/noise.bin"), noise(24_000_000)).unwrap();
    let mut command = home.leoflow();
    command.args(["deploy", "demo", "--sandbox"]).env("TMPDIR", home.path().join("missing"));
    Ran::of(command.output().unwrap()).exits(9).says(&["temporary file", "missing", "help: "]);
}

#[test]
fn an_interrupt_ends_it_with_its_own_code() {
    let faulty = Faulty::new();
    // The control plane accepts the connection and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", silent.local_addr().unwrap());
    let mut command = faulty.home.leoflow();
    command.args(["deploy", "demo", "--server", &server, "--token", "t"]);
    command.args(["--registry", &faulty.sandbox.registry, "--base", &faulty.sandbox.base]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (_waiting, _) = silent.accept().unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), None);
    Ran::of(output).exits(130).says(&["interrupted", "help: "]);
}
