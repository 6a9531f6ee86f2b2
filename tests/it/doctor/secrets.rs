//! Nothing that is secret is shown, whatever is at fault.

use super::{Bench, check};
use crate::support::Ran;

const SECRET: &str = "hunter2";

#[test]
fn no_secret_is_shown_by_any_check() {
    let bench = Bench::with_rule(|seen| {
        let says = format!(r#"{{"title": "no", "detail": "{SECRET} is wrong"}}"#);
        seen.path.starts_with("/api/").then_some((401, vec![("content-type", "application/json".to_owned())], says))
    });
    for output in [&[][..], &["--output", "json"]] {
        let mut command = bench.home.leoflow();
        let server = bench.server.url();
        command.args(["doctor", "etl_sales", "--server", &server, "--registry", "registry.invalid/team"]).args(output);
        command.env("LEOFLOW_TOKEN", SECRET).env("HTTPS_PROXY", format!("http://ada:{SECRET}@127.0.0.1:9"));
        command.env("LEOFLOW_INDEX_URL", format!("https://ada:{SECRET}@index.invalid/simple/"));
        let ran = Ran::of(command.output().unwrap());
        assert_ne!(ran.code, Some(0));
        assert!(!ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET), "{}\n{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("from LEOFLOW_TOKEN"), "{}", ran.stdout);
        assert!(
            ran.stdout.contains("registry.invalid by the proxy http://127.0.0.1:9 (by HTTPS_PROXY)"),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn a_proxy_that_cannot_be_used_is_told_without_its_password() {
    let bench = Bench::new();
    let mut command = bench.home.leoflow();
    command.args(["doctor", "etl_sales", "--server", &bench.server.url(), "--token", "t", "--output", "json"]);
    command.env("HTTPS_PROXY", format!("socks5://ada:{SECRET}@127.0.0.1:9"));
    let ran = Ran::of(command.output().unwrap());
    let told = check(&ran.json(), "proxy");
    assert!(
        told.starts_with("fail: the proxy socks5://127.0.0.1:9 (by HTTPS_PROXY)") && told.contains("set HTTPS_PROXY"),
        "{told}"
    );
    assert!(!ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET));
}
