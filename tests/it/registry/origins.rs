//! No credential reaches another origin, whatever a registry answers: every trick, with every kind of login.

use std::sync::Arc;

use leoflow::credentials::{Keychain, LoginMethod};
use leoflow::registry::{Client, Options};
use serde_json::{Value, json};

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, Store};
use crate::support::scripted::{Answer, Request, Scripted};

/// Everything of the logins below, and of the token that they are exchanged for, holds one of these in any encoding.
const GIVEAWAYS: [&str; 3] = ["hush", "dXNlcjpodXNo", "aHVza"];

/// What a user may be logged in with.
fn logins() -> [Value; 4] {
    [
        json!({"auth": "dXNlcjpodXNo"}),
        json!({"identitytoken": "hush-identity"}),
        json!({"registrytoken": "hush-registry"}),
        json!({}),
    ]
}

/// How a registry asks who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    Basic,
    Bearer,
}

/// An answer that leads elsewhere; `{own}` is the registry's `host:port`, `{other}` the other origin's.
struct Trick {
    name: &'static str,
    /// Picks the requests that are answered so, as method and part of the path.
    to: (&'static str, &'static str),
    /// Whether it is tried on those who have shown no credential yet.
    before_login: bool,
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    /// Whether the other origin may be asked for anything at all.
    reaches: bool,
}

const fn trick(
    name: &'static str,
    to: (&'static str, &'static str),
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    reaches: bool,
) -> Trick {
    Trick { name, to, before_login: false, status, headers, reaches }
}

/// A challenge of a registry that has not seen a credential.
const fn challenge(name: &'static str, headers: &'static [(&'static str, &'static str)]) -> Trick {
    Trick { name, to: ("", "/v2/"), before_login: true, status: 401, headers, reaches: false }
}

const BEGIN: (&str, &str) = ("POST", "/blobs/uploads/");
const COMMIT: (&str, &str) = ("PUT", "/blobs/uploads/");
const BLOB: (&str, &str) = ("GET", "/blobs/sha256");
const TOKEN: (&str, &str) = ("", "/token");

