//! Uploads in chunks: because that was asked for, or since one request is too much for somebody on the way.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use leoflow::image::Image;
use leoflow::layers::Digest;
use leoflow::registry::{Client, Event, Options, RegistryError};

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, Store, error};
use crate::support::scripted::{Answer, Fault, Interruption, Request};

const PATCH: &str = "PATCH /v2/team/etl/blobs/uploads/";
const STATUS: &str = "GET /v2/team/etl/blobs/uploads/";
const CLOSE: &str = "PUT /v2/team/etl/blobs/uploads/";

type Script = Box<dyn Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync>;
type Interrupt = Box<dyn Fn(&Request) -> Option<Interruption> + Send + Sync>;

/// 1,000,000 bytes.
fn bytes() -> Vec<u8> {
    (0..1_000_000_u32).map(|n| (n * 7 % 253) as u8).collect()
}

fn chunked(size: u64) -> Options {
    Options { chunk_size: NonZeroU64::new(size), ..options() }
}

/// A registry that has the config already, so that only one layer is left to upload.
async fn registry(script: Script, interrupt: Interrupt) -> FakeRegistry {
    let registry = FakeRegistry::interrupting(script, interrupt).await;
    registry.put_blob("team/etl", CONFIG);
    registry
}

fn nothing() -> Script {
    Box::new(|_, _| None)
}

fn no_interruption() -> Interrupt {
    Box::new(|_| None)
}

/// Returns what was asked of uploads: methods, and the range of each chunk.
fn uploads(registry: &FakeRegistry) -> Vec<String> {
    let requests = registry.server.requests();
    let uploads = requests.iter().filter(|request| request.path.contains("/blobs/uploads/"));
    uploads
        .map(|r| format!("{} {}", r.method, r.header("content-range").unwrap_or_default()).trim().to_owned())
        .collect()
}

/// Where the progress of a blob stands after these events.
fn position(events: &[Event]) -> u64 {
    events.iter().fold(0, |position, event| match event {
        Event::Started { .. } => 0,
        Event::Sent { bytes, .. } => position + bytes,
        Event::Resumed { at, .. } => *at,
        _ => position,
    })
}

/// Pushes 1,000,000 bytes, and checks what is asked of uploads.
async fn check(situation: &str, options: Options, script: Script, interrupt: Interrupt, expected: &[&str]) {
    let registry = registry(script, interrupt).await;
    let (client, events) = observed(options);
    let pushed = push(&client, &registry.host(), "team/etl", &image(vec![layer(&bytes())])).await;
    let found = uploads(&registry);
    assert!(pushed.is_ok(), "{situation}: {pushed:?}\n{found:?}");
    assert_eq!(found, expected, "{situation}");
    assert!(registry.has_blob("team/etl", Digest::of(&bytes())), "{situation}");
    assert_eq!(registry.open_uploads(), 0, "{situation}");
    assert_eq!(position(&events.lock().unwrap()), 1_000_000, "{situation}");
}

const BY_400_000: [&str; 5] = ["POST", "PATCH 0-399999", "PATCH 400000-799999", "PATCH 800000-999999", "PUT"];

#[tokio::test]
async fn chunks_are_made_on_request() {
    check("by 400,000", chunked(400_000), nothing(), no_interruption(), &BY_400_000).await;
    check("not asked for", options(), nothing(), no_interruption(), &["POST", "PUT"]).await;
    check("one chunk would do", chunked(1_000_000), nothing(), no_interruption(), &["POST", "PUT"]).await;
}

#[tokio::test]
async fn chunks_are_as_large_as_the_registry_wants() {
    let least = |request: &Request, store: &mut Store| {
        (request.method == "POST").then(|| store.answer(request).header("OCI-Chunk-Min-Length", "600000"))
    };
    let expected = ["POST", "PATCH 0-599999", "PATCH 600000-999999", "PUT"];
    check("at least 600,000", chunked(400_000), Box::new(least), no_interruption(), &expected).await;
}

#[tokio::test]
async fn each_request_goes_where_the_last_answer_says() {
    let counted = AtomicUsize::new(0);
    let script = move |request: &Request, store: &mut Store| {
        let mut answer = store.answer(request);
        let count = counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        for (name, value) in &mut answer.headers {
            if name == "Location" {
                *value = format!("{value}?state={count}");
            }
        }
        Some(answer)
    };
    let registry = registry(Box::new(script), no_interruption()).await;
    let (client, _) = observed(chunked(400_000));
    push(&client, &registry.host(), "team/etl", &image(vec![layer(&bytes())])).await.unwrap();
    let requests = registry.server.requests();
    let states: Vec<u32> = requests.iter().filter_map(|r| r.parameter("state")?.parse().ok()).collect();
    assert_eq!(states.len(), 4, "{states:?}");
    assert!(states.is_sorted_by(|a, b| a < b), "{states:?}");
}

