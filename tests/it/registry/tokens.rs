//! Tokens: asked for once, for what is needed, and again when they go stale.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use leoflow::registry::{Pushed, RegistryError};

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, Store, error};
use crate::support::scripted::{Answer, Request};

/// A token service at `/token` and a registry behind it: token number n is worth `uses` requests, then a new one is
/// wanted. `script` comes first.
async fn guarded(
    uses: usize,
    script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
) -> FakeRegistry {
    let (issued, used) = (AtomicUsize::new(0), AtomicUsize::new(0));
    FakeRegistry::scripted(move |request, store| {
        if let Some(answer) = script(request, store) {
            return Some(answer);
        }
        if request.path == "/token" {
            used.store(0, SeqCst);
            let number = issued.fetch_add(1, SeqCst) + 1;
            return Some(Answer::new(200).body(format!(r#"{{"access_token":"token-{number}","expires_in":300}}"#)));
        }
        let current = format!("Bearer token-{}", issued.load(SeqCst));
        if request.header("authorization") == Some(&current) && used.fetch_add(1, SeqCst) < uses {
            return None;
        }
        Some(challenge(request))
    })
    .await
}

fn challenge(request: &Request) -> Answer {
    let host = request.header("host").unwrap_or_default();
    let bearer = format!(r#"bEARER Realm="http://{host}/token?x=y" , service="a, \"b\"""#);
    // Several challenges in one header, and in several.
    Answer::new(401)
        .header("WWW-Authenticate", "Negotiate")
        .header("WWW-Authenticate", format!("{bearer}, Digest realm=z"))
}

async fn pushed(registry: &FakeRegistry, layers: usize) -> Result<Pushed, RegistryError> {
    let layers = (0..layers).map(|n| layer(format!("layer {n}").as_bytes())).collect();
    push(&client(), &registry.host(), "team/etl", &image(layers)).await
}

fn token_requests(registry: &FakeRegistry) -> Vec<Request> {
    registry.server.requests().into_iter().filter(|request| request.path == "/token").collect()
}

#[tokio::test]
async fn one_token_does_for_a_whole_push() {
    let registry = guarded(ALWAYS, |_, _| None).await;
    pushed(&registry, 12).await.unwrap();
    let tokens = token_requests(&registry);
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].parameters("scope"), ["repository:team/etl:pull,push"]);
    assert_eq!(tokens[0].parameter("service").as_deref(), Some("a, \"b\""));
    assert_eq!(tokens[0].parameter("x").as_deref(), Some("y"));
    // The first request found out; no other was sent in vain.
    assert_eq!(registry.server.requests().iter().filter(|r| r.header("authorization").is_none()).count(), 2);
}

#[tokio::test]
async fn a_pull_asks_for_no_more_than_pulling() {
    let registry = guarded(ALWAYS, |_, _| None).await;
    put_base(&registry);
    pull(&client(), &registry.host(), "base/python:3").await.unwrap();
    let tokens = token_requests(&registry);
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].parameters("scope"), ["repository:base/python:pull"]);
}

#[tokio::test]
async fn a_mount_comes_with_a_token_for_both_repositories() {
    let registry = guarded(ALWAYS, |_, _| None).await;
    put_base(&registry);
    let from = repository(&registry.host(), "base/python");
    let image = image(vec![base_layer(BASE_LAYER, &from), base_layer(b"never there", &from)]);
    let _ = push(&client(), &registry.host(), "team/etl", &image).await;
    let both: Vec<Request> =
        token_requests(&registry).into_iter().filter(|request| request.parameters("scope").len() == 2).collect();
    assert_eq!(both.len(), 1);
    assert_eq!(both[0].parameters("scope"), ["repository:base/python:pull", "repository:team/etl:pull,push"]);
}

