//! `registry.auth_method`, from leoflow.yaml and the environment to what a registry sees.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::registry::samples::put_base;
use crate::support::fake_registry::FakeRegistry;
use crate::support::scripted::Answer;
use crate::support::{Home, Ran, SandboxProcess};

/// `me:hush`
const BASIC: &str = "Basic bWU6aHVzaA==";

fn choose(project: &Path, method: &str) {
    let file = project.join("leoflow.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, text.replace("registry:\n", &format!("registry:\n  auth_method: {method}\n"))).unwrap();
}

fn deploy(home: &Home, arguments: &[&str]) -> Command {
    let mut command = home.leoflow();
    command.arg("deploy").args(arguments).args(["--server", "http://127.0.0.1:1", "--token", "t"]);
    command
}

/// The base is on another registry, which asks for a login as well.
#[tokio::test(flavor = "multi_thread")]
async fn variables_are_for_the_target_and_not_for_the_base() {
    let guarded = || {
        FakeRegistry::scripted(|request, _| {
            let refused = || Answer::new(401).header("WWW-Authenticate", "Basic realm=x");
            (request.header("authorization") != Some(BASIC)).then(refused)
        })
    };
    let (target, base) = (guarded().await, guarded().await);
    put_base(&target);
    put_base(&base);
    let home = Home::new();
    let project = home.project("etl_sales");
    choose(&project, "env");
    let sandbox = SandboxProcess::start(&home);
    let run = |base: &str| {
        let (registry, base) = (format!("{}/team", target.host()), format!("{base}/base/python:3"));
        let mut command = home.leoflow();
        command.args(["deploy", "etl_sales", "--registry", &registry, "--base", &base, "--output", "json"]);
        command.args(["--server", &sandbox.control_plane, "--token", "t"]);
        command.env("LEOFLOW_REGISTRY_USERNAME", "me").env("LEOFLOW_REGISTRY_PASSWORD", "hush");
        Ran::of(command.output().unwrap())
    };
    run(&base.host()).exits(6).says(&["wants a login", &format!("docker login {}", base.host())]);
    assert!(base.server.requests().iter().all(|request| request.header("authorization").is_none()));
    run(&target.host()).exits(0);
    assert!(target.server.requests().iter().any(|request| request.header("authorization") == Some(BASIC)));
}

#[test]
fn what_a_method_lacks_is_said_before_anything_is_done() {
    let home = Home::new();
    let project = home.project("etl_sales");
    choose(&project, "env");
    let ran = Ran::of(deploy(&home, &["etl_sales"]).output().unwrap());
    ran.exits(2).says(&["neither LEOFLOW_REGISTRY_USERNAME and LEOFLOW_REGISTRY_PASSWORD nor LEOFLOW_REGISTRY_TOKEN"]);
    let half = Ran::of(deploy(&home, &["etl_sales"]).env("LEOFLOW_REGISTRY_USERNAME", "me").output().unwrap());
    half.exits(2).says(&["LEOFLOW_REGISTRY_PASSWORD is not"]);

    let home = Home::new();
    choose(&home.project("etl_sales"), "iam");
    let ran = Ran::of(deploy(&home, &["etl_sales"]).output().unwrap());
    ran.exits(3).says(&["registry.example.com is no registry of a cloud's", "auth_method: env"]);
}

#[test]
fn one_credential_is_not_shown_to_two_registries() {
    let home = Home::new();
    let workspace = home.project("workspace");
    let (ingest, reports) = (workspace.join("ingest"), workspace.join("reports"));
    choose(&ingest, "env");
    let all = |home: &Home| Ran::of(deploy(home, &["--all", "workspace"]).output().unwrap());
    all(&home).exits(3).says(&["go to registry.example.com, but with different `registry.auth_method`s"]);

    choose(&reports, "env");
    choose(&workspace.join("billing/invoices"), "env");
    let file = reports.join("leoflow.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("registry.example.com", "registry.example.org")).unwrap();
    all(&home).exits(3).says(&["projects go to registry.example.com and registry.example.org"]);
}
