//! Bases in.

use leoflow::image::LayerSource;
use leoflow::image::media_type::{OCI_CONFIG, OCI_INDEX, OCI_MANIFEST};
use leoflow::layers::Digest;
use leoflow::registry::RegistryError;
use serde_json::json;

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, Store};
use crate::support::scripted::{Answer, Fault, Request};

#[tokio::test]
async fn a_base_behind_an_index_is_three_requests_and_no_layer() {
    let registry = FakeRegistry::start().await;
    let digest = put_base(&registry);
    let base = pull(&client(), &registry.host(), "base/python:3").await.unwrap();
    assert_eq!(base.digest, digest);
    assert_eq!(base.layers.len(), 1);
    assert_eq!(base.layers[0].from, LayerSource::Registry(repository(&registry.host(), "base/python")));
    assert_eq!(registry.server.requests().len(), 3);
    let accepted = registry.server.requests()[0].header("accept").map(str::to_owned);
    assert!(accepted.is_some_and(|types| types.contains(OCI_INDEX) && types.contains(OCI_MANIFEST)));
}

/// Pulls `base/python:3`, whose index, manifest and config lie ready, from a registry that answers by `script`.
async fn pulled(
    script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
) -> Result<(), RegistryError> {
    let registry = FakeRegistry::scripted(script).await;
    put_base(&registry);
    pull(&client(), &registry.host(), "base/python:3").await.map(drop)
}

/// Checks what comes of a registry that answers `document` for the tag.
async fn check_tag(content_type: &str, document: impl Into<Vec<u8>>, expected: Result<(), &str>) {
    let document = document.into();
    let answer = Answer::new(200).header("Content-Type", content_type).body(document.clone());
    let result = pulled(first(ALWAYS, "GET /v2/base/python/manifests/3", answer)).await;
    check(&String::from_utf8_lossy(&document[..document.len().min(200)]), result, expected);
}

#[track_caller]
fn check(situation: &str, result: Result<(), RegistryError>, expected: Result<(), &str>) {
    match (result, expected) {
        (Ok(()), Ok(())) => {}
        (Err(error), Err(part)) if error.to_string().contains(part) => {}
        (result, expected) => panic!("{situation}: expected {expected:?}, got {result:?}"),
    }
}

