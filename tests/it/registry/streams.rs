//! Layers of a base: mounted where that works, else handed from registry to registry and checked on the way.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use leoflow::image::Image;
use leoflow::layers::Digest;
use leoflow::registry::{Event, Options, RegistryError};

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, Store, error};
use crate::support::scripted::{Answer, Fault, Interruption, Request};

const MOUNT: &str = "POST /v2/team/etl/blobs/uploads/";
const LAYER: &str = "GET /v2/base/python/blobs/";

/// An image whose only layer is the base's, in `host`.
fn derived(host: &str) -> Image {
    image(vec![base_layer(BASE_LAYER, &repository(host, "base/python"))])
}

/// Pushes to the registry that has the base, and that answers by `script`; returns the numbers of mounted and of
/// uploaded blobs, and of uploads begun.
async fn check_mount(
    situation: &str,
    script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
    expected: (usize, usize, usize),
) {
    let registry = FakeRegistry::scripted(script).await;
    put_base(&registry);
    let pushed = push(&client(), &registry.host(), "team/etl", &derived(&registry.host())).await.unwrap();
    assert_eq!((pushed.mounted, pushed.uploaded, registry.server.count("POST")), expected, "{situation}");
    assert!(registry.has_blob("team/etl", Digest::of(BASE_LAYER)), "{situation}");
}

#[tokio::test]
async fn a_layer_of_the_same_registry_is_mounted_or_else_uploaded() {
    let elsewhere = Answer::new(201).header("Docker-Content-Digest", Digest::of(b"else").to_string());
    let session = Answer::new(202).header("Location", "/v2/team/etl/blobs/uploads/kept?state=1");
    check_mount("mounted", |_, _| None, (1, 1, 2)).await;
    check_mount("not mounted: the session is kept", first(1, MOUNT, session), (0, 2, 2)).await;
    check_mount("202 without Location", first(1, MOUNT, Answer::new(202)), (0, 2, 3)).await;
    check_mount("another blob was mounted", first(1, MOUNT, elsewhere), (0, 2, 3)).await;
    for status in [400, 401, 403, 404, 405, 429, 500, 503] {
        check_mount(&format!("mount {status}"), first(1, MOUNT, error(status, "NO")), (0, 2, 3)).await;
    }
    check_mount("closed", first(1, MOUNT, Answer::new(201).fault(Fault::Close)), (0, 2, 3)).await;
}

#[tokio::test]
async fn a_mount_always_names_its_source() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    push(&client(), &registry.host(), "team/etl", &derived(&registry.host())).await.unwrap();
    let requests = registry.server.requests();
    let mount = requests.iter().find(|request| request.parameter("mount").is_some()).unwrap();
    assert_eq!(mount.parameter("from").as_deref(), Some("base/python"));
    assert_eq!(mount.parameter("mount"), Some(Digest::of(BASE_LAYER).to_string()));
}

/// Pushes to one registry from another, which answers by `script`.
async fn check_stream(
    situation: &str,
    script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
    expected: Result<(), &str>,
) {
    let source = FakeRegistry::scripted(script).await;
    put_base(&source);
    let target = FakeRegistry::start().await;
    let result = push(&client(), &target.host(), "team/etl", &derived(&source.host())).await;
    let arrived = target.has_blob("team/etl", Digest::of(BASE_LAYER));
    assert_eq!(arrived, expected.is_ok(), "{situation}");
    match (&result, expected) {
        (Ok(pushed), Ok(())) => assert_eq!((pushed.mounted, pushed.uploaded), (0, 2), "{situation}"),
        (Err(error), Err(part)) => {
            let text = error.to_string();
            assert!(text.contains(part) && text.contains(&source.host()), "{situation}: {text}");
            // A body that is not right never is a complete one.
            assert_eq!(target.server.count("PUT"), 0, "{situation}");
        }
        _ => panic!("{situation}: {result:?}"),
    }
}

#[tokio::test]
async fn a_layer_of_another_registry_is_checked_as_it_passes() {
    let mut evil = BASE_LAYER.to_vec();
    evil[0] ^= 1;
    let answer = |bytes: &[u8]| Answer::new(200).body(bytes);
    let cut = || answer(BASE_LAYER).fault(Fault::Truncate(5));
    check_stream("as it should be", |_, _| None, Ok(())).await;
    check_stream("cut once", first(1, LAYER, cut()), Ok(())).await;
    check_stream("503 once", first(1, LAYER, Answer::new(503)), Ok(())).await;
    check_stream("closed once", first(1, LAYER, cut().fault(Fault::Close)), Ok(())).await;
    check_stream("cut for good", first(ALWAYS, LAYER, cut()), Err("the connection was closed")).await;
    check_stream("other bytes", first(ALWAYS, LAYER, answer(&evil)), Err("expected sha256:")).await;
    check_stream("fewer bytes", first(ALWAYS, LAYER, answer(&BASE_LAYER[1..])), Err("expected 34 bytes, found 33"))
        .await;
    check_stream("more bytes", first(ALWAYS, LAYER, answer(&[BASE_LAYER, b"!"].concat())), Err("found 35")).await;
    check_stream("gone", first(ALWAYS, LAYER, error(404, "BLOB_UNKNOWN")), Err("cannot read layer")).await;
    check_stream(
        "denied",
        first(ALWAYS, LAYER, error(403, "DENIED")),
        Err("does not allow it without a login: HTTP 403"),
    )
    .await;
    check_stream("500 for good", first(ALWAYS, LAYER, Answer::new(500)), Err("HTTP 500")).await;
}

