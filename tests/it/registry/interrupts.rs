//! Uploads that are given up: the registry is told, so that it need not keep what has arrived.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, error};
use crate::support::scripted::{Answer, Interruption, Request};
use crate::support::{Home, Ran};

const COMMIT: &str = "PUT /v2/team/etl/blobs/uploads/";
const CANCEL: &str = "DELETE /v2/";

/// A registry that never reads an upload to its end, and tells when one has begun.
async fn stalling() -> (FakeRegistry, Arc<Notify>) {
    let begun = Arc::new(Notify::new());
    let seen = Arc::clone(&begun);
    let stall = move |request: &Request| {
        let upload = request.method == "PUT" && request.path.contains("/blobs/uploads/");
        upload.then_some(Interruption::Stall(0)).inspect(|_| seen.notify_one())
    };
    (FakeRegistry::interrupting(|_, _| None, stall).await, begun)
}

#[tokio::test]
async fn a_push_whose_future_is_dropped_can_be_cancelled() {
    let (registry, begun) = stalling().await;
    let (client, host, image) = (client(), registry.host(), image(vec![layer(&[7; 12_000_000])]));
    tokio::select! {
        result = push(&client, &host, "team/etl", &image) => panic!("{result:?}"),
        () = begun.notified() => {}
    }
    assert_eq!((registry.open_uploads(), registry.server.count(CANCEL)), (1, 0));
    client.abandon().await;
    client.abandon().await;
    assert_eq!((registry.open_uploads(), registry.server.count(CANCEL)), (0, 1));
}

#[tokio::test]
async fn a_push_that_fails_cancels_what_it_began() {
    let denied = || first(ALWAYS, COMMIT, error(403, "DENIED"));
    let registry = FakeRegistry::scripted(denied()).await;
    let layers = (0..4).map(|n| layer(&[n; 1000])).collect();
    push(&client(), &registry.host(), "team/etl", &image(layers)).await.unwrap_err();
    assert_eq!(registry.open_uploads(), 0);
    assert!(registry.server.count(CANCEL) >= 1);
}

#[tokio::test]
async fn nothing_but_an_upload_is_ever_deleted() {
    for location in
        ["/v2/team/etl/blobs/sha256:1", "/v2/team/etl/manifests/v1", "http://localhost:1/v2/a/blobs/uploads/1"]
    {
        let begin = first(ALWAYS, "POST", Answer::new(202).header("Location", location));
        let registry = FakeRegistry::scripted(move |request, store| {
            let refused = request.method == "PUT";
            begin(request, store).or_else(|| refused.then(|| error(403, "DENIED")))
        })
        .await;
        push(&client(), &registry.host(), "team/etl", &image(vec![layer(b"ours")])).await.unwrap_err();
        assert_eq!(registry.server.count("DELETE"), 0, "{location}");
    }
}

#[tokio::test]
async fn an_upload_whose_location_is_out_of_date_is_cancelled_at_its_new_one() {
    // Distribution signs the offset into the Location, and knows no session at another offset, but tells its status.
    let denied = first(ALWAYS, COMMIT, error(403, "DENIED"));
    let registry = FakeRegistry::scripted(move |request, store| {
        let stale = request.method == "DELETE" && request.query != "fresh";
        let location = format!("{}?fresh", request.path);
        let status = (request.method == "GET").then(|| Answer::new(204).header("Location", location));
        denied(request, store).or_else(|| stale.then(|| error(404, "BLOB_UPLOAD_INVALID"))).or(status)
    })
    .await;
    push(&client(), &registry.host(), "team/etl", &image(vec![layer(b"ours")])).await.unwrap_err();
    assert_eq!((registry.open_uploads(), registry.server.count(CANCEL)), (0, 2));
}

#[tokio::test]
async fn a_registry_that_does_not_listen_is_not_waited_for() {
    let registry = FakeRegistry::interrupting(first(ALWAYS, COMMIT, error(403, "DENIED")), |request| {
        (request.method == "DELETE").then_some(Interruption::Stall(0))
    })
    .await;
    let (client, host, image) = (client(), registry.host(), image(vec![layer(b"ours")]));
    let pushed = push(&client, &host, "team/etl", &image);
    let ended = tokio::time::timeout(Duration::from_secs(20), pushed).await;
    assert!(ended.is_ok_and(|result| result.is_err()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_deploy_cancels_its_uploads() {
    let (registry, begun) = stalling().await;
    put_base(&registry);
    let home = Home::new();
    let project = home.project("etl_sales");
    let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(12_000_000).collect();
    std::fs::write(project.join("noise.bin"), noise).unwrap();
    let (host, base) = (registry.host(), format!("{}/base/python:3", registry.host()));
    let mut command = home.leoflow();
    command.args(["deploy", "etl_sales", "--yes", "--packages-in-base", "--dag-version", "v1", "--token", "t"]);
    command.args(["--server", "http://127.0.0.1:1", "--registry", &host, "--base", &base]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    let waiting = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    tokio::select! {
        () = begun.notified() => {}
        () = tokio::time::sleep(Duration::from_secs(120)) => {}
    }
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = waiting.await.unwrap();
    assert_eq!(output.status.signal(), None);
    Ran::of(output).exits(130).says(&["interrupted"]);
    assert!(registry.server.count(CANCEL) >= 1);
    assert_eq!(registry.open_uploads(), 0);
}
