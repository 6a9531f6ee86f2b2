//! Images out, to registries that behave.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leoflow::layers::Digest;
use leoflow::registry::{Client, Event, Options};

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, Store};
use crate::support::scripted::{Answer, Request};

#[tokio::test]
async fn a_cold_push_sends_each_blob_once_and_the_next_one_nothing() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let from = repository(&registry.host(), "base/python");
    let image = image(vec![base_layer(BASE_LAYER, &from), layer(b"ours"), layer(b"ours")]);
    let client = client();
    let pushed = push(&client, &registry.host(), "team/etl", &image).await.unwrap();
    assert_eq!((pushed.mounted, pushed.uploaded, pushed.present, pushed.unchanged), (1, 2, 0, false));
    assert_eq!(pushed.uploaded_bytes, (b"ours".len() + CONFIG.len()) as u64);
    assert_eq!(pushed.pinned, repository(&registry.host(), "team/etl").pinned(Digest::of(&image.manifest)));
    assert_eq!(registry.manifest("team/etl", "v1"), Some(image.manifest.clone()));
    assert!(registry.has_blob("team/etl", Digest::of(b"ours")));
    // HEAD tag; HEAD and POST (mount) of the base layer; HEAD, POST, PUT of ours and of the config; PUT of the manifest.
    assert_eq!(registry.server.requests().len(), 1 + 2 + 3 + 3 + 1);

    let again = push(&client, &registry.host(), "team/etl", &image).await.unwrap();
    assert_eq!((again.unchanged, again.uploaded_bytes, again.present), (true, 0, 3));
    assert_eq!(registry.server.requests().len(), 11);
}

#[tokio::test]
async fn an_unchanged_deploy_is_four_requests_without_a_body() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let image = image(vec![layer(b"ours")]);
    push(&client(), &registry.host(), "team/etl", &image).await.unwrap();
    let before = registry.server.requests().len();

    let client = client();
    pull(&client, &registry.host(), "base/python:3").await.unwrap();
    push(&client, &registry.host(), "team/etl", &image).await.unwrap();
    let requests = registry.server.requests().split_off(before);
    let lines: Vec<String> = requests.iter().map(|request| request.line()).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(lines[3], "HEAD /v2/team/etl/manifests/v1");
    assert!(requests.iter().all(|request| request.body.is_empty()));
}

#[tokio::test]
async fn the_order_is_blobs_then_config_then_manifest() {
    let registry = FakeRegistry::start().await;
    let layers = (0..10).map(|n| layer(format!("layer {n}").as_bytes())).collect();
    push(&client(), &registry.host(), "team/etl", &image(layers)).await.unwrap();
    let puts: Vec<String> =
        registry.server.requests().iter().filter(|r| r.method == "PUT").map(|r| r.query.clone()).collect();
    assert_eq!(puts.len(), 12);
    assert_eq!(puts[10], format!("digest={}", Digest::of(CONFIG)).replace(':', "%3A"));
    assert_eq!(puts[11], "");
}

#[tokio::test]
async fn uploads_are_one_request_with_a_length() {
    let registry = FakeRegistry::start().await;
    // More than one piece, and not a multiple of one.
    let bytes: Vec<u8> = (0..700_001_u32).map(|n| (n % 251) as u8).collect();
    push(&client(), &registry.host(), "team/etl", &image(vec![layer(&bytes)])).await.unwrap();
    let requests = registry.server.requests();
    let put = requests.iter().find(|request| request.method == "PUT").unwrap();
    assert_eq!(put.header("content-length"), Some("700001"));
    assert_eq!(put.header("transfer-encoding"), None);
    assert_eq!(put.header("content-type"), Some("application/octet-stream"));
    assert_eq!(put.parameter("digest"), Some(Digest::of(&bytes).to_string()));
    let post = requests.iter().find(|request| request.method == "POST").unwrap();
    assert_eq!(post.header("content-length"), Some("0"));
    assert!(requests.iter().all(|r| r.header("user-agent").is_some_and(|agent| agent.starts_with("leoflow/"))));
}

