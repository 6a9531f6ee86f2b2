//! What may not be asked is refused before its name is resolved, and what was asked is counted.

use leoflow::registry::{Client, Network, Options, RegistryError};

use super::samples::*;
use crate::support::fake_registry::FakeRegistry;
use crate::support::scripted::{Answer, Scripted};
use crate::support::{Home, SandboxProcess};

fn within(network: Network) -> Client {
    Client::new(Options { network, ..options() }).unwrap()
}

#[track_caller]
fn offline(error: &RegistryError, expected: &str) {
    assert!(matches!(error, RegistryError::Offline { host, .. } if host == expected), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("leoflow image copy")), "{error}");
}

#[tokio::test]
async fn a_closed_network_asks_nobody_not_even_the_resolver() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let client = within(Network::Closed);
    for host in [registry.host().as_str(), "registry.invalid", "[::1]:5000"] {
        offline(&pull(&client, host, "base/python:3").await.unwrap_err(), host);
        offline(&push(&client, host, "team/etl", &image(vec![])).await.unwrap_err(), host);
    }
    assert_eq!((registry.server.requests().len(), client.asked()), (0, vec![]));
}

#[tokio::test]
async fn a_registry_that_is_allowed_may_be_asked_and_no_other() {
    let (inside, outside) = (FakeRegistry::start().await, FakeRegistry::start().await);
    put_base(&inside);
    put_base(&outside);
    let client = within(Network::Only([inside.host()].into()));
    pull(&client, &inside.host(), "base/python:3").await.unwrap();
    offline(&pull(&client, &outside.host(), "base/python:3").await.unwrap_err(), &outside.host());
    let derived = image(vec![base_layer(BASE_LAYER, &repository(&outside.host(), "base/python"))]);
    offline(&push(&client, &inside.host(), "team/etl", &derived).await.unwrap_err(), &outside.host());
    assert_eq!(outside.server.requests().len(), 0);
    assert_eq!(client.asked(), [(inside.host(), inside.server.requests().len() as u64)]);
    client.allow(&repository(&outside.host(), "any/name"));
    push(&client, &inside.host(), "team/etl", &derived).await.unwrap();
}

#[tokio::test]
async fn the_token_service_of_an_allowed_registry_is_asked_as_its_part() {
    let service = Scripted::start(|_| Answer::new(200).body(r#"{"token":"t"}"#)).await;
    let realm = format!("Bearer realm=\"http://{}/token\"", service.host());
    let registry = FakeRegistry::scripted(move |request, _| {
        let refused = request.header("authorization") != Some("Bearer t");
        refused.then(|| Answer::new(401).header("WWW-Authenticate", realm.clone()))
    })
    .await;
    put_base(&registry);
    let network = Network::Only([registry.host()].into());
    let insecure_registries = vec![service.host()];
    let client = Client::new(Options { network, insecure_registries, ..options() }).unwrap();
    pull(&client, &registry.host(), "base/python:3").await.unwrap();
    assert!(client.asked().contains(&(service.host(), 1)), "{:?}", client.asked());
    // As a registry it is not allowed.
    offline(&pull(&client, &service.host(), "base/python:3").await.unwrap_err(), &service.host());
}

#[tokio::test]
async fn a_redirect_does_not_lead_outside() {
    let outside = Scripted::start(|_| Answer::new(200).body(CONFIG)).await;
    let location = format!("http://{}/blob", outside.host());
    let registry = FakeRegistry::scripted(move |request, _| {
        request.path.contains("/blobs/").then(|| Answer::new(307).header("Location", location.clone()))
    })
    .await;
    put_base(&registry);
    let client = within(Network::Only([registry.host()].into()));
    offline(&pull(&client, &registry.host(), "base/python:3").await.unwrap_err(), &outside.host());
    assert_eq!(outside.requests().len(), 0);
}

#[test]
fn a_deploy_offline_goes_to_its_own_registry_and_asks_no_other_for_the_base() {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    let arguments = [&["deploy", "etl_sales", "--offline"][..], &sandbox.arguments()].concat();
    home.run(&arguments).exits(0);
    let outside = [&["deploy", "etl_sales", "--offline"][..], &sandbox.arguments()[..6]].concat();
    let ran = home.run(&[&outside[..], &["--base", "registry.invalid/base:1"]].concat());
    assert_ne!(ran.code, Some(0));
    ran.says(&["registry.invalid is outside of what --offline allows", "leoflow image copy"]);
}
