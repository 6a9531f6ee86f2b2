//! Bases that were pulled before: hardly anything is asked, and whatever lies in the cache, the base is the same.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use leoflow::cache::{self, Cache, CacheError};
use leoflow::credentials::Keychain;
use leoflow::image::BaseImage;
use leoflow::registry::{Client, Options, RegistryError};
use serde_json::json;
use tempfile::TempDir;

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, error};
use crate::support::scripted::Answer;

/// Options with a cache and the login `user:hush` at `host`.
fn cached(directory: &TempDir, host: &str) -> Options {
    let file = directory.path().join("config.json");
    fs::write(&file, json!({"auths": {host: {"auth": "dXNlcjpodXNo"}}}).to_string()).unwrap();
    let keychain = Keychain { files: vec![file], helper_timeout: Duration::from_secs(1), ..Keychain::default() };
    Options { keychain, cache: cache(directory), ..options() }
}

fn cache(directory: &TempDir) -> Cache {
    let on_fault = Arc::new(|fault: &CacheError| assert!(fault.help().is_some()));
    Cache::open(cache::Options { directory: directory.path().join("cache"), max_size: 1 << 30, on_fault })
}

/// Pulls with a client that knows nothing but what the cache holds.
async fn pulled(registry: &FakeRegistry, directory: &TempDir, rest: &str) -> Result<BaseImage, RegistryError> {
    let client = Client::new(cached(directory, &registry.host())).unwrap();
    pull(&client, &registry.host(), rest).await
}

/// The lines that `registry` saw since there were `before`, those to its token service left out.
fn lines_since(registry: &FakeRegistry, before: usize) -> Vec<String> {
    let requests = registry.server.requests().split_off(before);
    requests.iter().filter(|request| request.path != "/token").map(|request| request.line()).collect()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let cache = directory.join("cache/documents");
    fs::read_dir(cache).map_or_else(|_| Vec::new(), |entries| entries.map(|entry| entry.unwrap().path()).collect())
}

