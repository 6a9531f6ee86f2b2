//! Registries that do what the specification leaves open, or nearly what it says: a push arrives all the same.

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, Store};
use crate::support::scripted::{Answer, Request};

/// Pulls a base from, and pushes an image with a mounted layer to, a registry that answers by `script`.
async fn check(quirk: &str, script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static) {
    let registry = FakeRegistry::scripted(script).await;
    put_base(&registry);
    let from = repository(&registry.host(), "base/python");
    let image = image(vec![base_layer(BASE_LAYER, &from), layer(&[7; 300_000])]);
    let client = client();
    let pulled = pull(&client, &registry.host(), "base/python:3").await;
    assert!(pulled.is_ok(), "{quirk}: {pulled:?}");
    let pushed = push(&client, &registry.host(), "team/etl", &image).await;
    assert!(pushed.is_ok(), "{quirk}: {pushed:?}");
    assert_eq!(registry.manifest("team/etl", "v1"), Some(image.manifest), "{quirk}");
    assert!(image.layers.iter().all(|layer| registry.has_blob("team/etl", layer.digest())), "{quirk}");
}

fn with_digest_header(mut answer: Answer, value: Option<&str>) -> Answer {
    answer.headers.retain(|(name, _)| name != "Docker-Content-Digest");
    match value {
        Some(value) => answer.header("Docker-Content-Digest", value),
        None => answer,
    }
}

#[tokio::test]
async fn the_digest_header_is_optional_and_may_use_an_algorithm_of_its_own() {
    let sha512 = format!("sha512:{}", "a".repeat(128));
    for value in [None, Some(sha512), Some("not a digest".to_owned())] {
        let quirk = format!("{value:?}");
        check(&quirk, move |request, store| Some(with_digest_header(store.answer(request), value.as_deref()))).await;
    }
}

#[tokio::test]
async fn any_success_is_a_success() {
    check("200 for 201 and 202", |request, store| {
        let mut answer = store.answer(request);
        answer.status = if answer.status < 300 { 200 } else { answer.status };
        Some(answer)
    })
    .await;
    check("204 for 201", |request, store| {
        let mut answer = store.answer(request);
        answer.status = if answer.status == 201 { 204 } else { answer.status };
        Some(answer)
    })
    .await;
}

#[tokio::test]
async fn requests_with_a_body_follow_a_redirect_with_it() {
    for method in ["POST", "PUT"] {
        for status in [307, 308] {
            check(&format!("{status} on {method}"), move |request, store| {
                let moved = request.method == method && !request.query.contains("moved");
                let query = if request.query.is_empty() { String::new() } else { format!("{}&", request.query) };
                let location = format!("{}?{query}moved", request.path);
                Some(if moved { Answer::new(status).header("Location", location) } else { store.answer(request) })
            })
            .await;
        }
    }
}

#[tokio::test]
async fn a_session_may_close_with_every_answer() {
    check("Connection: close", |request, store| Some(store.answer(request).header("Connection", "close"))).await;
}