#[tokio::test]
async fn manifests_are_what_they_say_or_refused() {
    let good = manifest(CONFIG, BASE_LAYER);
    let untyped = String::from_utf8(good.clone()).unwrap().replace(&format!(r#""mediaType":"{OCI_MANIFEST}","#), "");
    let both = json!({"schemaVersion": 2, "manifests": [], "layers": []}).to_string();
    let arm = index(&[(OCI_MANIFEST, "arm64", &good)]);
    check_tag(OCI_MANIFEST, good.clone(), Ok(())).await;
    check_tag(&format!("{OCI_MANIFEST}; charset=utf-8"), good.clone(), Ok(())).await;
    check_tag("application/json", good.clone(), Ok(())).await;
    check_tag("text/plain", untyped.clone(), Ok(())).await;
    check_tag(OCI_MANIFEST, untyped, Ok(())).await;
    check_tag(OCI_INDEX, good, Err("its Content-Type says `application/vnd.oci.image.index.v1+json`")).await;
    check_tag(OCI_MANIFEST, both.clone(), Err("CVE-2021-41190")).await;
    check_tag(OCI_INDEX, both, Err("CVE-2021-41190")).await;
    check_tag(OCI_INDEX, arm, Err("no image for linux/amd64; it has linux/arm64")).await;
    check_tag(OCI_MANIFEST, vec![b' '; (4 << 20) + 1], Err("larger than 4 MiB")).await;
    check_tag("text/html", "<html>Sign in</html>", Err("is not JSON")).await;
    check_tag(
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        r#"{"schemaVersion":1}"#,
        Err("v1+prettyjws"),
    )
    .await;
    check_tag(OCI_MANIFEST, r#"{"schemaVersion":2}"#, Err("config")).await;
}

#[tokio::test]
async fn what_is_fetched_has_the_digest_and_size_that_were_asked_for() {
    let lie = |content_type: &str, bytes: Vec<u8>| Answer::new(200).header("Content-Type", content_type).body(bytes);
    let good = manifest(CONFIG, BASE_LAYER);
    let by_digest = "GET /v2/base/python/manifests/sha256:";
    let blobs = "GET /v2/base/python/blobs/";

    let other = String::from_utf8(good.clone()).unwrap().replace("schemaVersion\":2", "schemaVersion\":3").into_bytes();
    check("child", pulled(first(ALWAYS, by_digest, lie(OCI_MANIFEST, other))).await, Err("expected sha256:"));
    let longer = [&good[..], b" "].concat();
    check("longer child", pulled(first(ALWAYS, by_digest, lie(OCI_MANIFEST, longer))).await, Err("expected sha256:"));

    let mut config = CONFIG.to_vec();
    config[20] ^= 1;
    check("config", pulled(first(ALWAYS, blobs, lie(OCI_CONFIG, config))).await, Err("expected sha256:"));
    let short = CONFIG[1..].to_vec();
    check("short config", pulled(first(ALWAYS, blobs, lie(OCI_CONFIG, short))).await, Err("bytes, found"));
    let huge = vec![b' '; (4 << 20) + 1];
    check("huge config", pulled(first(ALWAYS, blobs, lie(OCI_CONFIG, huge))).await, Err("larger than 4 MiB"));

    let header = lie(OCI_MANIFEST, good).header("Docker-Content-Digest", Digest::of(b"else").to_string());
    check("header", pulled(first(ALWAYS, "GET /v2/base/python/manifests/3", header)).await, Err("expected sha256:"));
    check("config is gone", pulled(first(ALWAYS, blobs, Answer::new(404))).await, Err("not found: HTTP 404"));
}

#[tokio::test]
async fn a_base_asked_for_by_digest_has_that_digest() {
    let registry = FakeRegistry::start().await;
    let digest = put_base(&registry);
    assert_eq!(pull(&client(), &registry.host(), &format!("base/python@{digest}")).await.unwrap().digest, digest);

    let answer = Answer::new(200).header("Content-Type", OCI_MANIFEST).body(manifest(b"other", BASE_LAYER));
    let registry = FakeRegistry::scripted(first(ALWAYS, "GET", answer)).await;
    let error = pull(&client(), &registry.host(), &format!("base/python@{digest}")).await.unwrap_err();
    assert!(matches!(error, RegistryError::WrongDigest { expected, .. } if expected == digest), "{error}");
}

#[tokio::test]
async fn indexes_nest_twice_and_no_deeper() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let mut document = manifest(CONFIG, BASE_LAYER);
    let mut media_type = OCI_MANIFEST;
    for (tag, expected) in [("one", Ok(())), ("two", Ok(())), ("three", Err("nested too deeply"))] {
        registry.put_manifest("base/python", "unused", media_type, &document);
        document = index(&[(media_type, "amd64", &document)]);
        media_type = OCI_INDEX;
        registry.put_manifest("base/python", tag, OCI_INDEX, &document);
        let result = pull(&client(), &registry.host(), &format!("base/python:{tag}")).await;
        check(tag, result.map(drop), expected);
    }
}

#[tokio::test]
async fn a_pull_survives_what_passes() {
    let manifests = "GET /v2/base/python/manifests/3";
    let blobs = "GET /v2/base/python/blobs/";
    let truncated = Answer::new(200).body(CONFIG).fault(Fault::Truncate(10));
    check("503 twice", pulled(first(2, manifests, Answer::new(503))).await, Ok(()));
    check("closed", pulled(first(1, manifests, Answer::new(200).fault(Fault::Close))).await, Ok(()));
    check("truncated", pulled(first(1, blobs, truncated.clone())).await, Ok(()));
    check("truncated for good", pulled(first(ALWAYS, blobs, truncated)).await, Err("the connection was closed"));
    check("503 for good", pulled(first(ALWAYS, manifests, Answer::new(503))).await, Err("HTTP 503"));
}

#[tokio::test]
async fn a_base_that_is_not_there_says_so() {
    let registry = FakeRegistry::start().await;
    let error = pull(&client(), &registry.host(), "base/none:1").await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(&format!("cannot read the image {}/base/none (1): not found", registry.host())), "{text}");
    assert!(text.contains("MANIFEST_UNKNOWN: so says the registry"), "{text}");
    assert!(error.help().is_some_and(|help| help.contains("check the name")));
}
