//! `[::1]:port` wherever a host may stand. Needs the loopback of IPv6: without it these tests fail, and say so.

use leoflow::registry::{Client, Mirror, Options, ProxySettings, PullFromMirror, Registries, RegistryRule};

use super::proxies::trusting;
use super::samples::*;
use crate::support::fake_registry::FakeRegistry;
use crate::support::front::{Clients, Front};
use crate::support::scripted::Answer;
use crate::support::{Home, Ran, SandboxProcess};

const V6: &str = "[::1]:0";

/// A registry that wants a token, names itself by the `Host` it is asked by, and hands out whole URLs as `Location`.
async fn particular() -> (FakeRegistry, Front) {
    let registry = FakeRegistry::scripted(|request, store| {
        let host = request.header("host").unwrap_or_default();
        if request.path == "/token" {
            return Some(Answer::new(200).body(r#"{"token":"t"}"#));
        }
        if request.header("authorization") != Some("Bearer t") {
            let challenge = format!("Bearer realm=\"http://{host}/token\"");
            return Some(Answer::new(401).header("WWW-Authenticate", challenge));
        }
        let begins = request.method == "POST" && request.parameter("mount").is_none();
        begins.then(|| {
            store.answer(request);
            Answer::new(202).header("Location", format!("http://{host}/v2/team/etl/blobs/uploads/7"))
        })
    })
    .await;
    put_base(&registry);
    let front = Front::plain(V6, registry.server.address).await;
    (registry, front)
}

#[tokio::test]
async fn pull_and_push_with_tokens_and_locations() {
    let (registry, front) = particular().await;
    assert!(front.host().starts_with("[::1]:"), "{}", front.host());
    let proxies = ProxySettings::of_user(&|name| (name == "ALL_PROXY").then(|| "http://proxy.invalid:1".into()));
    let client = Client::new(Options { proxies, ..options() }).unwrap();
    pull(&client, &front.host(), "base/python:3").await.unwrap();
    let from = repository(&front.host(), "base/python");
    let image = image(vec![base_layer(BASE_LAYER, &from), layer(b"ours")]);
    let pushed = push(&client, &front.host(), "team/etl", &image).await.unwrap();
    assert_eq!((pushed.mounted, pushed.uploaded), (1, 2));
    assert_eq!(pushed.pinned.to_string(), format!("{}/team/etl@{}", front.host(), image.descriptor.digest));
    assert!(registry.server.requests().iter().all(|request| request.header("host") == Some(&front.host())));
    let hosts: Vec<String> = client.asked().into_iter().map(|(host, _)| host).collect();
    assert_eq!(hosts, [front.host()]);
}

#[tokio::test]
async fn tls_and_mirrors_and_layers_streamed_from_there() {
    let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
    put_base(&source);
    let front = Front::tls(V6, source.server.address, "corp.pem", Clients::Required).await;
    let mut registries: Registries = trusting(&[&front.host()], true);
    registries.rules.push(RegistryRule {
        prefix: "registry.invalid".to_owned(),
        location: "registry.invalid".to_owned(),
        blocked: false,
        mirrors: vec![Mirror { location: front.host(), pulls: PullFromMirror::All }],
    });
    let client = Client::new(Options { registries, ..options() }).unwrap();
    pull(&client, "registry.invalid", "base/python:3").await.unwrap();
    let image = image(vec![base_layer(BASE_LAYER, &repository("registry.invalid", "base/python"))]);
    push(&client, &target.host(), "team/etl", &image).await.unwrap();
    assert!(front.shown().iter().all(|shown| *shown == 1));
}

#[tokio::test]
async fn a_whole_deploy() {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    let front = Front::plain(V6, sandbox.registry.parse().unwrap()).await;
    let base = sandbox.base.replace(&sandbox.registry, &front.host());
    let mut command = home.leoflow();
    command.args(["deploy", "etl_sales", "--server", &sandbox.control_plane, "--token", "t"]);
    command.args(["--registry", &front.host(), "--base", &base]);
    let ran = tokio::task::spawn_blocking(move || Ran::of(command.output().unwrap())).await.unwrap().exits(0);
    assert!(ran.stdout.contains(&format!("image {}/etl_sales@sha256:", front.host())), "{}", ran.stdout);
}
