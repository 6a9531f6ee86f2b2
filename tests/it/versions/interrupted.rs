//! What is told when it ends in the middle, and what is asked before it begins.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::Runtime;

use super::{REGISTER, Site, home, lines};
use crate::cli::on_a_terminal;
use crate::support::fake_registry::FakeRegistry;
use crate::support::scripted::{Answer, Fault, Request, Scripted};
use crate::support::web_proxy::{Manners, WebProxy};
use crate::support::{Home, Ran, SandboxProcess};

/// Starts a command and sends it Ctrl-C once something is so.
fn interrupted(mut command: Command, once: impl Fn() -> bool) -> Ran {
    let child: Child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !once() {
        std::thread::sleep(Duration::from_millis(10));
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

/// A control plane that takes two versions, and is silent at the third.
async fn falls_silent() -> Scripted {
    let registered = Arc::new(AtomicUsize::new(0));
    let json = |status, body: String| Answer::new(status).header("Content-Type", "application/json").body(body);
    Scripted::start(move |request: &Request| {
        if request.method == "GET" {
            return json(200, format!(r#"{{"version":"version{}"}}"#, registered.load(SeqCst)));
        }
        let number = registered.fetch_add(1, SeqCst) + 1;
        let body =
            format!(r#"{{"dag_id":"etl_sales","version":"version{number}","spec_hash":"{number}","created":true}}"#);
        let answer = json(201, body);
        if number > 2 { answer.fault(Fault::Silence) } else { answer }
    })
    .await
}

#[test]
fn a_rollback_that_is_interrupted_while_it_registers_says_what_is_not_known() {
    let home = home();
    let (sandbox, runtime) = (SandboxProcess::start(&home), Runtime::new().unwrap());
    let server = runtime.block_on(falls_silent());
    let url = format!("http://{}", server.host());
    for version in ["v1", "v2"] {
        let to = ["--server", &url, "--token", "t", "--registry", &sandbox.registry, "--base", &sandbox.base];
        home.run(&[&["deploy", "etl_sales", "--dag-version", version][..], &to].concat()).exits(0);
    }
    let mut command = home.leoflow();
    command.args(["rollback", "etl_sales", "--server", &url, "--token", "t"]);
    let ran = interrupted(command, || server.count(REGISTER) == 3).exits(130);
    ran.says(&["whether etl_sales was registered is not known", "registering the same spec twice does no harm"]);
}

#[test]
fn a_promotion_that_is_interrupted_during_the_copy_has_registered_nothing() {
    let (home, other) = (home(), Home::new());
    let (from, to) = (Site::start(&home), Site::start(&other));
    from.deploy(&home, "v1", &["--spec-out", "dag.json"]);
    let silent =
        |request: &Request, _: &mut _| (request.method == "PUT").then(|| Answer::new(201).fault(Fault::Silence));
    let runtime = Runtime::new().unwrap();
    let registry = runtime.block_on(FakeRegistry::scripted(silent));
    let mut command = home.leoflow();
    let (url, place) = (to.url(), format!("{}/prod", registry.host()));
    command.args(["promote", "dag.json", "--to", &url, "--to-token-env", "B", "--registry", &place]).env("B", "b");
    let ran = interrupted(command, || registry.server.count("PUT") > 0).exits(130);
    ran.says(&["interrupted during the copy to ", "/prod/etl_sales: nothing was registered"]);
    assert!(!lines(&to.control_plane.take()).contains(&REGISTER.to_owned()));
    assert_eq!(registry.open_uploads(), 0, "what was begun is cancelled");
}

#[test]
fn on_a_terminal_both_ends_are_named_before_anything_is_done() {
    let home = home();
    let site = Site::start(&home);
    site.deploy(&home, "v1", &["--spec-out", "v1.json"]);
    site.deploy(&home, "v2", &["--spec-out", "v2.json"]);
    let routes = [("leoflow.test:80", &site.control_plane), ("registry.test:80", &site.registry)];
    let routes = routes.map(|(name, server)| (name, server.address.parse().unwrap()));
    let runtime = Runtime::new().unwrap();
    let proxy = runtime.block_on(WebProxy::start(Manners::routing(&routes)));
    let through = format!("HTTP_PROXY=http://{} $LEOFLOW", proxy.address);
    let at = "--server http://leoflow.test --token t";
    for spec in ["v1.json", "v2.json"] {
        on_a_terminal(
            &home,
            &format!("{through} push {spec} {at}"),
            "Register etl_sales -> http://leoflow.test?",
            b"y\n",
        );
    }
    let live = site.live();
    site.forget();
    let shown = on_a_terminal(&home, &format!("{through} rollback etl_sales {at}; echo code=$?"), "[y/N]", b"n\n");
    let question = "Roll back etl_sales -> http://leoflow.test to ";
    assert!(shown.contains(question) && shown.contains("(v1)? [y/N]") && shown.contains("code=1"), "{shown}");
    let asked = lines(&site.control_plane.take());
    assert!(!asked.is_empty() && !asked.contains(&REGISTER.to_owned()), "{asked:?}");
    on_a_terminal(&home, &format!("{through} rollback etl_sales {at}"), "[y/N]", b"y\n");
    assert_ne!(site.live(), live);
    let (from, ends) = (site.url(), "--to http://leoflow.test --from-token-env T --to-token-env T");
    let promote = format!("T=t {through} promote etl_sales --from {from} {ends}");
    let shown = on_a_terminal(&home, &promote, "on this machine", b"");
    assert!(shown.contains("--registry HOST/PATH"), "{shown}");
    site.forget();
    let copied = format!("{promote} --registry registry.test/prod --insecure-registry registry.test; echo code=$?");
    let shown = on_a_terminal(&home, &copied, "[y/N]", b"n\n");
    let question = format!("Promote etl_sales v1: {from} -> http://leoflow.test? [y/N]");
    assert!(shown.contains(&question) && shown.contains("code=1"), "{shown}");
    assert!(!lines(&site.registry.take()).iter().any(|line| line.starts_with("PUT")));
    let shown = on_a_terminal(&home, &copied, "[y/N]", b"y\n");
    assert!(shown.contains("code=0") && shown.contains("image registry.test/prod/etl_sales@sha256:"), "{shown}");
}
