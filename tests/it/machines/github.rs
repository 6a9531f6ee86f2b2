//! What GitHub Actions is told: groups, annotations, outputs, the summary; and that nobody else can tell it anything.

use std::fs;

use super::Bench;
use crate::support::proxy::Proxy;

/// The variables of a step.
fn step(bench: &Bench) -> Vec<(&'static str, String)> {
    let path = |name: &str| bench.path(name).to_string_lossy().into_owned();
    vec![
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_WORKSPACE", bench.home.path().to_string_lossy().into_owned()),
        ("GITHUB_OUTPUT", path("out")),
        ("GITHUB_STEP_SUMMARY", path("summary.md")),
    ]
}

fn deploy(bench: &Bench, words: &str) -> crate::support::Ran {
    let variables = step(bench);
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    bench.deploy(words, &variables)
}

#[test]
fn a_deploy_in_a_job() {
    let bench = Bench::new();
    let ran = deploy(&bench, "etl_sales").exits(0);
    // The base is asked for while the project is packed.
    let lines: Vec<&str> =
        ran.stderr.lines().filter(|line| !line.contains("Base") && !line.contains("Waiting")).collect();
    let log = format!("{}\n--- stdout\n{}", lines.join("\n"), ran.stdout);
    insta::assert_snapshot!("log", bench.masked(&log));
    insta::assert_snapshot!("outputs", bench.masked(&bench.read("out")));
    insta::assert_snapshot!("summary", bench.masked(&bench.read("summary.md")));
}

#[test]
fn a_workspace_in_a_job() {
    let bench = Bench::new();
    fs::write(bench.home.project("fan_out_in").join("dag.py"), "import nothing_of_the_kind\n").unwrap();
    let ran = deploy(&bench, "--all --yes --output json .").exits(4);
    let annotations: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("::error")).collect();
    assert_eq!(annotations.len(), 1, "{}", ran.stderr);
    assert!(annotations[0].starts_with("::error file=fan_out_in/dag.py,line=1,col="), "{}", annotations[0]);
    let outputs = bench.read("out");
    let image = ran.json()["results"][0]["image"].as_str().unwrap().to_owned();
    for line in
        ["deployed=1", "failed=1", "kind=compile", "exit_code=4", &format!(r#"images={{"etl_sales":"{image}"}}"#)]
    {
        assert!(outputs.lines().any(|found| found == line), "{line} is not in {outputs}");
    }
    insta::assert_snapshot!("summary_of_all", bench.masked(&bench.read("summary.md")));
}

#[test]
fn a_failure_in_a_job() {
    let bench = Bench::new();
    let yaml = bench.path("etl_sales/leoflow.yaml");
    let text = fs::read_to_string(&yaml).unwrap();
    let lines = text.lines().count();
    fs::write(&yaml, text + "ownr: x\n").unwrap();
    let ran = deploy(&bench, "etl_sales").exits(3);
    let annotation =
        format!("::error file=etl_sales/leoflow.yaml,line={},col=1,title=leoflow E005::unknown key", lines + 1);
    assert!(ran.stderr.lines().any(|line| line.starts_with(&annotation)), "{}", ran.stderr);
    assert!(!ran.stderr.contains("::group::"), "nothing was begun: {}", ran.stderr);
    assert_eq!(bench.read("out"), "exit_code=3\nkind=project\n");
    let summary = bench.read("summary.md");
    assert!(summary.starts_with("## leoflow deploy: failed: project (exit code 3)\n\n```\nerror[E005]: "), "{summary}");
}

#[test]
fn a_group_is_closed_before_the_error_that_ended_it() {
    let bench = Bench::new();
    fs::write(bench.path("etl_sales/dag.py"), "1/0\n").unwrap();
    let ran = deploy(&bench, "etl_sales").exits(4);
    let at = |text: &str| ran.stderr.find(text).unwrap_or_else(|| panic!("no {text} in {}", ran.stderr));
    assert!(at("::group::etl_sales") < at("::endgroup::") && at("::endgroup::") < at("error["), "{}", ran.stderr);
}

#[test]
fn a_quiet_command_tells_errors_and_nothing_else() {
    let bench = Bench::new();
    let ran = deploy(&bench, "etl_sales --quiet").exits(0);
    assert_eq!(ran.stderr, "");
    assert!(bench.read("out").contains("digest=sha256:"));
}

#[test]
fn what_a_server_says_is_no_command() {
    let bench = Bench::new();
    let evil = "no\n::set-output name=digest::evil\n  ::stop-commands::x\n##[add-mask]1";
    let body = serde_json::json!({"title": evil, "detail": evil, "status": 403}).to_string();
    let rule = move |seen: &crate::support::proxy::Seen| {
        let answer = (403, vec![("content-type", "application/problem+json".to_owned())], body.clone());
        seen.path.ends_with("/versions").then_some(answer)
    };
    let server = Proxy::with_rule(&bench.sandbox.control_plane, rule);
    let variables = step(&bench);
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for format in ["text", "json"] {
        let url = server.url();
        let to = [
            "--server",
            &url,
            "--token",
            "sesame",
            "--registry",
            &bench.sandbox.registry,
            "--base",
            &bench.sandbox.base,
        ];
        let ran =
            bench.run(&format!("deploy etl_sales --output {format} --events /dev/stderr"), &to, &variables).exits(8);
        let ours = ["::group::", "::endgroup::", "::error "];
        for line in ran.stdout.lines().chain(ran.stderr.lines()) {
            let line = line.trim_start();
            let is_ours = ours.iter().any(|command| line.starts_with(command));
            assert!(!line.starts_with("::") || is_ours, "{line}");
            assert!(!line.contains("##["), "{line}");
        }
        assert!(ran.stderr.contains("set-output"), "it is told all the same: {}", ran.stderr);
    }
    assert!(bench.read("out").lines().all(|line| line.starts_with("exit_code=") || line.starts_with("kind=")));
}

#[test]
fn an_argument_is_no_command() {
    let bench = Bench::new();
    let evil = "--x\n::set-output name=a::b\n##[error]x";
    let ran = bench.run("deploy", &[evil], &[("GITHUB_ACTIONS", "true")]).exits(2);
    assert!(
        ran.stderr.lines().all(|line| !line.trim_start().starts_with("::") && !line.contains("##[")),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_cannot_be_told_is_no_failure_and_elsewhere_nothing_is_told() {
    let bench = Bench::new();
    let gone =
        [("GITHUB_ACTIONS", "true"), ("GITHUB_OUTPUT", "/dev/null/out"), ("GITHUB_STEP_SUMMARY", "/dev/null/summary")];
    let ran = bench.deploy("etl_sales", &gone).exits(0).says(&["cannot write `/dev/null/out`"]);
    assert!(ran.stdout.starts_with("Deployed"));
    let mut variables = step(&bench);
    for (ci, code) in [("none", 0), ("circus", 2)] {
        variables.push(("LEOFLOW_CI", ci.to_owned()));
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let ran = bench.deploy("etl_sales", &variables).exits(code);
        assert!(!ran.stderr.contains("::") && !bench.path("out").exists(), "{}", ran.stderr);
    }
}

#[test]
fn the_version_of_the_program_is_no_output() {
    let bench = Bench::new();
    let variables = step(&bench);
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    bench.run("version", &[], &variables).exits(0);
    assert!(!bench.path("out").exists() && !bench.path("summary.md").exists());
}
