//! Pushes through what networks and registries do.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, SystemTime};

use leoflow::layers::Digest;
use leoflow::registry::{Cause, Event, Options, Pushed, RefusalKind, RegistryError};
use tokio::sync::Notify;

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, Store, error};
use crate::support::scripted::{Answer, Fault, Interruption, Request, Scripted};

const BEGIN: &str = "POST /v2/team/etl/blobs/uploads/";
const COMMIT: &str = "PUT /v2/team/etl/blobs/uploads/";
const TAG: &str = "PUT /v2/team/etl/manifests/v1";

/// Pushes a layer of two pieces to a registry that answers by `script`; returns also what the registry was asked.
async fn pushed(
    script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
) -> (Result<Pushed, RegistryError>, Vec<Request>) {
    let registry = FakeRegistry::scripted(script).await;
    let image = image(vec![layer(&[7; 300_000])]);
    let result = push(&client(), &registry.host(), "team/etl", &image).await;
    if result.is_ok() {
        assert_eq!(registry.manifest("team/etl", "v1"), Some(image.manifest));
        assert!(registry.has_blob("team/etl", Digest::of(&[7; 300_000])));
    }
    (result, registry.server.requests())
}

fn count(requests: &[Request], start: &str) -> usize {
    requests.iter().filter(|request| request.line().starts_with(start)).count()
}

/// Checks that the push succeeds all the same, with so many POSTs, blob PUTs and manifest PUTs.
async fn check_survives(
    situation: &str,
    script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
    expected: (usize, usize, usize),
) {
    let (result, requests) = pushed(script).await;
    assert!(result.is_ok(), "{situation}: {result:?}");
    let found = (count(&requests, BEGIN), count(&requests, COMMIT), count(&requests, TAG));
    assert_eq!(found, expected, "{situation}");
}

fn closed() -> Answer {
    Answer::new(201).fault(Fault::Close)
}

fn after(status: u16, delay: impl Into<String>) -> Answer {
    Answer::new(status).header("Retry-After", delay)
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let past = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(60));
    check_survives("nothing wrong", |_, _| None, (2, 2, 1)).await;
    check_survives("POST 500 thrice", first(3, BEGIN, Answer::new(500)), (5, 2, 1)).await;
    check_survives("PUT 500 thrice", first(3, COMMIT, Answer::new(500)), (5, 5, 1)).await;
    check_survives("PUT 408", first(1, COMMIT, Answer::new(408)), (3, 3, 1)).await;
    check_survives("PUT 502", first(1, COMMIT, Answer::new(502)), (3, 3, 1)).await;
    check_survives("PUT 504", first(1, COMMIT, Answer::new(504)), (3, 3, 1)).await;
    check_survives("429 for seconds", first(2, BEGIN, after(429, "0")), (4, 2, 1)).await;
    check_survives("429 until a date", first(2, BEGIN, after(429, past)), (4, 2, 1)).await;
    check_survives("503 for seconds", first(1, COMMIT, after(503, "0")), (3, 3, 1)).await;
    check_survives("POST closed", first(1, BEGIN, closed()), (3, 2, 1)).await;
    check_survives("PUT closed", first(1, COMMIT, closed()), (3, 3, 1)).await;
    check_survives("session lost", first(1, COMMIT, error(404, "BLOB_UPLOAD_UNKNOWN")), (3, 3, 1)).await;
    check_survives("HEAD 503", first(2, "HEAD", Answer::new(503)), (2, 2, 1)).await;
    check_survives("manifest 500", first(2, TAG, Answer::new(500)), (2, 2, 3)).await;
    check_survives("manifest closed", first(1, TAG, closed()), (2, 2, 2)).await;
    check_survives("blobs not seen yet", first(1, TAG, error(404, "MANIFEST_BLOB_UNKNOWN")), (2, 2, 2)).await;
    check_survives("a blob overlooked", first(1, TAG, error(400, "MANIFEST_BLOB_UNKNOWN")), (2, 2, 2)).await;
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_not_sent_again() {
    check_survives("500", done_but(1, COMMIT, Answer::new(500)), (2, 2, 1)).await;
    check_survives("404", done_but(1, COMMIT, Answer::new(404)), (2, 2, 1)).await;
    check_survives("closed", done_but(1, COMMIT, closed()), (2, 2, 1)).await;
    check_survives("manifest 504", done_but(1, TAG, Answer::new(504)), (2, 2, 1)).await;
    check_survives("manifest closed", done_but(1, TAG, closed()), (2, 2, 1)).await;
}

