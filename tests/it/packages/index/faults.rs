//! Servers that fail, and what is told of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::support::package_index::PackageIndex;
use crate::support::scripted::{Answer, Fault};

/// Asks an index that answers its first requests so, and returns what came of it and how often it was asked.
async fn asked(times: usize, answer: Answer) -> (Result<Found, IndexError>, usize) {
    let left = AtomicUsize::new(times);
    let never_ends = matches!(answer.fault, Fault::Silence | Fault::Hang(_));
    let server = PackageIndex::scripted(move |_, _| {
        let fails = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        fails.then(|| answer.clone())
    })
    .await;
    server.put(&Wheel::new("a", "1.0"));
    let bench = Bench::at(server.url());
    // Others have all the time they need.
    let idle = if never_ends { Duration::from_millis(200) } else { Duration::from_secs(60) };
    let index = Index::new(IndexOptions { idle, ..bench.options() }).unwrap();
    let found = project(&index, "a").await;
    (found, server.count("GET"))
}

#[tokio::test]
async fn what_passes_by_itself_is_tried_again() {
    let ok = || Answer::new(200).header("Content-Type", "text/html").body("<a href='a-1.zip'>");
    for answer in [
        Answer::new(500),
        Answer::new(503).header("Retry-After", "0"),
        Answer::new(429).header("Retry-After", "0"),
        Answer::new(408),
        Answer::new(200).fault(Fault::Close),
        Answer::new(200).fault(Fault::Silence),
        ok().fault(Fault::Truncate(3)),
        ok().fault(Fault::Hang(3)),
    ] {
        let (found, requests) = asked(2, answer.clone()).await;
        assert!(found.is_ok(), "{answer:?}: {found:?}");
        assert!(requests >= 3, "{answer:?}");
    }
}

#[tokio::test]
async fn what_stays_wrong_is_told_with_a_way_out() {
    let html = |body: &str| Answer::new(200).header("Content-Type", "text/html").body(body);
    for (answer, expected, help) in [
        (Answer::new(401), "the server wants a user and a password (HTTP 401", "~/.netrc: `machine 127.0.0.1"),
        (Answer::new(403), "the server does not let anybody have it (HTTP 403", "~/.netrc"),
        (Answer::new(404), "there is no package `a` on http://127.0.0.1", "--index-url"),
        (Answer::new(429).header("Retry-After", "9999"), "HTTP 429 Too Many Requests", "wait a while"),
        (Answer::new(500), "HTTP 500 Internal Server Error", "try again later"),
        (Answer::new(200).fault(Fault::Close), "the connection was closed", "run it again"),
        (Answer::new(200).fault(Fault::Silence), "nothing came for", "run it again"),
        (html("<form><input type=password></form>"), "answers with a login page", "~/.netrc"),
        (Answer::new(200).header("Content-Type", "image/png"), "it is `image/png`", "simple API"),
        (
            Answer::new(200).header("Content-Type", "application/vnd.pypi.simple.v1+json").body("{\"files\": [{}]}"),
            "does not answer as an index does: missing field",
            "simple API",
        ),
        (
            Answer::new(200)
                .header("Content-Type", "application/vnd.pypi.simple.v1+json")
                .body("{\"meta\": {\"api-version\": \"2.0\"}, \"files\": []}"),
            "its API has version 2",
            "simple API",
        ),
    ] {
        let error = asked(usize::MAX, answer).await.0.unwrap_err();
        let text = format!("{error}\n{}", error.help().unwrap_or_default());
        assert!(text.contains(expected) && text.contains(help), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let error = project(&Bench::at("http://127.0.0.1:9/simple/").client(), "a").await.unwrap_err();
    assert!(matches!(error, IndexError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("cannot reach 127.0.0.1:9: connection refused"), "{error}");
}

#[tokio::test]
async fn a_server_that_drips_does_not_hold_anybody() {
    let server = PackageIndex::scripted(|request, shelf| {
        let drips = Fault::Drip(1, Duration::from_millis(5));
        Some(shelf.answer(request)).filter(|_| request.path.starts_with("/files/")).map(|answer| answer.fault(drips))
    })
    .await;
    server.put(&large());
    let bench = Bench::at(server.url());
    let least = LeastRate { bytes: 1 << 10, within: Duration::from_millis(40) };
    let index = Index::new(IndexOptions { least, ..bench.options() }).unwrap();
    let found = project(&index, "large").await.unwrap();
    let error = index.wheel(&locked(&found.files[0])).await.unwrap_err();
    assert!(matches!(error, IndexError::Slow { .. }), "{error}");
    assert!(error.to_string().contains("less than 1 KiB came"), "{error}");
}

#[tokio::test]
async fn an_empty_page_is_one_of_a_project_without_files() {
    let answer = Answer::new(200).header("Content-Type", "text/html").body("<html><body><h1>Links for a</h1>");
    assert_eq!(asked(1, answer).await.0.unwrap().files, []);
}

#[tokio::test]
async fn a_disk_that_is_full_is_told_as_such() {
    let server = PackageIndex::of(&[large()]).await;
    let bench = Bench::at(server.url());
    let found = project(&bench.client(), "large").await.unwrap();
    let nowhere = bench.directory.path().join("missing");
    let index = Index::new(IndexOptions { temporary_directory: nowhere.clone(), ..bench.options() }).unwrap();
    let error = index.wheel(&locked(&found.files[0])).await.unwrap_err();
    assert!(matches!(&error, IndexError::Disk { path, .. } if *path == nowhere), "{error}");
    assert!(error.is_system());
}