#[tokio::test]
async fn a_source_that_hangs_is_named_and_asked_again() {
    let hang = Answer::new(200).body(BASE_LAYER).fault(Fault::Hang(5));
    let source = FakeRegistry::scripted(first(2, LAYER, hang)).await;
    put_base(&source);
    let target = FakeRegistry::start().await;
    let (client, events) = observed(Options { idle: Duration::from_millis(200), ..options() });
    push(&client, &target.host(), "team/etl", &derived(&source.host())).await.unwrap();
    let retries: Vec<(String, String)> = events.lock().unwrap().iter().filter_map(retry).collect();
    let expected = format!("read layer {} of {}/base/python", &Digest::of(BASE_LAYER).hex()[..12], source.host());
    assert_eq!(retries[0], (expected, "nothing moved for 0 s".to_owned()), "{retries:?}");
}

fn retry(event: &Event) -> Option<(String, String)> {
    match event {
        Event::Retry { attempted, reason, .. } => Some((attempted.clone(), reason.clone())),
        _ => None,
    }
}

#[tokio::test]
async fn a_large_layer_streams_from_registry_to_registry() {
    let bytes: Vec<u8> = (0..5_000_003_u32).map(|n| (n * 7 % 253) as u8).collect();
    let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
    source.put_blob("base/python", &bytes);
    let image = image(vec![base_layer(&bytes, &repository(&source.host(), "base/python"))]);
    let (client, events) = observed(options());
    let pushed = push(&client, &target.host(), "team/etl", &image).await.unwrap();
    assert_eq!(pushed.uploaded_bytes, (bytes.len() + CONFIG.len()) as u64);
    assert!(target.has_blob("team/etl", Digest::of(&bytes)));
    let started = Event::Started { digest: Digest::of(&bytes), size: bytes.len() as u64, streamed: true };
    assert!(events.lock().unwrap().contains(&started));
    // One GET a layer, and no upload has a length that it does not keep.
    assert_eq!(source.server.requests().len(), 1);
}

#[tokio::test]
async fn a_target_that_breaks_off_makes_the_source_be_asked_again() {
    let source = FakeRegistry::start().await;
    put_base(&source);
    let target = FakeRegistry::scripted(first(2, "PUT /v2/team/etl/blobs/", Answer::new(500))).await;
    push(&client(), &target.host(), "team/etl", &derived(&source.host())).await.unwrap();
    assert_eq!(source.server.count(LAYER), 3);
}

#[tokio::test]
async fn a_layer_of_the_pushed_repository_itself_is_not_mounted_from_it() {
    let registry = FakeRegistry::start().await;
    let image = image(vec![base_layer(BASE_LAYER, &repository(&registry.host(), "team/etl"))]);
    let error = push(&client(), &registry.host(), "team/etl", &image).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Refused(refusal) if refusal.status == 404), "{error}");
    assert!(registry.server.requests().iter().all(|request| request.parameter("mount").is_none()));
}

/// 5,000,003 bytes.
fn large() -> Vec<u8> {
    (0..5_000_003_u32).map(|n| (n * 7 % 253) as u8).collect()
}

/// Pushes a layer of 5,000,003 bytes from another registry, which breaks off once after 2,000,000 and answers the next
/// request by `then`; returns which ranges the source was asked for, and how often the upload began.
async fn resumed(then: impl Fn(&Request, Answer) -> Answer + Send + Sync + 'static) -> (Vec<String>, usize) {
    let cut = first(1, LAYER, Answer::new(200).body(large()).fault(Fault::Truncate(2_000_000)));
    let answer_range = move |request: &Request, store: &mut Store| {
        let answer = |store: &mut Store| store.answer(request);
        request.header("range").is_some().then(|| then(request, answer(store)))
    };
    let source =
        FakeRegistry::scripted(move |request, store| cut(request, store).or_else(|| answer_range(request, store)));
    let (source, target) = (source.await, FakeRegistry::start().await);
    source.put_blob("base/python", &large());
    target.put_blob("team/etl", CONFIG);
    let image = image(vec![base_layer(&large(), &repository(&source.host(), "base/python"))]);
    push(&client(), &target.host(), "team/etl", &image).await.unwrap();
    assert!(target.has_blob("team/etl", Digest::of(&large())));
    let requests = source.server.requests();
    let reads = requests.iter().filter(|request| request.method == "GET");
    let ranges = reads.map(|request| request.header("range").unwrap_or("all").to_owned()).collect();
    (ranges, target.server.count(MOUNT))
}