#[tokio::test]
async fn an_empty_layer_is_pushed_too() {
    let registry = FakeRegistry::start().await;
    push(&client(), &registry.host(), "team/etl", &image(vec![layer(b"")])).await.unwrap();
    assert!(registry.has_blob("team/etl", Digest::of(b"")));
}

#[tokio::test]
async fn the_observer_is_told_of_every_blob() {
    let registry = FakeRegistry::start().await;
    registry.put_blob("team/etl", CONFIG);
    let (client, events) = observed(options());
    let bytes = vec![7; 300_000];
    push(&client, &registry.host(), "team/etl", &image(vec![layer(&bytes)])).await.unwrap();
    let events = events.lock().unwrap().clone();
    let (digest, size) = (Digest::of(&bytes), 300_000);
    let sent: u64 = events.iter().map(|event| if let Event::Sent { bytes, .. } = event { *bytes } else { 0 }).sum();
    assert_eq!(sent, size);
    assert_eq!(events.first(), Some(&Event::Started { digest, size, streamed: false }));
    assert!(events.contains(&Event::Uploaded { digest, size }));
    assert_eq!(events.last(), Some(&Event::Present { digest: Digest::of(CONFIG), size: CONFIG.len() as u64 }));
}

#[tokio::test]
async fn a_layer_that_two_pushes_share_is_uploaded_once_and_mounted_then() {
    let registry = FakeRegistry::start().await;
    let (client, host) = (client(), registry.host());
    let (first, second) = (image(vec![layer(b"shared"), layer(b"1")]), image(vec![layer(b"shared"), layer(b"2")]));
    let (one, two) = tokio::join!(push(&client, &host, "team/one", &first), push(&client, &host, "team/two", &second));
    assert_eq!(one.unwrap().mounted + two.unwrap().mounted, 2, "the shared layer and the config");
    let digest = format!("digest={}", Digest::of(b"shared")).replace(':', "%3A");
    assert_eq!(registry.server.requests().iter().filter(|request| request.query == digest).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pushes_at_a_time_upload_a_shared_layer_once() {
    let registry = FakeRegistry::start().await;
    let (client, host) = (Arc::new(client()), registry.host());
    let pushes: Vec<_> = (0..16)
        .map(|n| {
            let (client, host) = (Arc::clone(&client), host.clone());
            let image = image(vec![layer(b"shared"), layer(format!("own {n}").as_bytes())]);
            tokio::spawn(async move { push(&client, &host, &format!("team/etl{n}"), &image).await })
        })
        .collect();
    for pushed in pushes {
        pushed.await.unwrap().unwrap();
    }
    // One shared layer, one shared config, sixteen layers of their own, sixteen manifests.
    assert_eq!(registry.server.count("PUT"), 1 + 1 + 16 + 16);
}

#[tokio::test]
async fn blobs_move_side_by_side_but_not_all_at_once() {
    let registry = FakeRegistry::start().await;
    let layers = (0..20).map(|n| layer(format!("layer {n}").as_bytes())).collect();
    let (client, events) = observed(Options { concurrency: 3, ..options() });
    push(&client, &registry.host(), "team/etl", &image(layers)).await.unwrap();
    let most = most_at_a_time(&events.lock().unwrap());
    assert!((2..=3).contains(&most), "{most}");
}

/// How many uploads were in flight at a time, at most.
fn most_at_a_time(events: &[Event]) -> i32 {
    let (mut now, mut most) = (0, 0);
    for event in events {
        match event {
            Event::Started { .. } => now += 1,
            Event::Uploaded { .. } => now -= 1,
            _ => {}
        }
        most = most.max(now);
    }
    most
}

#[tokio::test]
async fn pushes_to_one_registry_share_its_slots() {
    let registry = FakeRegistry::start().await;
    let (client, events) = observed(Options { concurrency: 3, ..options() });
    let pushes = (0..5).map(|n| {
        let image =
            image((0..8).map(|layer_number| layer(format!("layer {layer_number} of {n}").as_bytes())).collect());
        let (client, host) = (client.clone(), registry.host());
        async move { push(&client, &host, &format!("team/etl{n}"), &image).await }
    });
    for pushed in futures_util::future::join_all(pushes).await {
        pushed.unwrap();
    }
    let most = most_at_a_time(&events.lock().unwrap());
    assert!((2..=3).contains(&most), "{most}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_pushes_get_through_a_registry_that_counts_requests() {
    let window = Mutex::new((Instant::now(), 0));
    // 60 requests in 50 ms.
    let limit = move |_: &Request, _: &mut Store| {
        let mut window = window.lock().unwrap();
        if window.0.elapsed() > Duration::from_millis(50) {
            *window = (Instant::now(), 0);
        }
        window.1 += 1;
        (window.1 > 60).then(|| Answer::new(429))
    };
    let registry = FakeRegistry::scripted(limit).await;
    let client = Client::new(Options { backoff: Duration::from_millis(50), ..options() }).unwrap();
    let pushes = (0..64).map(|n| {
        let image = image(vec![layer(b"shared"), layer(format!("own {n}").as_bytes())]);
        let (client, host) = (client.clone(), registry.host());
        tokio::spawn(async move { push(&client, &host, &format!("team/etl{n}"), &image).await })
    });
    for pushed in futures_util::future::join_all(pushes).await {
        pushed.unwrap().unwrap();
    }
    let shared = format!("digest={}", Digest::of(b"shared")).replace(':', "%3A");
    let requests = registry.server.requests();
    let uploads = requests.iter().filter(|request| request.query == shared).count();
    assert!((1..=6).contains(&uploads), "{uploads}: once, but for refusals");
}

/// Checks that a push comes to its end, and how many PUTs it makes, where a registry answers HEAD in its own way.
async fn check_head(start: &'static str, answer: Answer, puts: usize) {
    let registry = FakeRegistry::scripted(first(ALWAYS, start, answer)).await;
    let image = image(vec![layer(b"ours")]);
    push(&client(), &registry.host(), "team/etl", &image).await.unwrap();
    let answered = registry.server.count("PUT");
    assert_eq!(answered, puts, "{start}");
}

#[tokio::test]
async fn what_head_does_not_tell_is_found_out_by_pushing() {
    check_head("HEAD /v2/team/etl/manifests/", Answer::new(200), 3).await;
    check_head("HEAD /v2/team/etl/manifests/", Answer::new(403), 3).await;
    check_head("HEAD /v2/team/etl/manifests/", Answer::new(405), 3).await;
    check_head("HEAD /v2/team/etl/blobs/", Answer::new(403), 3).await;
    // A length that is not the blob's.
    check_head("HEAD /v2/team/etl/blobs/", Answer::new(200).header("Content-Length", "1"), 3).await;
}

/// A success that is no receipt is believed once the manifest is there, and only then.
#[tokio::test]
async fn a_manifest_counts_as_pushed_when_the_registry_itself_made_it() {
    for (stored, status, arrives) in [(true, 200, true), (true, 202, true), (false, 200, false), (false, 204, false)] {
        let registry = FakeRegistry::scripted(move |request, store| {
            is_manifest_put(request).then(|| {
                if stored {
                    store.answer(request);
                }
                Answer::new(status)
            })
        })
        .await;
        let pushed = push(&client(), &registry.host(), "team/etl", &image(vec![layer(b"ours")])).await;
        assert_eq!(pushed.is_ok(), arrives, "{status}, stored: {stored}: {pushed:?}");
    }
}

#[tokio::test]
async fn what_another_host_says_of_a_manifest_is_not_believed() {
    let stranger = FakeRegistry::scripted(|_, _| Some(Answer::new(201))).await;
    let elsewhere = format!("http://{}/elsewhere", stranger.host());
    let registry = FakeRegistry::scripted(move |request, _| {
        is_manifest_put(request).then(|| Answer::new(307).header("Location", elsewhere.clone()))
    })
    .await;
    let pushed = push(&client(), &registry.host(), "team/etl", &image(vec![layer(b"ours")])).await;
    assert!(pushed.is_err() && registry.manifest("team/etl", "v1").is_none(), "{pushed:?}");
}

fn is_manifest_put(request: &Request) -> bool {
    request.method == "PUT" && request.path.contains("/manifests/")
}