/// Refuses every body of more than `limit` bytes, as nginx does: before it is read.
fn body_limit(limit: u64) -> Interrupt {
    Box::new(move |request| {
        let length: u64 = request.header("content-length").map_or(0, |text| text.parse().unwrap());
        (length > limit).then(|| Interruption::Refuse(Answer::new(413).body("<html><title>413 Too Large</title>")))
    })
}

#[tokio::test]
async fn what_is_too_large_for_one_request_goes_up_in_chunks_that_get_smaller() {
    let expected = [
        "POST",
        "PUT",
        "POST",
        "PATCH 0-524287",
        "GET",
        "PATCH 0-262143",
        "PATCH 262144-524287",
        "PATCH 524288-786431",
        "PATCH 786432-999999",
        "PUT",
        "DELETE",
    ];
    check("300 KiB", options(), nothing(), body_limit(300 << 10), &expected).await;
    let no_status = Box::new(first(ALWAYS, STATUS, Answer::new(405)));
    check("300 KiB, no status", options(), no_status, body_limit(300 << 10), &expected).await;
}

#[tokio::test]
async fn a_limit_is_learned_once() {
    let registry = registry(nothing(), body_limit(300 << 10)).await;
    let image = image(vec![layer(&bytes()), layer(&bytes()[1..])]);
    push(&Client::new(Options { concurrency: 1, ..options() }).unwrap(), &registry.host(), "team/etl", &image)
        .await
        .unwrap();
    let refused = uploads(&registry).iter().filter(|line| *line == "PATCH 0-524287").count();
    assert_eq!((refused, registry.server.count(CLOSE)), (1, 3), "{:?}", uploads(&registry));
}

#[tokio::test]
async fn a_small_blob_that_is_refused_makes_no_chunks_small() {
    let registry = registry(Box::new(first(1, CLOSE, Answer::new(413))), no_interruption()).await;
    let client = Client::new(options()).unwrap();
    push(&client, &registry.host(), "team/etl", &image(vec![layer(&bytes()[..1000])])).await.unwrap_err();
    push(&client, &registry.host(), "team/etl", &image(vec![layer(&bytes())])).await.unwrap();
    assert_eq!(registry.server.count(PATCH), 0, "{:?}", uploads(&registry));
}

/// Checks that a push fails and says so, and leaves no upload open.
async fn check_fails(situation: &str, options: Options, script: Script, interrupt: Interrupt, expected: &[&str]) {
    let registry = registry(script, interrupt).await;
    let (client, _) = observed(options);
    let error = push(&client, &registry.host(), "team/etl", &image(vec![layer(&bytes())])).await.unwrap_err();
    let told = format!("{error}\n{}", error.help().unwrap_or_default());
    for text in expected {
        assert!(told.contains(text), "{situation}: {told}");
    }
    assert_eq!(registry.open_uploads(), 0, "{situation}");
}

#[tokio::test]
async fn a_limit_that_nothing_helps_against_is_named() {
    let help = "`client_max_body_size 0`";
    let expected = ["a request body of 256 KiB is too large", "HTTP 413", help];
    check_fails("100 KiB", options(), nothing(), body_limit(100 << 10), &expected).await;
    let no_chunks = || Box::new(first(ALWAYS, PATCH, error(405, "UNSUPPORTED")));
    let expected =
        ["a request body of 976 KiB is too large", "does not take chunks of it: HTTP 405, UNSUPPORTED", help];
    check_fails("no chunks", options(), no_chunks(), body_limit(500_000), &expected).await;
    check_fails("no chunks, asked for", chunked(400_000), no_chunks(), body_limit(500_000), &expected).await;
    let lost = Box::new(first(ALWAYS, PATCH, Answer::new(202)));
    let expected = ["a request body of 976 KiB is too large", "HTTP 400, DIGEST_INVALID", help];
    check_fails("chunks lost", options(), lost, body_limit(600_000), &expected).await;
}

#[tokio::test]
async fn a_registry_without_chunks_gets_one_request() {
    for status in [400, 404, 405, 415, 501] {
        let script = Box::new(first(ALWAYS, PATCH, error(status, "UNSUPPORTED")));
        let expected = ["POST", "PATCH 0-399999", "POST", "PUT", "DELETE"];
        check(&status.to_string(), chunked(400_000), script, no_interruption(), &expected).await;
    }
}

#[tokio::test]
async fn a_registry_that_loses_chunks_gets_one_request() {
    // Takes the first chunk, and says the same of all others.
    let script = |request: &Request, _: &mut Store| {
        let dropped = request.line().starts_with(PATCH) && !request.header("content-range")?.starts_with("0-");
        dropped.then(|| Answer::new(202).header("Location", &request.path))
    };
    let mut expected = BY_400_000.to_vec();
    // It closed the first session when it refused, and says so.
    expected.extend(["POST", "PUT", "DELETE", "GET"]);
    check("silently", chunked(400_000), Box::new(script), no_interruption(), &expected).await;
}