#[tokio::test]
async fn without_a_token_for_both_repositories_a_layer_is_uploaded() {
    let both =
        |request: &Request, _: &mut Store| (request.parameters("scope").len() == 2).then(|| error(403, "DENIED"));
    // Any number of tokens is good at a time here: pulling and pushing take turns.
    let registry = FakeRegistry::scripted(move |request, store| {
        both(request, store).or_else(|| match request.header("authorization") {
            _ if request.path == "/token" => Some(Answer::new(200).body(r#"{"token":"t"}"#)),
            Some("Bearer t") => None,
            _ => Some(challenge(request)),
        })
    })
    .await;
    put_base(&registry);
    let image = image(vec![base_layer(BASE_LAYER, &repository(&registry.host(), "base/python"))]);
    let pushed = push(&client(), &registry.host(), "team/etl", &image).await.unwrap();
    assert_eq!((pushed.mounted, pushed.uploaded), (0, 2));
}

#[tokio::test]
async fn a_token_that_goes_stale_is_replaced_and_the_body_sent_again() {
    // Each number of uses makes another request the one that is refused: HEAD, POST, PUT of a blob, of the manifest.
    for uses in 1..=7 {
        let registry = guarded(uses, |_, _| None).await;
        let image = image(vec![layer(&[7; 300_000])]);
        let result = push(&client(), &registry.host(), "team/etl", &image).await;
        assert!(result.is_ok(), "{uses}: {result:?}");
        assert_eq!(registry.manifest("team/etl", "v1"), Some(image.manifest));
        assert_eq!(token_requests(&registry).len(), 8_usize.div_ceil(uses), "{uses}");
    }
}

#[tokio::test]
async fn a_token_that_is_never_good_is_given_up() {
    let registry = guarded(0, |_, _| None).await;
    let error = pushed(&registry, 1).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Refused(refusal) if refusal.status == 401), "{error}");
    assert!(error.to_string().contains("wants a login"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains(&format!("docker login {}", registry.host()))));
    assert!(token_requests(&registry).len() <= 2);
}

