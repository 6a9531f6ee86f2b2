//! Credentials of the user's configuration: shown to whom they are for, in the form that is asked for, and to nobody.

use std::time::Duration;

use leoflow::credentials::{Keychain, LoginMethod};
use leoflow::registry::{Client, Options, Pushed, RefusalKind, RegistryError};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, error};
use crate::support::scripted::{Answer, Request, Scripted};

/// `user:hush` and what it looks like on the wire.
const BASIC: &str = "Basic dXNlcjpodXNo";

/// A client of a user who is logged in at `host` with `entry`.
fn logged_in(host: &str, entry: Value) -> (Client, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.json");
    std::fs::write(&file, json!({"auths": {host: entry}}).to_string()).unwrap();
    let keychain = Keychain { files: vec![file], helper_timeout: Duration::from_secs(1), ..Keychain::default() };
    (Client::new(Options { keychain, ..options() }).unwrap(), directory)
}

fn user() -> Value {
    json!({"auth": "dXNlcjpodXNo"})
}

/// A registry that wants `Authorization` to be `wanted` and asks for it with `challenge`.
async fn guarded(wanted: &'static str, challenge: &'static str) -> FakeRegistry {
    FakeRegistry::scripted(move |request, _| {
        let host = request.header("host").unwrap_or_default();
        let refused = Answer::new(401).header("WWW-Authenticate", challenge.replace("{host}", host));
        (request.path != "/token" && request.header("authorization") != Some(wanted)).then_some(refused)
    })
    .await
}

async fn pushed(client: &Client, host: &str) -> Result<Pushed, RegistryError> {
    push(client, host, "team/etl", &image(vec![layer(b"ours")])).await
}

/// Checks that the error is a refusal of `user`, tells what to do, and says nothing of the password.
fn check_refused(error: &RegistryError, kind: RefusalKind, user: Option<&str>) {
    let RegistryError::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!((refusal.kind, refusal.user.as_deref()), (kind, user), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("docker login") && help.contains("podman login")));
    let all = format!("{error} {error:?} {:?}", error.help());
    assert!(!all.contains("hush") && !all.contains("dXNlcjpodXNo"), "{all}");
}

#[tokio::test]
async fn basic_credentials_are_shown_once_they_are_asked_for() {
    let registry = guarded(BASIC, "Basic realm=\"registry\"").await;
    let (client, _directory) = logged_in(&registry.host(), user());
    pushed(&client, &registry.host()).await.unwrap();
    let requests = registry.server.requests();
    assert_eq!(requests.iter().filter(|request| request.header("authorization").is_none()).count(), 1);
}