const TRICKS: &[Trick] = &[
    trick("location", BEGIN, 202, &[("Location", "http://{other}/upload")], true),
    trick("location without a scheme", BEGIN, 202, &[("Location", "//{other}/upload")], true),
    trick("location in capitals", BEGIN, 202, &[("Location", "HTTP://{other}/upload")], true),
    trick("location with backslashes", BEGIN, 202, &[("Location", "\\\\{other}\\upload")], true),
    trick("location with slashes", BEGIN, 202, &[("Location", "http:////{other}/upload")], true),
    trick("location with a user", BEGIN, 202, &[("Location", "http://{own}@{other}/upload")], false),
    trick("location with a password", BEGIN, 202, &[("Location", "http://u:p@{other}/upload")], false),
    trick("location by another name", BEGIN, 202, &[("Location", "http://localhost:{own_port}/upload")], true),
    trick("location with a fragment", BEGIN, 202, &[("Location", "http://{other}/#@{own}/upload")], true),
    trick("two locations", BEGIN, 202, &[("Location", "http://{other}/a"), ("Location", "http://{own}/b")], true),
    trick("an upload begun elsewhere", BEGIN, 307, &[("Location", "http://{other}/v2/team/etl/blobs/uploads/")], true),
    trick("an upload sent on", COMMIT, 307, &[("Location", "http://{other}/upload")], true),
    trick("an upload sent on for good", COMMIT, 308, &[("Location", "http://{other}/upload")], true),
    trick("a manifest sent on", ("PUT", "/manifests/"), 307, &[("Location", "http://{other}/m")], true),
    trick("a blob elsewhere", BLOB, 302, &[("Location", "http://{other}/blob")], true),
    trick("a blob elsewhere, by 307", BLOB, 307, &[("Location", "//{other}/blob")], true),
    trick("a blob by another name", BLOB, 302, &[("Location", "http://localhost:{own_port}/blob")], true),
    trick("a question sent on", ("HEAD", "/blobs/"), 301, &[("Location", "http://{other}/blob")], true),
    trick("a tag elsewhere", ("GET", "/manifests/"), 303, &[("Location", "http://{other}/m")], true),
    trick(
        "headers that nobody follows",
        ("GET", "/manifests/"),
        404,
        &[
            ("Link", "<http://{other}/next>; rel=\"next\""),
            ("Refresh", "0; url=http://{other}/"),
            ("Content-Location", "http://{other}/"),
            ("Alt-Svc", "http/1.1=\"{other}\""),
            ("Location", "http://{other}/"),
        ],
        false,
    ),
    trick("a token service that sends on", TOKEN, 302, &[("Location", "http://{other}/token")], false),
    trick("a token service that sends a form on", TOKEN, 307, &[("Location", "http://{other}/token")], false),
    trick("a token service for good", TOKEN, 308, &[("Location", "http://{other}/token")], false),
    trick(
        "a token service that asks itself",
        TOKEN,
        401,
        &[("WWW-Authenticate", "Bearer realm=\"http://{other}/token\""), ("WWW-Authenticate", "Basic realm=\"x\"")],
        false,
    ),
    challenge("a realm elsewhere", &[("WWW-Authenticate", "Bearer realm=\"http://{other}/token\"")]),
    challenge("a realm in capitals", &[("WWW-Authenticate", "BEARER REALM=\"HTTP://{other}/token\"")]),
    challenge("a realm without a scheme", &[("WWW-Authenticate", "Bearer realm=\"//{other}/token\"")]),
    challenge("a realm with backslashes", &[("WWW-Authenticate", "Bearer realm=\"http:\\\\\\\\{other}\\\\token\"")]),
    challenge("a realm with a user", &[("WWW-Authenticate", "Bearer realm=\"http://{own}@{other}/token\"")]),
    challenge("a realm by another name", &[("WWW-Authenticate", "Bearer realm=\"http://localhost:{own_port}/token\"")]),
    challenge(
        "a realm after a comma",
        &[("WWW-Authenticate", "Basic realm=\"x\", Bearer realm=\"http://{other}/token\"")],
    ),
    challenge(
        "realms in two headers",
        &[("WWW-Authenticate", "Basic realm=\"x\""), ("WWW-Authenticate", "Bearer realm=\"http://{other}/token\"")],
    ),
    challenge(
        "two realms",
        &[
            ("WWW-Authenticate", "Bearer realm=\"http://{other}/token\""),
            ("WWW-Authenticate", "Bearer realm=\"http://{own}/token\""),
        ],
    ),
    challenge(
        "a realm within a quote",
        &[("WWW-Authenticate", "Bearer realm=\"http://{other}/#\\\"http://{own}/token\"")],
    ),
    challenge(
        "a realm that ends in a dot",
        &[("WWW-Authenticate", "Bearer realm=\"http://localhost.:{other_port}/token\"")],
    ),
    challenge("a realm over https", &[("WWW-Authenticate", "Bearer realm=\"https://169.254.169.254/token\"")]),
];