/// A registry that wants the `Authorization` header `wanted`, if any, and asks for it with `challenge`.
async fn guarded(wanted: Option<&'static str>, challenge: &'static str) -> FakeRegistry {
    FakeRegistry::scripted(move |request, _| {
        let host = request.header("host").unwrap_or_default();
        match wanted {
            Some(_) if request.path == "/token" => Some(Answer::new(200).body(r#"{"token":"t"}"#)),
            Some(wanted) if request.header("authorization") != Some(wanted) => {
                Some(Answer::new(401).header("WWW-Authenticate", challenge.replace("{host}", host)))
            }
            _ => None,
        }
    })
    .await
}

#[tokio::test]
async fn an_unchanged_deploy_is_four_requests_at_most_whoever_is_asked_for() {
    for (wanted, challenge, cold, expected) in [
        (None, "", 4, 2),
        (Some("Basic dXNlcjpodXNo"), "Basic realm=x", 5, 3),
        (Some("Bearer t"), "Bearer realm=\"http://{host}/token\"", 5, 3),
    ] {
        let registry = guarded(wanted, challenge).await;
        put_base(&registry);
        let directory = tempfile::tempdir().unwrap();
        let image = image(vec![layer(b"ours")]);
        push(&Client::new(cached(&directory, &registry.host())).unwrap(), &registry.host(), "team/etl", &image)
            .await
            .unwrap();
        for expected in [cold, expected] {
            let before = registry.server.requests().len();
            let client = Client::new(cached(&directory, &registry.host())).unwrap();
            pull(&client, &registry.host(), "base/python:3").await.unwrap();
            assert!(push(&client, &registry.host(), "team/etl", &image).await.unwrap().unchanged);
            let lines = lines_since(&registry, before);
            assert_eq!(lines.len(), expected, "{challenge}: {lines:?}");
        }
    }
}

#[tokio::test]
async fn a_base_pinned_by_digest_is_asked_for_once() {
    let registry = FakeRegistry::start().await;
    let digest = put_base(&registry);
    let directory = tempfile::tempdir().unwrap();
    let pinned = format!("base/python@{digest}");
    let first = pulled(&registry, &directory, &pinned).await.unwrap();
    assert_eq!(lines_since(&registry, 0).len(), 2);
    assert_eq!(pulled(&registry, &directory, &pinned).await.unwrap(), first);
    assert!(lines_since(&registry, 2).is_empty());
}

#[tokio::test]
async fn a_tag_is_what_the_registry_says_it_is_now() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let directory = tempfile::tempdir().unwrap();
    pulled(&registry, &directory, "base/python:3").await.unwrap();

    let moved = manifest(CONFIG, b"another layer");
    registry.put_manifest("base/python", "3", leoflow::image::media_type::OCI_MANIFEST, &moved);
    let before = registry.server.requests().len();
    let base = pulled(&registry, &directory, "base/python:3").await.unwrap();
    assert_eq!(base.digest, leoflow::layers::Digest::of(&moved));
    // HEAD of the tag and GET by digest; the config is the same.
    assert_eq!(lines_since(&registry, before).len(), 2);
}

#[tokio::test]
async fn a_registry_that_answers_no_head_is_asked_as_if_there_were_no_cache() {
    for answer in [Answer::new(405), Answer::new(200), Answer::new(404)] {
        let registry = FakeRegistry::scripted(first(ALWAYS, "HEAD", answer)).await;
        put_base(&registry);
        let directory = tempfile::tempdir().unwrap();
        let first = pulled(&registry, &directory, "base/python:3").await.unwrap();
        assert_eq!(pulled(&registry, &directory, "base/python:3").await.unwrap(), first);
    }
    let registry = FakeRegistry::scripted(first(ALWAYS, "GET /v2/base/none", error(404, "NAME_UNKNOWN"))).await;
    put_base(&registry);
    let directory = tempfile::tempdir().unwrap();
    pulled(&registry, &directory, "base/python:3").await.unwrap();
    let error = pulled(&registry, &directory, "base/none:1").await.unwrap_err();
    assert!(error.to_string().contains("NAME_UNKNOWN"), "{error}");
}

#[tokio::test]
async fn what_is_spoilt_is_fetched_and_written_again() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let directory = tempfile::tempdir().unwrap();
    let expected = pulled(&registry, &directory, "base/python:3").await.unwrap();
    let spoil: [fn(&Path); 4] = [
        |file| fs::write(file, b"").unwrap(),
        |file| fs::write(file, &fs::read(file).unwrap()[1..]).unwrap(),
        |file| fs::write(file, b"{\"schemaVersion\":2}").unwrap(),
        |file| fs::remove_file(file).unwrap(),
    ];
    for (number, spoil) in spoil.into_iter().enumerate() {
        let whole: Vec<(PathBuf, Vec<u8>)> =
            files(directory.path()).into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect();
        assert_eq!(whole.len(), 3, "index, manifest, config");
        whole.iter().for_each(|(file, _)| spoil(file));
        assert_eq!(pulled(&registry, &directory, "base/python:3").await.unwrap(), expected, "{number}");
        whole.iter().for_each(|(file, bytes)| assert_eq!(&fs::read(file).unwrap(), bytes, "{number}"));
    }
}

#[tokio::test]
async fn a_size_that_a_descriptor_lies_about_is_found_out_with_and_without_a_cache() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let lie = String::from_utf8(manifest(CONFIG, BASE_LAYER)).unwrap();
    let lie = lie.replace(&format!("\"size\":{}", CONFIG.len()), "\"size\":9");
    registry.put_manifest("base/python", "lie", leoflow::image::media_type::OCI_MANIFEST, lie.as_bytes());
    let directory = tempfile::tempdir().unwrap();
    let without = pulled(&registry, &directory, "base/python:lie").await.unwrap_err();
    pulled(&registry, &directory, "base/python:3").await.unwrap();
    let with = pulled(&registry, &directory, "base/python:lie").await.unwrap_err();
    assert!(matches!(with, RegistryError::WrongSize { expected: 9, .. }), "{with}");
    assert_eq!(with.to_string(), without.to_string());
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_is_no_error() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("cache"), "a file where a directory should be").unwrap();
    pulled(&registry, &directory, "base/python:3").await.unwrap();
    pulled(&registry, &directory, "base/python:3").await.unwrap();
    assert_eq!(registry.server.count("HEAD"), 0);
}

#[tokio::test]
async fn parallel_pulls_share_a_cache_that_nobody_else_may_read() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let directory = tempfile::tempdir().unwrap();
    let pulls = (0..8).map(|_| pulled(&registry, &directory, "base/python:3"));
    let bases = futures_util::future::join_all(pulls).await;
    assert!(bases.iter().all(|base| base.as_ref().unwrap() == bases[0].as_ref().unwrap()));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory.path().join("cache/documents")), 0o700);
    let files = files(directory.path());
    assert_eq!(files.len(), 3);
    assert!(files.iter().all(|file| mode(file) == 0o600));
}