#[tokio::test]
async fn a_token_service_may_fail_for_a_moment() {
    let registry = guarded(ALWAYS, first(2, "GET /token", Answer::new(503))).await;
    assert!(pushed(&registry, 2).await.is_ok());
    assert_eq!(token_requests(&registry).len(), 3);
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    for (answer, expected) in [
        (Answer::new(200).body("<html>"), "the answer is no token"),
        (Answer::new(200).body("{}"), "the answer holds no token"),
        (Answer::new(200).body(r#"{"token":""}"#), "the answer holds no token"),
        (Answer::new(200).body(r#"{"token":"a\nb"}"#), "the answer holds no token"),
        (Answer::new(200).body(vec![b' '; (1 << 20) + 1]), "larger than 1 MiB"),
        (Answer::new(403).body(r#"{"details":"no such user"}"#), "no such user"),
        (Answer::new(302).header("Location", "http://127.0.0.1:1/"), "HTTP 302"),
    ] {
        let registry = guarded(ALWAYS, first(ALWAYS, "GET /token", answer)).await;
        let error = pushed(&registry, 1).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_token_of_one_registry_is_not_shown_to_another_that_names_its_realm() {
    let good = guarded(ALWAYS, |_, _| None).await;
    put_base(&good);
    let good_host = good.host();
    // It names the other's token service, in a form that is trusted.
    let evil = FakeRegistry::scripted(move |_, _| {
        let bearer = format!(
            r#"Bearer realm="http://{good_host}/token?x=y",service="a, \"b\"",scope="repository:base/python:pull""#
        );
        Some(Answer::new(401).header("WWW-Authenticate", bearer))
    })
    .await;
    let (client, _) = observed(leoflow::registry::Options { insecure_registries: vec![good.host()], ..options() });
    pull(&client, &good.host(), "base/python:3").await.unwrap();
    pull(&client, &evil.host(), "base/python:3").await.unwrap_err();
    assert!(evil.server.requests().iter().all(|request| request.header("authorization") != Some("Bearer token-1")));
}

/// A registry with the token service `answer`, which gets the number of the token; any of its tokens is good for ever.
async fn with_service(
    answer: impl Fn(usize) -> String + Send + Sync + 'static,
    script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
) -> FakeRegistry {
    let issued = AtomicUsize::new(0);
    FakeRegistry::scripted(move |request, store| match request.header("authorization") {
        _ if request.path == "/token" => Some(Answer::new(200).body(answer(issued.fetch_add(1, SeqCst) + 1))),
        Some(_) => script(request, store),
        None => Some(challenge(request)),
    })
    .await
}

#[tokio::test]
async fn the_life_of_a_token_comes_in_many_spellings() {
    for expires_in in ["300", "300.5", "\"300\"", "0", "-1", "null", "\"soon\"", "1e300", "[]"] {
        let registry =
            with_service(move |_| format!(r#"{{"token":"t","expires_in":{expires_in}}}"#), |_, _| None).await;
        pushed(&registry, 3).await.unwrap();
        assert_eq!(token_requests(&registry).len(), 1, "{expires_in}");
    }
}

/// The token lives for four seconds, and the registry takes longer to open the upload: the bytes are not sent in vain.
#[tokio::test]
async fn a_token_is_replaced_before_an_upload_that_it_would_not_outlive() {
    let registry = with_service(
        |number| format!(r#"{{"token":"token-{number}","expires_in":4}}"#),
        |request, _| {
            if request.line().starts_with("POST /v2/team/etl/blobs/uploads/") {
                std::thread::sleep(std::time::Duration::from_millis(3100));
            }
            None
        },
    )
    .await;
    pushed(&registry, 1).await.unwrap();
    let requests = registry.server.requests();
    let opened = requests.iter().position(|request| request.method == "POST").unwrap();
    assert_eq!(requests[opened].header("authorization"), Some("Bearer token-1"));
    let commit = requests[opened..].iter().find(|request| request.method == "PUT").unwrap();
    assert_ne!(commit.header("authorization"), Some("Bearer token-1"));
}

/// What a challenge asks for one repository is not asked for another: a token service may refuse the lot.
#[tokio::test]
async fn scopes_that_a_registry_asks_for_stay_with_their_repository() {
    let registry = FakeRegistry::scripted(|request, _| match request.header("authorization") {
        _ if request.path == "/token" => Some(Answer::new(200).body(r#"{"token":"t"}"#)),
        Some(_) => None,
        None => {
            let host = request.header("host").unwrap_or_default();
            let name = request.path.strip_prefix("/v2/")?.split("/manifests").next()?.split("/blobs").next()?;
            let scope = format!("repository:proxy/{name}:pull repository:{name}:pull");
            let bearer = format!("Bearer realm=\"http://{host}/token\",scope=\"{scope}\"");
            Some(Answer::new(401).header("WWW-Authenticate", bearer))
        }
    })
    .await;
    put_base(&registry);
    let client = client();
    pull(&client, &registry.host(), "base/python:3").await.unwrap();
    push(&client, &registry.host(), "team/etl", &image(vec![layer(b"ours")])).await.unwrap();
    let scopes: Vec<Vec<String>> =
        token_requests(&registry).iter().map(|request| request.parameters("scope")).collect();
    let base = ["repository:base/python:pull", "repository:proxy/base/python:pull"];
    assert_eq!(scopes, [&base[..], &["repository:team/etl:pull,push"]]);
}

#[tokio::test]
async fn many_pushes_at_a_time_ask_for_one_token_a_scope() {
    let registry = guarded(ALWAYS, |_, _| None).await;
    let (client, host) = (client(), registry.host());
    let images: Vec<_> = (0..16).map(|n| image(vec![layer(format!("{n}").as_bytes())])).collect();
    let pushes = images.iter().map(|image| push(&client, &host, "team/etl", image));
    for pushed in futures_util::future::join_all(pushes).await {
        pushed.unwrap();
    }
    assert_eq!(token_requests(&registry).len(), 1);
}