/// What the other origin answers, and so does the registry when it is spoken to by another name: it is glad to take
/// everything, and asks for more.
fn eager(request: &Request) -> Answer {
    match request.path.as_str() {
        "/token" => Answer::new(200).body(r#"{"token":"hush-token"}"#),
        _ => Answer::new(401)
            .header("WWW-Authenticate", "Basic realm=\"give it to me\"")
            .header("WWW-Authenticate", format!("Bearer realm=\"http://{}/token\"", request.header("host").unwrap())),
    }
}

fn filled(text: &str, own: &str, other: &str) -> String {
    let port = |host: &str| host.rsplit_once(':').unwrap().1.to_owned();
    let text = text.replace("{own_port}", &port(own)).replace("{other_port}", &port(other));
    text.replace("{own}", own).replace("{other}", other)
}

/// A registry at `127.0.0.1` that asks by `guard` who is there, and plays `trick`.
async fn registry(trick: &'static Trick, guard: Guard, other: String) -> FakeRegistry {
    let answer = move |request: &Request, _: &mut Store| {
        let own = request.header("host").unwrap_or_default();
        if own.starts_with("localhost") {
            return Some(eager(request));
        }
        let shown = request.header("authorization");
        let picked = request.method.starts_with(trick.to.0) && request.path.contains(trick.to.1);
        let token = request.path == "/token";
        if picked && (trick.before_login || token || shown.is_some()) {
            let headers = trick.headers.iter();
            let add = |answer: Answer, (name, value): &(&str, &str)| answer.header(name, filled(value, own, &other));
            return Some(headers.fold(Answer::new(trick.status), add));
        }
        match (token, shown, guard) {
            (true, ..) => Some(Answer::new(200).body(r#"{"token":"hush-token"}"#)),
            (false, Some(_), _) => None,
            (false, None, Guard::Basic) => Some(Answer::new(401).header("WWW-Authenticate", "Basic realm=\"x\"")),
            (false, None, Guard::Bearer) => {
                let bearer = format!("Bearer realm=\"http://{own}/token\",service=\"fake\"");
                Some(Answer::new(401).header("WWW-Authenticate", bearer))
            }
        }
    };
    FakeRegistry::scripted(answer).await
}

/// One client of a user who is logged in at every one of `hosts`.
fn logged_in(hosts: &[(String, Value)]) -> (Client, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.json");
    let auths: serde_json::Map<String, Value> = hosts.iter().cloned().collect();
    std::fs::write(&file, json!({ "auths": auths }).to_string()).unwrap();
    let keychain = Keychain { files: vec![file], ..Keychain::default() };
    (Client::new(Options { keychain, ..options() }).unwrap(), directory)
}

/// Pulls from and pushes to a registry that plays a trick, and fails if anything secret left it. Returns whether another
/// origin was asked for anything.
async fn play(client: &Client, registry: &FakeRegistry, other: &Scripted, what: &str) -> bool {
    let from = repository(&registry.host(), "base/python");
    let image = image(vec![layer(b"ours"), base_layer(BASE_LAYER, &from)]);
    let errors = [
        pull(client, &registry.host(), "base/python:3").await.err(),
        push(client, &registry.host(), "team/etl", &image).await.err(),
    ];
    for error in errors.into_iter().flatten() {
        assert_hides(&format!("{error} {error:?} {:?}", error.help()), &GIVEAWAYS, what);
    }
    let foreign = |request: &Request| !request.header("host").unwrap_or_default().starts_with("127.0.0.1");
    let elsewhere: Vec<Request> =
        registry.server.requests().into_iter().filter(foreign).chain(other.requests()).collect();
    for request in &elsewhere {
        assert_hides(&told(request), &GIVEAWAYS, what);
        assert_eq!(request.header("authorization"), None, "{what}");
    }
    !elsewhere.is_empty()
}

/// Everything that a request says.
fn told(request: &Request) -> String {
    format!("{request:?} {}", String::from_utf8_lossy(&request.body))
}

#[track_caller]
fn assert_hides(text: &str, giveaways: &[&str], what: &str) {
    assert!(!giveaways.iter().any(|giveaway| text.contains(giveaway)), "{what}: {text}");
}

#[tokio::test]
async fn no_credential_reaches_another_origin() {
    for trick in TRICKS {
        let mut registries = Vec::new();
        for guard in [Guard::Basic, Guard::Bearer] {
            for login in logins() {
                let other = Scripted::start(eager).await;
                let registry = registry(trick, guard, other.host()).await;
                put_base(&registry);
                registries.push((registry, other, login, guard));
            }
        }
        let hosts: Vec<_> = registries.iter().map(|(registry, _, login, _)| (registry.host(), login.clone())).collect();
        let (client, _directory) = logged_in(&hosts);
        let mut reached = false;
        for (registry, other, login, guard) in &registries {
            reached |= play(&client, registry, other, &format!("{}, {guard:?}, {login}", trick.name)).await;
        }
        assert_eq!(reached, trick.reaches, "{}", trick.name);
    }
}

/// The base's registry asks for everything, and names the target's own token service.
#[tokio::test]
async fn the_targets_credential_is_not_for_the_bases_registry() {
    for name in ["LEOFLOW_REGISTRY_PASSWORD", "LEOFLOW_REGISTRY_TOKEN", "LEOFLOW_REGISTRY_IDENTITY_TOKEN"] {
        let target = registry(&TRICKS[0], Guard::Bearer, "127.0.0.1:1".to_owned()).await;
        let host = target.host();
        let base = FakeRegistry::scripted(move |request, _| {
            let realm = if request.path.contains("manifests") { &host } else { request.header("host").unwrap() };
            let shown = request.header("authorization").is_some();
            let bearer = format!("Bearer realm=\"http://{realm}/token\"");
            let challenge = || Answer::new(401).header("WWW-Authenticate", bearer).header("WWW-Authenticate", "Basic");
            match request.path.as_str() {
                "/token" => Some(Answer::new(200).body(r#"{"token":"for-the-base"}"#)),
                _ => (!shown).then(challenge),
            }
        })
        .await;
        put_base(&base);
        let given = |variable: &str| match variable {
            "LEOFLOW_REGISTRY_USERNAME" if name.ends_with("PASSWORD") => Some("user".into()),
            _ => (variable == name).then(|| "s3cret".into()),
        };
        let methods = [(target.host(), LoginMethod::Environment)].into();
        let keychain = Keychain { methods, files: Vec::new(), ..Keychain::of_user(&given, 0) };
        let (client, _) = observed(Options { keychain, insecure_registries: vec![target.host()], ..options() });
        let image = image(vec![layer(b"ours"), base_layer(BASE_LAYER, &repository(&base.host(), "base/python"))]);
        let _ = pull(&client, &base.host(), "base/python:3").await;
        let _ = push(&client, &target.host(), "team/etl", &image).await;
        // As it is, and as `user:s3cret` in base64.
        let giveaways = ["s3cret", "dXNlcjpzM2NyZXQ"];
        assert!(!base.server.requests().is_empty());
        base.server.requests().iter().for_each(|request| assert_hides(&told(request), &giveaways, name));
        let shown = |request: &Request| giveaways.iter().any(|giveaway| told(request).contains(giveaway));
        assert!(target.server.requests().iter().any(shown), "{name}");
    }
}

/// A registry that repeats all that it is shown, in every place that an error is made of.
#[tokio::test]
async fn what_a_registry_repeats_is_not_shown() {
    let long = Arc::new("x".repeat(290));
    for form in ["{authorization}", "{password}", "{body}", "{long}{password}"] {
        for login in logins() {
            for status in [400, 401, 403, 404, 500] {
                let (template, long) = (form, Arc::clone(&long));
                let registry = FakeRegistry::scripted(move |request, _| {
                    let own = request.header("host").unwrap_or_default();
                    let bearer = format!("Bearer realm=\"http://{own}/token\",service=\"fake\"");
                    let shown = request.header("authorization").unwrap_or_default();
                    if request.path != "/token" && shown.is_empty() {
                        return Some(Answer::new(401).header("WWW-Authenticate", bearer));
                    }
                    let body = String::from_utf8_lossy(&request.body).into_owned();
                    let said = template
                        .replace("{authorization}", shown)
                        .replace("{password}", "hush")
                        .replace("{body}", &body);
                    let said = said.replace("{long}", &long);
                    Some(Answer::new(status).body(json!({"errors": [{"code": "DENIED", "message": said}]}).to_string()))
                })
                .await;
                let (client, _directory) = logged_in(&[(registry.host(), login.clone())]);
                let error = pull(&client, &registry.host(), "base/python:3").await.unwrap_err();
                let text = format!("{error} {error:?} {:?}", error.help());
                let password = ["hush", "dXNlcjpodXNo", "hus"];
                let tokens = ["hush-identity", "hush-registry"];
                let forms = if login["auth"].is_string() { &password[..] } else { &tokens };
                assert_hides(&text, forms, &format!("{form} {login} {status}"));
            }
        }
    }
}