/// Interrupts the first so many chunks that begin at `start`.
fn interrupted(times: usize, start: &'static str, how: Interruption) -> Interrupt {
    let left = AtomicUsize::new(times);
    Box::new(move |request| {
        let meant = request.header("content-range").is_some_and(|range| range.starts_with(start));
        (meant && take(&left)).then(|| how.clone())
    })
}

#[tokio::test]
async fn a_chunk_that_breaks_off_is_gone_on_with() {
    let broken = |start, how| interrupted(1, start, how);
    let kept =
        ["POST", "PATCH 0-399999", "PATCH 400000-799999", "GET", "PATCH 500000-899999", "PATCH 900000-999999", "PUT"];
    let keep = broken("400000-", Interruption::Keep(100_000));
    check("a part arrived", chunked(400_000), nothing(), keep, &kept).await;
    let mut again = BY_400_000.to_vec();
    again.splice(2..2, ["PATCH 400000-799999", "GET"]);
    let cut = broken("400000-", Interruption::Cut(100_000));
    check("nothing arrived", chunked(400_000), nothing(), cut, &again).await;
    let mut first_again = BY_400_000.to_vec();
    first_again.splice(1..1, ["PATCH 0-399999", "GET"]);
    let cut = broken("0-", Interruption::Cut(100_000));
    check("nothing at all", chunked(400_000), nothing(), cut, &first_again).await;
    let one_byte = [
        "POST",
        "PATCH 0-399999",
        "GET",
        "PATCH 0-399999",
        "GET",
        "PATCH 1-400000",
        "PATCH 400001-800000",
        "PATCH 800001-999999",
        "PUT",
    ];
    let keep = broken("0-", Interruption::Keep(1));
    check("a single byte", chunked(400_000), nothing(), keep, &one_byte).await;
}

#[tokio::test]
async fn a_chunk_whose_answer_is_lost_is_not_sent_again() {
    let mut expected = BY_400_000.to_vec();
    expected.insert(2, "GET");
    for answer in [Answer::new(500), Answer::new(202).fault(Fault::Close)] {
        let situation = format!("{answer:?}");
        let script = Box::new(done_but(1, PATCH, answer));
        check(&situation, chunked(400_000), script, no_interruption(), &expected).await;
    }
    let closed = || Answer::new(201).fault(Fault::Close);
    let mut expected = BY_400_000.to_vec();
    expected.extend(["DELETE", "GET"]);
    check("closing", chunked(400_000), Box::new(done_but(1, CLOSE, closed())), no_interruption(), &expected).await;
    let gone = || error(404, "BLOB_UPLOAD_UNKNOWN");
    check("closed", chunked(400_000), Box::new(done_but(1, CLOSE, gone())), no_interruption(), &expected).await;
}

#[tokio::test]
async fn an_upload_that_nobody_knows_any_more_begins_again() {
    let mut expected = BY_400_000.to_vec();
    expected.splice(2..2, ["PATCH 400000-799999", "GET", "POST", "PATCH 0-399999"]);
    expected.push("DELETE");
    for status in [404, 405, 501] {
        let script = Box::new(first(ALWAYS, STATUS, error(status, "UNSUPPORTED")));
        let cut = interrupted(1, "400000-", Interruption::Cut(1000));
        check(&format!("no status: {status}"), chunked(400_000), script, cut, &expected).await;
    }
    let mut expected = BY_400_000.to_vec();
    expected.splice(2..2, ["PATCH 400000-799999", "POST", "PATCH 0-399999"]);
    expected.push("DELETE");
    let left = AtomicUsize::new(1);
    let lost = move |request: &Request, _: &mut Store| {
        let second = request.header("content-range").is_some_and(|range| range.starts_with("400000-"));
        (second && take(&left)).then(|| error(404, "BLOB_UPLOAD_UNKNOWN"))
    };
    check("lost", chunked(400_000), Box::new(lost), no_interruption(), &expected).await;
}

#[tokio::test]
async fn chunks_that_are_out_of_range_for_their_length_get_shorter() {
    // GHCR: 416 for more than 4 MiB.
    let script = |request: &Request, _: &mut Store| {
        let long = request.method == "PATCH" && request.body.len() > 300 << 10;
        long.then(|| Answer::new(416).body("the request body is too large and exceeds the maximum permissible limit"))
    };
    let expected = [
        "POST",
        "PATCH 0-599999",
        "GET",
        "PATCH 0-524287",
        "GET",
        "PATCH 0-262143",
        "PATCH 262144-524287",
        "PATCH 524288-786431",
        "PATCH 786432-999999",
        "PUT",
    ];
    check("GHCR", chunked(600_000), Box::new(script), no_interruption(), &expected).await;
}

