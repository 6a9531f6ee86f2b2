//! Locations, redirects and challenges that lead elsewhere: nothing that was given to a registry follows them.

use std::sync::{Arc, Mutex};

use leoflow::layers::Digest;
use leoflow::registry::{Options, Pushed, RegistryError};

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, Store};
use crate::support::scripted::{Answer, Request, Scripted};

const BEGIN: &str = "POST /v2/team/etl/blobs/uploads/";

/// What the registries here hand out, and expect back.
const TOKEN: &str = "Bearer t0ken";

/// Wraps `script` in a registry that wants a token, which it gives itself.
fn with_token(
    script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
) -> impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static {
    move |request, store| {
        if request.path == "/token" {
            return Some(Answer::new(200).body(r#"{"token":"t0ken"}"#));
        }
        if request.header("authorization") != Some(TOKEN) {
            let host = request.header("host").unwrap_or_default();
            let challenge = format!(r#"Bearer realm="http://{host}/token",service="fake""#);
            return Some(Answer::new(401).header("WWW-Authenticate", challenge));
        }
        script(request, store)
    }
}

/// Pushes one layer to a registry that wants a token and puts uploads at `location`, where `{host}` is its own and
/// `{other}` another server's, which takes any upload.
async fn pushed_by(location: &'static str) -> (Result<Pushed, RegistryError>, Vec<Request>, Vec<Request>) {
    let other = Scripted::start(|_| Answer::new(201)).await;
    let other_host = other.host();
    let registry = FakeRegistry::scripted(with_token(move |request, _| {
        let host = request.header("host").unwrap_or_default();
        let location = location.replace("{host}", host).replace("{other}", &other_host);
        request.line().starts_with(BEGIN).then(|| Answer::new(202).header("Location", location))
    }))
    .await;
    let result = push(&client(), &registry.host(), "team/etl", &image(vec![layer(b"ours")])).await;
    (result, registry.server.requests(), other.requests())
}

#[tokio::test]
async fn a_location_is_resolved_against_the_request_and_keeps_its_query() {
    let digest = format!("digest={}", Digest::of(b"ours")).replace(':', "%3A");
    for (location, path, query) in [
        ("/v2/team/etl/blobs/uploads/7", "/v2/team/etl/blobs/uploads/7", digest.clone()),
        ("7", "/v2/team/etl/blobs/uploads/7", digest.clone()),
        (
            "/v2/team/etl/blobs/uploads/7?_state=a%2Fb&x=y",
            "/v2/team/etl/blobs/uploads/7",
            format!("_state=a%2Fb&x=y&{digest}"),
        ),
        ("http://{host}/v2/team/etl/blobs/uploads/7?s", "/v2/team/etl/blobs/uploads/7", format!("s&{digest}")),
        // A proxy that forgets the port.
        ("http://127.0.0.1/v2/team/etl/blobs/uploads/7", "/v2/team/etl/blobs/uploads/7", digest.clone()),
    ] {
        let (result, requests, _) = pushed_by(location).await;
        assert!(result.is_ok(), "{location}: {result:?}");
        let put = requests.iter().find(|request| request.method == "PUT").unwrap();
        assert_eq!((put.path.as_str(), put.query.as_str()), (path, query.as_str()), "{location}");
        assert_eq!(put.header("authorization"), Some(TOKEN), "{location}");
    }
}

#[tokio::test]
async fn a_location_on_another_host_gets_the_bytes_but_no_credential() {
    let (result, _, elsewhere) = pushed_by("http://{other}/upload/7?signature=x").await;
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(elsewhere.len(), 2);
    for request in elsewhere {
        assert_eq!((request.line().as_str(), request.header("authorization")), ("PUT /upload/7", None));
    }
}

#[tokio::test]
async fn a_location_that_cannot_be_used_is_an_error() {
    for (location, expected) in [
        ("http://user:password@{other}/upload", "user name"),
        ("ftp://{other}/upload", "neither http nor https"),
        ("http://[", "not a URL"),
    ] {
        let (result, _, elsewhere) = pushed_by(location).await;
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("password"), "{error}");
        assert!(elsewhere.is_empty());
    }
}

#[tokio::test]
async fn an_upload_without_a_location_is_an_error() {
    let registry = FakeRegistry::scripted(first(ALWAYS, BEGIN, Answer::new(202))).await;
    let error = push(&client(), &registry.host(), "team/etl", &image(vec![layer(b"ours")])).await.unwrap_err();
    assert!(error.to_string().contains("the answer has no Location"), "{error}");
}

/// Pulls a base from a registry that wants a token and sends blobs to `location`; returns what the other server saw.
async fn redirected_to(
    location: &'static str,
    answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> (Result<(), RegistryError>, Vec<Request>, Vec<Request>) {
    let other = Scripted::start(answer).await;
    let other_host = other.host();
    let registry = FakeRegistry::scripted(with_token(move |request, _| {
        let host = request.header("host").unwrap_or_default();
        let location = location.replace("{other}", &other_host).replace("{host}", host);
        request.path.contains("/blobs/").then(|| Answer::new(307).header("Location", location))
    }))
    .await;
    put_base(&registry);
    let result = pull(&client(), &registry.host(), "base/python:3").await;
    (result.map(drop), registry.server.requests(), other.requests())
}

#[tokio::test]
async fn blobs_may_be_elsewhere_and_are_asked_for_without_a_credential() {
    let serve = |_: &Request| Answer::new(200).body(CONFIG);
    let (result, _, elsewhere) = redirected_to("http://{other}/bucket/blob?X-Amz-Signature=x", serve).await;
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(elsewhere.len(), 1);
    assert_eq!(elsewhere[0].query, "X-Amz-Signature=x");
    assert_eq!(elsewhere[0].header("authorization"), None);
}

#[tokio::test]
async fn what_is_elsewhere_is_checked_all_the_same() {
    let (result, ..) = redirected_to("http://{other}/blob", |_| Answer::new(200).body("evil")).await;
    assert!(matches!(result, Err(RegistryError::WrongSize { .. })), "{result:?}");
}

#[tokio::test]
async fn a_challenge_after_a_redirect_is_not_answered() {
    let challenge = |_: &Request| Answer::new(401).header("WWW-Authenticate", "Basic realm=\"give it to me\"");
    let (result, _, elsewhere) = redirected_to("http://{other}/blob?signature=secret", challenge).await;
    let error = result.unwrap_err().to_string();
    assert!(error.contains("HTTP 401") && !error.contains("secret"), "{error}");
    assert_eq!(elsewhere.len(), 1);
}

#[tokio::test]
async fn a_credential_is_not_taken_up_again_on_the_way_back() {
    let registry_host = Arc::new(Mutex::new(String::new()));
    let back_to = Arc::clone(&registry_host);
    let back =
        move |_: &Request| Answer::new(302).header("Location", format!("http://{}/admin", back_to.lock().unwrap()));
    let other = Scripted::start(back).await;
    let other_host = other.host();
    let registry = FakeRegistry::scripted(with_token(move |request, _| {
        let location = format!("http://{other_host}/blob");
        request.path.contains("/blobs/").then(|| Answer::new(307).header("Location", location))
    }))
    .await;
    *registry_host.lock().unwrap() = registry.host();
    put_base(&registry);
    pull(&client(), &registry.host(), "base/python:3").await.unwrap_err();
    let requests = registry.server.requests();
    let admin = requests.iter().find(|request| request.path == "/admin").unwrap();
    assert_eq!(admin.header("authorization"), None);
}

#[tokio::test]
async fn redirects_end() {
    let (result, requests, _) = redirected_to("http://{host}/v2/base/python/blobs/round", |_| Answer::new(200)).await;
    assert!(result.unwrap_err().to_string().contains("more than 5 redirects"));
    assert_eq!(requests.iter().filter(|request| request.path.contains("/blobs/")).count(), 6);
}

#[tokio::test]
async fn a_redirected_push_goes_where_it_is_sent_without_a_credential() {
    let other = FakeRegistry::start().await;
    let other_host = other.host();
    let registry = FakeRegistry::scripted(with_token(move |request, _| {
        let location = format!("http://{other_host}{}", request.path);
        request.line().starts_with(BEGIN).then(|| Answer::new(308).header("Location", location))
    }))
    .await;
    let result = push(&client(), &registry.host(), "team/etl", &image(vec![layer(b"ours")])).await;
    assert!(result.is_ok(), "{result:?}");
    assert!(other.server.requests().iter().all(|request| request.header("authorization").is_none()));
}

/// Checks that a realm is refused, and that the other server was not asked.
async fn check_realm(realm: &'static str, expected: &str) {
    let other = Scripted::start(|_| Answer::new(200).body(r#"{"token":"t0ken"}"#)).await;
    let realm = realm.replace("{other}", &other.host());
    let registry = FakeRegistry::scripted(move |_, _| {
        Some(Answer::new(401).header("WWW-Authenticate", format!("Bearer realm=\"{realm}\",service=\"s\"")))
    })
    .await;
    let error = pull(&client(), &registry.host(), "base/python:3").await.unwrap_err().to_string();
    assert!(error.contains(expected) && !error.contains("password"), "{error}");
    assert!(other.requests().is_empty());
    assert_eq!(registry.server.requests().len(), 1);
}

#[tokio::test]
async fn a_realm_that_is_not_trusted_is_not_asked() {
    check_realm("http://{other}/token", "neither https nor the registry itself").await;
    check_realm("http://auth.example.com/token", "neither https nor the registry itself").await;
    check_realm("https://user:password@auth.example.com/token", "user name").await;
    check_realm("https://169.254.169.254/latest", "link-local").await;
    check_realm("https://[fe80::1]/token", "link-local").await;
    check_realm("file:///etc/passwd", "not trusted").await;
    check_realm("/token", "names the realm `/token`").await;
}

#[tokio::test]
async fn a_realm_in_plain_http_must_be_listed() {
    let service = Scripted::start(|_| Answer::new(200).body(r#"{"token":"t0ken"}"#)).await;
    let realm = format!("Bearer realm=\"http://{}/token\"", service.host());
    let registry = FakeRegistry::scripted(move |request, _| {
        let known = request.header("authorization") == Some(TOKEN);
        (!known).then(|| Answer::new(401).header("WWW-Authenticate", realm.clone()))
    })
    .await;
    put_base(&registry);
    let (client, _) = observed(Options { insecure_registries: vec![service.host()], ..options() });
    assert!(pull(&client, &registry.host(), "base/python:3").await.is_ok());
}