#[tokio::test]
async fn a_source_that_breaks_off_goes_on_where_it_was() {
    let (resumed_at, all) = ("bytes=2000000-".to_owned(), "all".to_owned());
    let once = [all.clone(), resumed_at.clone()];
    assert_eq!(resumed(|_, answer| answer).await, (once.to_vec(), 1));
    // The target does not notice either where the source begins again.
    assert_eq!(resumed(|_, _| Answer::new(200).body(large())).await, (once.to_vec(), 1));
    let twice = [all.clone(), resumed_at.clone(), all.clone()];
    let without = |range: &'static str| {
        move |_: &Request, mut answer: Answer| {
            answer.headers.retain(|(name, _)| name != "Content-Range");
            answer.header("Content-Range", range)
        }
    };
    assert_eq!(resumed(without("bytes 2000001-5000002/5000003")).await, (twice.to_vec(), 1));
    assert_eq!(resumed(without("bytes 2000000-5000002/6000003")).await, (twice.to_vec(), 1));
    assert_eq!(resumed(without("nonsense")).await, (twice.to_vec(), 1));
    assert_eq!(resumed(|_, _| Answer::new(416)).await, (twice.to_vec(), 1));
}

#[tokio::test]
async fn parts_that_do_not_fit_together_are_not_sent_to_their_end() {
    let (ranges, begun) = resumed(|_, mut answer| {
        answer.body[7] ^= 1;
        answer
    })
    .await;
    assert_eq!((ranges.len(), begun), (3, 2), "{ranges:?}");
}

/// Options under which a second is long.
fn impatient() -> Options {
    Options { least_rate: 100_000, rate_window: Duration::from_millis(500), ..options() }
}

#[tokio::test]
async fn a_source_that_only_trickles_is_named_and_asked_again() {
    let drip = Answer::new(200).body(large()).fault(Fault::Drip(1000, Duration::from_millis(50)));
    let source = FakeRegistry::scripted(first(1, LAYER, drip)).await;
    source.put_blob("base/python", &large());
    let target = FakeRegistry::start().await;
    let image = image(vec![base_layer(&large(), &repository(&source.host(), "base/python"))]);
    let (client, events) = observed(impatient());
    push(&client, &target.host(), "team/etl", &image).await.unwrap();
    let retries: Vec<(String, String)> = events.lock().unwrap().iter().filter_map(retry).collect();
    let (attempted, reason) = &retries[0];
    assert!(attempted.contains(&source.host()) && reason.contains("bytes/s"), "{retries:?}");
    assert_eq!((retries.len(), target.server.count(MOUNT)), (1, 2));
}

#[tokio::test]
async fn a_target_that_only_trickles_is_named_and_tried_again() {
    let left = AtomicUsize::new(1);
    let target = FakeRegistry::interrupting(
        |_, _| None,
        move |request| {
            let upload = request.line().starts_with("PUT /v2/team/etl/blobs/");
            (upload && take(&left)).then(|| Interruption::Sip(1000, Duration::from_millis(20)))
        },
    )
    .await;
    // More than the buffers of a socket hold.
    let bytes = vec![7; 12_000_000];
    let (client, events) = observed(impatient());
    push(&client, &target.host(), "team/etl", &image(vec![layer(&bytes)])).await.unwrap();
    let retries: Vec<(String, String)> = events.lock().unwrap().iter().filter_map(retry).collect();
    let (attempted, reason) = &retries[0];
    assert!(attempted.starts_with("upload layer") && reason.contains("bytes/s"), "{retries:?}");
}

#[tokio::test]
async fn a_target_is_not_blamed_for_its_source_nor_a_source_for_its_target() {
    // Each pauses for less than the limit, but both together for more.
    let drip = Answer::new(200).body(large()).fault(Fault::Drip(2_000_000, Duration::from_millis(600)));
    let source = FakeRegistry::scripted(first(ALWAYS, LAYER, drip)).await;
    source.put_blob("base/python", &large());
    let target = FakeRegistry::interrupting(
        |_, _| None,
        |request| {
            let upload = request.method == "PUT" && request.path.contains("/uploads/");
            upload.then(|| Interruption::Sip(1_000_000, Duration::from_millis(300)))
        },
    )
    .await;
    let image = image(vec![base_layer(&large(), &repository(&source.host(), "base/python"))]);
    let (client, events) = observed(Options { idle: Duration::from_millis(1500), ..options() });
    push(&client, &target.host(), "team/etl", &image).await.unwrap();
    assert!(events.lock().unwrap().iter().all(|event| retry(event).is_none()));
}
