//! What the specification's conformance suite asks of a registry (opencontainers/distribution-spec, `conformance/`, of
//! version 1.1 and of what is to be 1.2), in its order, and what it does not ask: names, paths, errors.

mod blobs;
mod content;
mod data;
mod names;

use reqwest::{Method, StatusCode};

use super::super::{Bench, header, json};
use super::*;

/// Where things are pushed to.
const REPOSITORY: &str = "conformance/repo1";
/// Where blobs are mounted from.
const SOURCE: &str = "conformance/repo2";

/// A digest algorithm that every image may use.
#[derive(Debug, Clone, Copy)]
enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    const ALL: [Self; 2] = [Self::Sha256, Self::Sha512];

    fn digest(self, content: &[u8]) -> String {
        let (name, algorithm) = match self {
            Self::Sha256 => ("sha256", &ring::digest::SHA256),
            Self::Sha512 => ("sha512", &ring::digest::SHA512),
        };
        let hash = ring::digest::digest(algorithm, content);
        let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{name}:{hex}")
    }
}

#[tokio::test]
async fn an_empty_registry_answers() {
    let bench = Bench::new().await;
    assert_eq!(bench.get("/v2/").await.status(), StatusCode::OK);
    let tags = bench.get(&format!("/v2/{REPOSITORY}/tags/list")).await;
    assert_eq!(code(tags).await, (404, "NAME_UNKNOWN".into()));
    let nobody = Algorithm::Sha256.digest(b"nobody");
    let referrers = bench.get(&format!("/v2/{REPOSITORY}/referrers/{nobody}")).await;
    assert_eq!((referrers.status(), header(&referrers, "content-type")), (StatusCode::OK, INDEX));
    let referrers = json(referrers).await;
    assert_eq!(referrers, json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }));
}

#[tokio::test]
async fn manifests_that_are_not_there_and_digests_that_are_none() {
    let bench = Bench::new().await;
    bench.image(REPOSITORY, "v1", "layer").await;
    let manifest = json(bench.get(&format!("/v2/{REPOSITORY}/manifests/v1")).await).await.to_string();
    let path = |reference: &str| format!("/v2/{REPOSITORY}/manifests/{reference}");
    let missing = Algorithm::Sha512.digest(b"missing");
    for (method, reference, expected) in [
        (Method::GET, &*missing, (404, "MANIFEST_UNKNOWN")),
        (Method::GET, "missing-tag", (404, "MANIFEST_UNKNOWN")),
        (Method::GET, "sha256:baddigeststring", (400, "DIGEST_INVALID")),
        (Method::PUT, "sha256:baddigeststring", (400, "DIGEST_INVALID")),
        (Method::PUT, "sha256:totallywrong", (400, "DIGEST_INVALID")),
        (Method::PUT, &missing, (400, "DIGEST_INVALID")),
        (Method::DELETE, &missing, (404, "MANIFEST_UNKNOWN")),
        (Method::DELETE, "missing-tag", (404, "MANIFEST_UNKNOWN")),
    ] {
        let body = if method == Method::PUT { manifest.as_bytes() } else { b"" };
        let response = bench.send(method.clone(), &path(reference), &[("Content-Type", IMAGE)], body).await;
        assert_eq!(code(response).await, (expected.0, expected.1.into()), "{method} {reference}");
    }
}

/// The suite's tags, and a last one that shows the order: a list goes on after a tag that need not exist.
#[tokio::test]
async fn tags_go_by_pages_that_join_without_a_gap() {
    let bench = Bench::new().await;
    let tags: Vec<String> = (0..7).map(|number| format!("test{number}")).collect();
    for tag in &tags {
        bench.image(REPOSITORY, tag, "layer").await;
    }
    let (mut path, mut seen) = (format!("/v2/{REPOSITORY}/tags/list?n=3"), Vec::new());
    loop {
        let response = bench.get(&path).await;
        let next = header(&response, "link").split(['<', '>']).nth(1).map(str::to_owned);
        let page = json(response).await["tags"].as_array().expect("a list").clone();
        assert!(page.len() <= 3, "{path}");
        seen.extend(page);
        match next {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!(seen, tags);
}
