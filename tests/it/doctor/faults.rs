//! What keeps a deploy from working, each with its exit code and its fix.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::{Bench, check};
use crate::support::proxy::{Answer, Proxy, Seen};
use crate::support::{Home, Ran};

fn token(expires: u64) -> String {
    format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{expires}}}"#)))
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn a_server_that_refuses_or_is_another_is_told_with_what_to_do() {
    let json = |status: u16| (status, vec![("content-type", "application/json".to_owned())], "{}".to_owned());
    let html = |status: u16| (status, vec![("content-type", "text/html".to_owned())], "<html>x</html>".to_owned());
    let health = |seen: &Seen| seen.path == "/healthz";
    let dag = |seen: &Seen| seen.path.starts_with("/api/");
    let cases: [(fn(&Seen) -> bool, Answer, &str, &str, &str); 7] = [
        (dag, json(401), "token", "401 Unauthorized", "leoflow auth login --server http://127.0.0.1:"),
        (dag, json(403), "token", "403 Forbidden", "leoflow auth login"),
        (dag, html(200), "token", "200 with HTML", "--server"),
        (dag, json(500), "token", "500 Internal Server Error", "again"),
        (health, json(404), "server", "404 Not Found", "leoflow deploy --sandbox"),
        (health, html(200), "server", "200 with HTML", "--server"),
        (health, json(500), "server", "500 Internal Server Error", "again"),
    ];
    for (meant, answer, name, what, help) in cases {
        let bench = Bench::with_rule(move |seen| meant(seen).then(|| answer.clone()));
        let told = check(&bench.doctor(&["--output", "json"]).exits(7).json(), name);
        let (found, fix) = told.split_once(" / ").unwrap();
        assert!(found.starts_with("fail: ") && found.contains(what) && fix.contains(help), "{told}");
    }
}

#[test]
fn a_token_is_good_until_it_says_it_is_not() {
    let bench = Bench::new();
    for (expires, code, expected) in [
        (now() - 7200, 7, "fail: from --token, expired 2 h"),
        (now() + 1800, 0, "warn: from --token, taken by the server, expires in 29 min"),
        (now() + 90_000, 0, "ok: from --token, taken by the server, expires in 1 d"),
    ] {
        let told = check(&bench.doctor(&["--token", &token(expires), "--output", "json"]).exits(code).json(), "token");
        // A second may pass on the way.
        let told = told.replace("30 min", "29 min");
        assert!(told.starts_with(expected), "{told}");
        assert!(expected.starts_with("ok") || told.contains("leoflow auth login"), "{told}");
    }
    let json = bench.doctor(&["--output", "json"]).exits(0).json();
    assert!(check(&json, "token").contains("does not say when it expires"), "{json}");
}