#[tokio::test]
async fn a_range_that_does_not_move_is_not_believed_for_ever() {
    // ECR: 201, and a Range that stays at the end of the first chunk, also when it is asked for.
    let script = |request: &Request, store: &mut Store| {
        let mut answer = store.answer(request);
        let stuck = matches!(answer.status, 202 | 204 | 416) && request.method != "POST" && request.method != "DELETE";
        if stuck {
            answer.headers.retain(|(name, _)| name != "Range");
            answer.headers.push(("Range".to_owned(), "0-299999".to_owned()));
        }
        answer.status = if answer.status == 202 && request.method == "PATCH" { 201 } else { answer.status };
        Some(answer)
    };
    let expected = [
        "POST",
        "PATCH 0-299999",
        "PATCH 300000-599999",
        "PATCH 300000-599999",
        "GET",
        "PATCH 600000-899999",
        "PATCH 900000-999999",
        "PUT",
    ];
    check("ECR", chunked(300_000), Box::new(script), no_interruption(), &expected).await;
}

#[tokio::test]
async fn a_registry_that_takes_less_than_it_is_sent_gets_the_rest() {
    let left = AtomicUsize::new(1);
    let script = move |request: &Request, store: &mut Store| {
        (request.method == "PATCH" && take(&left)).then(|| {
            let mut less = request.clone();
            less.body.truncate(150_000);
            store.answer(&less)
        })
    };
    let expected =
        ["POST", "PATCH 0-399999", "PATCH 150000-549999", "PATCH 550000-949999", "PATCH 950000-999999", "PUT"];
    check("less", chunked(400_000), Box::new(script), no_interruption(), &expected).await;
}

/// The layer is another registry's.
fn derived(source: &FakeRegistry) -> Image {
    source.put_blob("base/python", &bytes());
    image(vec![base_layer(&bytes(), &repository(&source.host(), "base/python"))])
}

/// Pushes a layer of another registry in chunks; returns the ranges that the source was asked for.
async fn streamed(source: FakeRegistry, interrupt: Interrupt) -> Result<Vec<String>, RegistryError> {
    let target = registry(nothing(), interrupt).await;
    let (client, events) = observed(chunked(400_000));
    let pushed = push(&client, &target.host(), "team/etl", &derived(&source)).await;
    assert_eq!(target.has_blob("team/etl", Digest::of(&bytes())), pushed.is_ok());
    assert_eq!(target.open_uploads(), 0);
    pushed?;
    assert_eq!(position(&events.lock().unwrap()), 1_000_000);
    let requests = source.server.requests();
    let reads = requests.iter().filter(|request| request.method == "GET");
    Ok(reads.map(|request| request.header("range").unwrap_or("all").to_owned()).collect())
}

#[tokio::test]
async fn chunks_of_another_registry_are_read_in_one_go_and_again_from_where_they_are_needed() {
    let one_go = streamed(FakeRegistry::start().await, no_interruption()).await.unwrap();
    assert_eq!(one_go, ["all"]);
    let keep = || interrupted(1, "400000-", Interruption::Keep(100_000));
    assert_eq!(streamed(FakeRegistry::start().await, keep()).await.unwrap(), ["all", "bytes=400000-"]);
    let no_ranges = FakeRegistry::scripted(|request, store| {
        let mut plain = request.clone();
        plain.headers.remove("range");
        Some(store.answer(&plain))
    })
    .await;
    assert_eq!(streamed(no_ranges, keep()).await.unwrap(), ["all", "bytes=400000-"]);
}

#[tokio::test]
async fn what_another_registry_changes_midway_never_is_a_blob() {
    let other = FakeRegistry::scripted(|request, store| {
        let mut answer = store.answer(request);
        if request.header("range").is_some() {
            answer.body[0] ^= 1;
        }
        Some(answer)
    })
    .await;
    // Once the parts do not fit together, it is read in one go.
    let keep = interrupted(1, "400000-", Interruption::Keep(100_000));
    assert_eq!(streamed(other, keep).await.unwrap(), ["all", "bytes=400000-", "all"]);
}

#[tokio::test]
async fn chunks_of_many_layers_move_side_by_side() {
    let registry = registry(nothing(), no_interruption()).await;
    let layers: Vec<Vec<u8>> = (0..6).map(|n| bytes()[n..].to_vec()).collect();
    let image = image(layers.iter().map(|bytes| layer(bytes)).collect());
    let client = Arc::new(Client::new(chunked(100_000)).unwrap());
    push(&client, &registry.host(), "team/etl", &image).await.unwrap();
    assert!(layers.iter().all(|bytes| registry.has_blob("team/etl", Digest::of(bytes))));
}