#[tokio::test]
async fn credentials_are_for_one_registry() {
    let registry = guarded(BASIC, "Basic realm=\"registry\"").await;
    let (client, _directory) = logged_in("registry.example.com", user());
    let error = pushed(&client, &registry.host()).await.unwrap_err();
    check_refused(&error, RefusalKind::Unauthorized, None);
    assert!(registry.server.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[tokio::test]
async fn wrong_credentials_are_shown_once_and_named() {
    let registry = guarded("Basic something else", "Basic realm=\"registry\"").await;
    let (client, _directory) = logged_in(&registry.host(), user());
    let error = pushed(&client, &registry.host()).await.unwrap_err();
    check_refused(&error, RefusalKind::Unauthorized, Some("`user`"));
    assert!(error.to_string().contains("does not accept the credentials of `user`"), "{error}");
    assert_eq!(registry.server.requests().len(), 2);
}

#[tokio::test]
async fn who_may_not_push_is_named() {
    let registry = FakeRegistry::scripted(|request, _| match request.header("authorization") {
        None => Some(Answer::new(401).header("WWW-Authenticate", "Basic realm=x")),
        Some(_) if request.method == "POST" => Some(error(403, "DENIED")),
        Some(_) => None,
    })
    .await;
    let (client, _directory) = logged_in(&registry.host(), user());
    let error = pushed(&client, &registry.host()).await.unwrap_err();
    check_refused(&error, RefusalKind::Forbidden, Some("`user`"));
    assert!(error.to_string().contains(&format!("{} does not allow it to `user`", registry.host())), "{error}");
}

/// Pushes with a login to a registry that wants a token; returns what its token service was asked.
async fn token_request(entry: Value) -> Request {
    let challenge = r#"Bearer realm="http://{host}/token",service="fake""#;
    let registry = FakeRegistry::scripted(move |request, _| {
        let host = request.header("host").unwrap_or_default();
        match request.header("authorization") {
            _ if request.path == "/token" => Some(Answer::new(200).body(r#"{"token":"t"}"#)),
            Some("Bearer t") => None,
            _ => Some(Answer::new(401).header("WWW-Authenticate", challenge.replace("{host}", host))),
        }
    })
    .await;
    let (client, _directory) = logged_in(&registry.host(), entry);
    pushed(&client, &registry.host()).await.unwrap();
    let (tokens, others): (Vec<_>, Vec<_>) =
        registry.server.requests().into_iter().partition(|request| request.path == "/token");
    assert_eq!(tokens.len(), 1);
    assert!(others.iter().all(|request| matches!(request.header("authorization"), None | Some("Bearer t"))));
    tokens[0].clone()
}

#[tokio::test]
async fn a_password_goes_to_the_token_service_only() {
    let request = token_request(user()).await;
    assert_eq!((request.method.as_str(), request.header("authorization")), ("GET", Some(BASIC)));
}

#[tokio::test]
async fn an_identity_token_is_exchanged_in_a_form() {
    let request = token_request(json!({"identitytoken": "refresh me"})).await;
    assert_eq!((request.method.as_str(), request.header("authorization")), ("POST", None));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    let form = url::form_urlencoded::parse(&request.body).into_owned().collect::<Vec<_>>();
    let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(value("grant_type"), Some("refresh_token"));
    assert_eq!(value("refresh_token"), Some("refresh me"));
    assert_eq!(value("service"), Some("fake"));
    assert_eq!(value("scope"), Some("repository:team/etl:pull,push"));
}

#[tokio::test]
async fn a_registry_token_is_sent_as_it_is() {
    let registry = guarded("Bearer as-it-is", "Bearer realm=\"http://{host}/token\"").await;
    let (client, _directory) = logged_in(&registry.host(), json!({"registrytoken": "as-it-is"}));
    pushed(&client, &registry.host()).await.unwrap();
    assert_eq!(registry.server.count("GET /token"), 0);
}

#[tokio::test]
async fn a_password_that_the_token_service_refuses_is_not_shown() {
    let registry = FakeRegistry::scripted(|request, _| {
        let host = request.header("host").unwrap_or_default();
        let bearer = format!("Bearer realm=\"http://{host}/token\"");
        Some(match request.path.as_str() {
            "/token" => error(401, "UNAUTHORIZED"),
            _ => Answer::new(401).header("WWW-Authenticate", bearer),
        })
    })
    .await;
    let (client, _directory) = logged_in(&registry.host(), user());
    let error = pushed(&client, &registry.host()).await.unwrap_err();
    check_refused(&error, RefusalKind::Unauthorized, Some("`user`"));
}

#[tokio::test]
async fn a_password_does_not_follow_a_redirect_or_a_location() {
    let other = Scripted::start(|request| match request.method.as_str() {
        "GET" => Answer::new(200).body(CONFIG),
        _ => Answer::new(201),
    })
    .await;
    let other_host = other.host();
    let registry = FakeRegistry::scripted(move |request, _| match request.header("authorization") {
        None => Some(Answer::new(401).header("WWW-Authenticate", "Basic realm=x")),
        Some(_) if request.method == "POST" => {
            Some(Answer::new(202).header("Location", format!("http://{other_host}/upload")))
        }
        Some(_) if request.method == "GET" && request.path.contains("/blobs/") => {
            Some(Answer::new(302).header("Location", format!("http://{other_host}/blob")))
        }
        Some(_) => None,
    })
    .await;
    put_base(&registry);
    let (client, _directory) = logged_in(&registry.host(), user());
    pull(&client, &registry.host(), "base/python:3").await.unwrap();
    pushed(&client, &registry.host()).await.unwrap();
    assert_eq!(other.requests().len(), 3);
    assert!(other.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[tokio::test]
async fn an_identity_token_is_no_password() {
    let registry = guarded(BASIC, "Basic realm=\"registry\"").await;
    let (client, _directory) = logged_in(&registry.host(), json!({"identitytoken": "hush"}));
    let error = pushed(&client, &registry.host()).await.unwrap_err();
    assert!(error.to_string().contains("wants user and password, but an identity token is all there is"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains(&format!("docker login {}", registry.host()))));
    assert!(registry.server.requests().iter().all(|request| request.header("authorization").is_none()));
}

/// Who is presented, and what to do, by the way of logging in.
#[tokio::test]
async fn a_refusal_names_the_way_of_logging_in() {
    let registry = FakeRegistry::scripted(|request, _| match request.header("authorization") {
        None => Some(Answer::new(401).header("WWW-Authenticate", "Basic realm=x")),
        Some(_) => Some(error(403, "DENIED")),
    })
    .await;
    for (variables, user) in [
        (&[("LEOFLOW_REGISTRY_USERNAME", "me"), ("LEOFLOW_REGISTRY_PASSWORD", "hush")][..], "`me`"),
        (&[("LEOFLOW_REGISTRY_TOKEN", "hush")], "the token in the environment"),
    ] {
        let given = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        let methods = [(registry.host(), LoginMethod::Environment)].into();
        let keychain = Keychain { methods, files: Vec::new(), ..Keychain::of_user(&given, 0) };
        let client = Client::new(Options { keychain, ..options() }).unwrap();
        let error = pushed(&client, &registry.host()).await.unwrap_err();
        assert!(error.to_string().contains(&format!("does not allow it to {user}")), "{error}");
        assert!(error.help().is_some_and(|help| help.contains("LEOFLOW_REGISTRY_")), "{:?}", error.help());
    }
}