#[tokio::test]
async fn a_commit_is_asked_about_until_there_is_an_answer() {
    let (commit, head) = (done_but(1, COMMIT, closed()), AtomicUsize::new(2));
    let script = move |request: &Request, store: &mut Store| {
        // The registry restarts after the commit, and knows of the blob when it is back.
        let committed = request.method == "HEAD" && store.has_blobs() && take(&head);
        commit(request, store).or_else(|| committed.then(|| Answer::new(503)))
    };
    check_survives("HEAD 503", script, (2, 2, 1)).await;
}

#[tokio::test]
async fn a_commit_that_a_proxy_repeats_is_no_failure() {
    for status in [400, 404, 409, 416] {
        let situation = format!("{status}");
        check_survives(&situation, done_but(1, COMMIT, error(status, "BLOB_UPLOAD_INVALID")), (2, 2, 1)).await;
    }
}

/// Interrupts the first so many uploads of a blob.
fn first_uploads(times: usize, how: Interruption) -> impl Fn(&Request) -> Option<Interruption> + Send + Sync + 'static {
    let left = AtomicUsize::new(times);
    move |request| (request.line().starts_with(COMMIT) && take(&left)).then(|| how.clone())
}

#[tokio::test]
async fn an_upload_that_is_cut_off_or_stalls_begins_again() {
    // More than the buffers of a socket hold.
    let bytes = vec![7; 12_000_000];
    for how in [Interruption::Cut(100_000), Interruption::Stall(100_000)] {
        let registry = FakeRegistry::interrupting(|_, _| None, first_uploads(2, how.clone())).await;
        let (client, events) = observed(Options { idle: Duration::from_millis(500), ..options() });
        let pushed = push(&client, &registry.host(), "team/etl", &image(vec![layer(&bytes)])).await.unwrap();
        assert_eq!((pushed.uploaded, pushed.uploaded_bytes), (2, 12_000_000 + CONFIG.len() as u64), "{how:?}");
        assert!(registry.has_blob("team/etl", Digest::of(&bytes)));
        let begun =
            events.lock().unwrap().iter().filter(|e| matches!(e, Event::Started { size: 12_000_000, .. })).count();
        assert_eq!(begun, 3, "{how:?}");
    }
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_an_upload_is_heard() {
    let refuse = Interruption::Refuse(Answer::new(413).body("<html>too large"));
    let registry = FakeRegistry::interrupting(|_, _| None, first_uploads(ALWAYS, refuse)).await;
    let image = image(vec![layer(&[7; 12_000_000])]);
    let error = push(&client(), &registry.host(), "team/etl", &image).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Refused(refusal) if refusal.kind == RefusalKind::TooLarge), "{error}");
    // As a whole, and to close what then went up in chunks.
    assert_eq!(registry.server.count(COMMIT), 2);
}

#[tokio::test]
async fn a_push_that_is_given_up_leaves_nothing_behind_that_the_next_would_wait_for() {
    let begun = Arc::new(Notify::new());
    let seen = Arc::clone(&begun);
    let stall = first_uploads(1, Interruption::Stall(0));
    let registry =
        FakeRegistry::interrupting(|_, _| None, move |request| stall(request).inspect(|_| seen.notify_one())).await;
    let (client, image) = (client(), image(vec![layer(&[7; 12_000_000])]));
    let host = registry.host();
    tokio::select! {
        result = push(&client, &host, "team/etl", &image) => panic!("{result:?}"),
        () = begun.notified() => {}
    }
    push(&client, &host, "team/etl", &image).await.unwrap();
}