#[test]
fn a_missing_token_is_told_as_a_deploy_would() {
    let bench = Bench::new();
    let ran = bench.home.run(&["doctor", "--server", &bench.server.url()]).exits(2);
    let expected = format!("`leoflow auth login --server {}`", bench.server.url());
    assert!(
        ran.stdout.contains("fail  token     there is none for http") && ran.stdout.contains(&expected),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_server_that_lives_in_another_time_is_told() {
    for (apart, expected) in [(-7200, "ahead of"), (7200, "behind"), (0, "agrees with")] {
        let date = move || {
            let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(now().saturating_add_signed(apart));
            httpdate::fmt_http_date(at)
        };
        let lying =
            move |seen: &Seen| (seen.path == "/healthz").then(|| (200, vec![("date", date())], "{}".to_owned()));
        let bench = Bench::with_rule(lying);
        let told = check(&bench.doctor(&["--output", "json"]).exits(0).json(), "clock");
        assert!(told.contains(expected) && told.starts_with(if apart == 0 { "ok" } else { "warn" }), "{told}");
    }
}

#[test]
fn servers_that_never_answer_hold_nobody_up() {
    let bench = Bench::new();
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let (server, registry) = (format!("http://{}", hole.local_addr().unwrap()), hole.local_addr().unwrap().to_string());
    let base = format!("{registry}/base:1");
    let arguments =
        ["doctor", "etl_sales", "--server", &server, "--token", "t", "--registry", &registry, "--base", &base];
    let json = bench.home.run(&[&arguments[..], &["--output", "json"]].concat()).exits(1).json();
    for name in ["base", "push", "server"] {
        let told = check(&json, name);
        assert!(told.starts_with("fail: ") && told.contains("within 8 s"), "{told}");
    }
    assert!(
        check(&json, "token").contains("not tried") && check(&json, "clock").contains("no server told"),
        "{json:#}"
    );
    assert_eq!(json["failed"], 3);
}

#[test]
fn a_registry_that_refuses_is_told_with_who_was_presented() {
    let bench = Bench::new();
    let refuse = |seen: &Seen| (seen.method == "POST").then(|| (403, Vec::new(), String::new()));
    let registry = Proxy::with_rule(&bench.sandbox.registry, refuse);
    let auth = base64::prelude::BASE64_STANDARD.encode("ada:hunter2");
    let config = format!(r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#, registry.address);
    bench.home.write(".docker/config.json", &config);
    let server = bench.server.url();
    let arguments = ["doctor", "etl_sales", "--server", &server, "--token", "t", "--registry", &registry.address];
    let ran = bench.home.run(&[&arguments[..], &["--base", &bench.sandbox.base]].concat()).exits(6);
    for text in ["fail  push      cannot open an upload to", "user `ada` from ~/.docker/config.json", "      fix: "] {
        assert!(ran.stdout.contains(text), "{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("hunter2") && !ran.stdout.contains(&auth), "{}", ran.stdout);
}

#[test]
fn a_base_that_lacks_a_platform_is_told() {
    let bench = Bench::new();
    let json = bench.doctor(&["--platform", "linux/amd64,linux/mips64le", "--output", "json"]).exits(6).json();
    let told = check(&json, "base");
    assert!(told.starts_with("fail: ") && told.contains("mips64le"), "{told}");
}

#[test]
fn faults_of_several_kinds_end_with_the_general_code() {
    let bench = Bench::new();
    fs::write(bench.home.path().join("etl_sales/dag.py"), "syntax error\n").unwrap();
    let json = bench.doctor(&["--output", "json"]).exits(4).json();
    assert!(check(&json, "project").starts_with("fail: ") && check(&json, "python").starts_with("ok: "), "{json:#}");
    let json = bench.doctor(&["--token", &token(1), "--output", "json"]).exits(1).json();
    assert_eq!(json["failed"], 2);
    bench.home.write("etl_sales/leoflow.yaml", "dag_id: etl_sales\nretires: 1\n");
    assert!(check(&bench.doctor(&["--output", "json"]).exits(3).json(), "project").contains("unknown key `retires`"));
}

#[test]
fn a_project_without_a_registry_gets_the_lines_to_add() {
    let bench = Bench::new();
    bench.home.write("etl_sales/leoflow.yaml", "dag_id: etl_sales\n");
    let server = bench.server.url();
    let arguments = ["doctor", "etl_sales", "--server", &server, "--token", "t", "--base", &bench.sandbox.base];
    let ran = bench.home.run(&arguments).exits(3);
    assert!(ran.stdout.contains("registry:\n") && ran.stdout.contains("url: ghcr.io/your-org"), "{}", ran.stdout);
}

#[test]
fn an_index_is_asked_when_the_project_has_packages() {
    let bench = Bench::new();
    let yaml = fs::read_to_string(bench.home.path().join("etl_sales/leoflow.yaml")).unwrap();
    bench.home.write("etl_sales/leoflow.yaml", &format!("{yaml}dependencies: [demo-package]\n"));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let index = format!("http://{nobody}/simple/");
    let told = check(&bench.doctor(&["--index-url", &index, "--output", "json"]).exits(5).json(), "packages");
    assert!(told.starts_with("fail: ") && told.contains("connection refused"), "{told}");
    let told = check(&bench.doctor(&["--offline", "--output", "json"]).json(), "packages");
    assert!(told.starts_with("ok: no index is asked"), "{told}");
}

#[test]
fn places_that_cannot_be_written_to_are_told() {
    let bench = Bench::new();
    let file = bench.home.write("a-file", "");
    let doctor = |variable: &str, value: &std::path::Path| {
        let mut command = bench.home.leoflow();
        command.args(["doctor", "--server", &bench.server.url(), "--token", "t", "--output", "json"]);
        Ran::of(command.env(variable, value).output().unwrap())
    };
    let told = check(&doctor("XDG_CACHE_HOME", &file.join("x")).exits(0).json(), "cache");
    assert!(told.starts_with("warn: ") && told.contains("cannot be written to"), "{told}");
    let told = check(&doctor("TMPDIR", &file.join("x")).exits(9).json(), "python");
    assert!(told.starts_with("fail: "), "{told}");
    let told = check(&doctor("SSL_CERT_FILE", &file).json(), "ca");
    assert!(told.starts_with("fail: ") && told.contains("holds no certificate"), "{told}");
}

#[test]
fn settings_that_others_can_read_are_told() {
    let home = Home::new();
    let file = home.write(".leoflow/config.yaml", "token: t\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let told = check(&home.run(&["doctor", "--output", "json"]).json(), "settings");
    assert!(told.starts_with("warn: ") && told.ends_with("chmod 600 ~/.leoflow/config.yaml"), "{told}");
}

#[test]
fn a_ci_system_is_known_by_its_variables() {
    let bench = Bench::new();
    for (variable, expected) in
        [("GITHUB_ACTIONS", "GitHub Actions"), ("GITLAB_CI", "GitLab CI"), ("CI", "a CI system")]
    {
        let mut command = bench.home.leoflow();
        command.args(["doctor", "--server", &bench.server.url(), "--token", "t", "--output", "json"]);
        let json = Ran::of(command.env(variable, "true").output().unwrap()).exits(0).json();
        assert_eq!(check(&json, "ci"), format!("ok: {expected} (by {variable}) / -"));
    }
}
