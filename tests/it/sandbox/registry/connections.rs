//! Connections that break, stall, or come many at a time.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::super::{Bench, header, json};
use super::*;

/// Starts a PATCH of `length` bytes, sends `part` of them, and returns the connection.
async fn half_a_patch(bench: &Bench, location: &str, length: usize, part: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(&bench.sandbox.registry).await.expect("a connection");
    let head = format!("PATCH {location} HTTP/1.1\r\nHost: registry\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(part).await.expect("sent");
    stream
}

/// Asks until the session has `received` bytes.
async fn wait_for(bench: &Bench, location: &str, received: usize) {
    let expected = format!("0-{}", received - 1);
    let arrived = async {
        while header(&bench.get(location).await, "range") != expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), arrived).await.expect("the session answers, and has what was sent");
}

/// Sends the rest, and ends the upload: soon, since nothing waits for a connection to time out.
async fn finish(bench: &Bench, location: &str, start: usize, content: &[u8]) {
    let rest = send_rest(bench, location, start, content);
    tokio::time::timeout(Duration::from_secs(30), rest).await.expect("answers come soon");
}

async fn send_rest(bench: &Bench, location: &str, start: usize, content: &[u8]) {
    let range = format!("{start}-{}", content.len() - 1);
    let response = bench.send(Method::PATCH, location, &[("Content-Range", &range)], &content[start..]).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let path = format!("{location}?digest={}", Digest::of(content));
    assert_eq!(bench.send(Method::PUT, &path, &[], b"").await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn an_upload_goes_on_where_its_connection_broke() {
    let bench = Bench::new().await;
    let content = vec![b'x'; 100_000];
    for received in [1, 400, 65_536, 99_999] {
        let location = bench.session("a").await;
        drop(half_a_patch(&bench, &location, content.len(), &content[..received]).await);
        wait_for(&bench, &location, received).await;
        finish(&bench, &location, received, &content).await;
    }
}

/// The client, or a proxy between, gave a connection up without a word: it stays open here, and nothing comes.
#[tokio::test]
async fn an_upload_goes_on_while_its_old_connection_hangs() {
    let bench = Bench::new().await;
    let content = vec![b'y'; 100_000];
    let location = bench.session("a").await;
    let hanging = half_a_patch(&bench, &location, content.len(), &content[..400]).await;
    wait_for(&bench, &location, 400).await;
    finish(&bench, &location, 400, &content).await;
    drop(hanging);
}

/// More of them than threads, so that one which waited for another would stop the server.
#[tokio::test]
async fn connections_that_hang_hold_nobody_up() {
    let bench = Bench::new().await;
    let location = bench.session("a").await;
    let mut hanging = Vec::new();
    for _ in 0..64 {
        hanging.push(half_a_patch(&bench, &location, 1000, b"").await);
        hanging.push(half_a_patch(&bench, &bench.session("b").await, 1000, b"half").await);
    }
    let content = vec![b'z'; 1000];
    finish(&bench, &location, 0, &content).await;
    drop(hanging);
}

#[tokio::test]
async fn what_is_pushed_pulled_and_deleted_at_the_same_time_is_there_or_not_there() {
    let bench = Bench::new().await;
    bench.image("a", "v1", "layer").await;
    let manifest = json(bench.get("/v2/a/manifests/v1").await).await;
    let digest = Digest::of(manifest.to_string().as_bytes()).to_string();
    let path = format!("/v2/a/manifests/{digest}");
    let one = async |turn: usize| {
        for _ in 0..40 {
            let status = match turn % 4 {
                0 => bench.manifest("a", "v1", &manifest).await.status(),
                1 => bench.delete(&path).await,
                2 => bench.get(&path).await.status(),
                _ => bench.get(&format!("/v2/a/referrers/{digest}")).await.status(),
            };
            assert!(status.is_success() || status == StatusCode::NOT_FOUND, "{turn}: {status}");
        }
    };
    futures_util::future::join_all((0..8).map(one)).await;
    // Whoever came last, the manifest and its bytes go together.
    assert_eq!(bench.manifest("a", "v1", &manifest).await.status(), StatusCode::CREATED);
    assert_eq!(bench.get(&path).await.bytes().await.expect("a body"), manifest.to_string());
}