/// Checks that the push fails after so many requests of the kind, saying `expected` and giving `help`.
async fn check_fails(
    start: &'static str,
    answer: Answer,
    (kind, attempts): (RefusalKind, usize),
    expected: &str,
    help: &str,
) {
    let status = answer.status;
    let (result, requests) = pushed(first(ALWAYS, start, answer)).await;
    let error = result.unwrap_err();
    let RegistryError::Refused(refusal) = &error else { panic!("{status}: {error:?}") };
    assert_eq!((refusal.status, refusal.kind, refusal.user.as_deref()), (status, kind, None), "{error}");
    assert!(error.to_string().contains(expected), "{error}");
    assert!(error.help().unwrap_or_default().contains(help), "{status}: {:?}", error.help());
    assert_eq!(count(&requests, start), attempts, "{status}");
}

#[tokio::test]
async fn what_does_not_pass_is_said_at_once() {
    let denied = || error(403, "DENIED");
    check_fails(BEGIN, denied(), (RefusalKind::Forbidden, 1), "DENIED: so says the registry", "podman login").await;
    check_fails(BEGIN, Answer::new(401), (RefusalKind::Unauthorized, 1), "wants a login", "docker login").await;
    let unknown = error(404, "NAME_UNKNOWN");
    check_fails(BEGIN, unknown, (RefusalKind::RepositoryUnknown, 1), "no such repository", "create the repository")
        .await;
    check_fails(BEGIN, error(405, "UNSUPPORTED"), (RefusalKind::ReadOnly, 1), "not take pushes", "registry.url").await;
    check_fails(COMMIT, Answer::new(413), (RefusalKind::TooLarge, 2), "too large", "client_max_body_size").await;
    check_fails(COMMIT, error(400, "DIGEST_INVALID"), (RefusalKind::Other, 1), "DIGEST_INVALID", "").await;
    check_fails(TAG, error(400, "MANIFEST_INVALID"), (RefusalKind::Other, 1), "MANIFEST_INVALID", "").await;
    check_fails(TAG, denied(), (RefusalKind::Forbidden, 1), "tag v1 in", "docker login").await;
    check_fails(BEGIN, Answer::new(500), (RefusalKind::Other, 6), "HTTP 500", "try again later").await;
    check_fails(COMMIT, Answer::new(503), (RefusalKind::Other, 6), "HTTP 503", "try again later").await;
    // A whole hour is more than there is.
    check_fails(BEGIN, after(429, "3600"), (RefusalKind::TooManyRequests, 1), "too many requests", "wait").await;
    check_fails(BEGIN, after(429, "0"), (RefusalKind::TooManyRequests, 6), "too many requests", "wait").await;
}

#[tokio::test]
async fn a_registry_that_answers_another_digest_is_not_believed() {
    let other = || Answer::new(201).header("Docker-Content-Digest", Digest::of(b"else").to_string());
    for start in [COMMIT, TAG] {
        let (result, requests) = pushed(done_but(ALWAYS, start, other())).await;
        let error = result.unwrap_err();
        assert!(matches!(error, RegistryError::WrongDigest { found, .. } if found == Digest::of(b"else")), "{error}");
        assert_eq!(count(&requests, start), 1);
    }
}

#[tokio::test]
async fn nothing_waits_for_ever() {
    let silent = Scripted::start(|_| Answer::new(200).fault(Fault::Silence)).await;
    let image = image(vec![layer(b"ours")]);

    let (client, events) = observed(Options { idle: Duration::from_millis(5), ..options() });
    let error = push(&client, &silent.host(), "team/etl", &image).await.unwrap_err();
    assert!(matches!(error, RegistryError::Idle { .. }), "{error}");
    assert_eq!(events.lock().unwrap().len(), 5);

    let (client, _) = observed(Options { deadline: Duration::from_millis(5), ..options() });
    let error = push(&client, &silent.host(), "team/etl", &image).await.unwrap_err();
    assert!(matches!(error, RegistryError::Deadline { .. }), "{error}");
    assert!(error.to_string().contains("cannot push 127.0.0.1"), "{error}");
}

#[tokio::test]
async fn a_host_where_nobody_listens_is_named() {
    let host = Scripted::start(|_| Answer::new(200)).await.host();
    // The listener closes once its task is gone.
    let image = image(vec![layer(b"ours")]);
    let error = loop {
        match push(&client(), &host, "team/etl", &image).await.unwrap_err() {
            RegistryError::Unreachable { cause: Cause::ConnectionRefused, host: named, .. } => break named,
            _ => tokio::task::yield_now().await,
        }
    };
    assert_eq!(error, host);
}
