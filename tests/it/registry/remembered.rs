//! What a repository remembers of the layers in it, and layers that are used again.

use std::sync::{Arc, Mutex};

use leoflow::image::{BaseImage, Changes, Descriptor, Image, KeptLayer, OwnLayer, append, media_type};
use leoflow::layers::{Blob, DiffId, Digest, Layer};
use leoflow::registry::{Client, Event, Recorded, RegistryError, Remembered, RememberedLayer};
use serde_json::json;

use super::samples::{ALWAYS, first, observed, options, push, repository, tag};
use crate::support::fake_registry::{FakeRegistry, error};

const RECORD: &str = "leoflow-cache-linux-amd64-py3.11";

/// A layer of packages, whose bytes are here.
fn assembled(text: &str) -> Layer {
    Layer {
        media_type: media_type::OCI_LAYER_GZIP,
        digest: Digest::of(text.as_bytes()),
        diff_id: DiffId::of(text.as_bytes()),
        uncompressed_size: text.len() as u64,
        blob: Blob::from_bytes(text.as_bytes().to_vec()),
    }
}

/// The same as the registry remembers it.
fn remembered(text: &str) -> RememberedLayer {
    let Layer { media_type, digest, diff_id, uncompressed_size, blob } = assembled(text);
    let descriptor = Descriptor::new(media_type, digest, blob.size());
    RememberedLayer { key: Digest::of(format!("key of {text}").as_bytes()), descriptor, diff_id, uncompressed_size }
}

fn record(texts: &[&str]) -> Remembered {
    Remembered { layers: texts.iter().map(|text| remembered(text)).collect(), sets: vec![Digest::of(b"a set")] }
}

/// An image of these layers and nothing below them.
fn image<L: Into<OwnLayer>>(layers: Vec<L>) -> Image {
    let base = BaseImage { digest: Digest::of(b"base"), config: json!({"config": {"User": "1"}}), layers: Vec::new() };
    append(base, layers, &Changes::default()).unwrap()
}

fn kept(host: &str, layer: &RememberedLayer) -> OwnLayer {
    let repository = repository(host, "team/etl");
    OwnLayer::Kept(KeptLayer { descriptor: layer.descriptor.clone(), diff_id: layer.diff_id, repository })
}

struct Bench {
    registry: FakeRegistry,
    client: Client,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Bench {
    async fn new() -> Self {
        Self::on(FakeRegistry::start().await)
    }

    fn on(registry: FakeRegistry) -> Self {
        let (client, events) = observed(options());
        Self { registry, client, events }
    }

    /// Another machine, which has nothing.
    fn elsewhere(self) -> Self {
        Self::on(self.registry)
    }

    async fn remember(&self, texts: &[&str]) -> bool {
        self.remember_beside(&Remembered::default(), texts).await
    }

    async fn remember_beside(&self, known: &Remembered, texts: &[&str]) -> bool {
        let repository = repository(&self.registry.host(), "team/etl");
        self.client.remember(&repository, &tag(RECORD), known, &record(texts)).await == Recorded::Written
    }

    async fn remembered(&self) -> Remembered {
        let repository = repository(&self.registry.host(), "team/etl");
        self.client.remembered(&repository, &tag(RECORD)).await.unwrap()
    }

    async fn push(&self, image: &Image) -> Result<Digest, RegistryError> {
        Ok(push(&self.client, &self.registry.host(), "team/etl", image).await?.pinned.digest())
    }

    /// All requests so far.
    fn requests(&self) -> Vec<String> {
        self.registry.server.requests().iter().map(|request| request.line()).collect()
    }

    /// What was told of the record.
    fn told(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        let reason = |event: &Event| match event {
            Event::RecordIgnored { reason, .. } => Some(format!("ignored: {reason}")),
            Event::RecordNotKept { reason, .. } => Some(format!("not kept: {reason}")),
            _ => None,
        };
        events.iter().filter_map(reason).collect()
    }
}

#[tokio::test]
async fn layers_of_an_earlier_push_are_used_again_without_a_byte_of_them() {
    let bench = Bench::new().await;
    let expected =
        bench.push(&image(vec![assembled("numpy"), assembled("the rest"), assembled("code 1")])).await.unwrap();
    assert!(bench.remember(&["numpy", "the rest"]).await);

    let bench = bench.elsewhere();
    let before = bench.requests().len();
    let known = bench.remembered().await;
    assert_eq!(known, record(&["numpy", "the rest"]));
    let layer = known.layer(remembered("numpy").key).unwrap();
    let descriptors: Vec<Descriptor> = known.layers.iter().map(|layer| layer.descriptor.clone()).collect();
    let host = bench.registry.host();
    let held = bench.client.held(&repository(&host, "team/etl"), &descriptors).await.unwrap();
    assert_eq!(held.len(), 2);
    let again = [kept(&host, layer), kept(&host, &known.layers[1])].into_iter();
    let same = image(again.clone().chain([assembled("code 1").into()]).collect());
    assert_eq!(same.descriptor.digest, expected, "where a layer lies makes no difference");
    bench.push(&image(again.chain([assembled("code 2").into()]).collect())).await.unwrap();
    assert!(!bench.remember_beside(&known, &["numpy", "the rest"]).await, "it is remembered already");
    let requests = bench.requests().split_off(before);
    let uploads: Vec<&String> = requests.iter().filter(|line| line.starts_with("PUT")).collect();
    assert_eq!(uploads.len(), 3, "code, config, manifest: {requests:#?}");
    let asked_for_layers = requests.iter().filter(|line| line.starts_with("HEAD") && line.contains("/blobs/")).count();
    assert_eq!(asked_for_layers, 4, "each once: two that are kept, code and config: {requests:#?}");
    // The record and its config; two layers; the tag; three each for code and config; the manifest.
    assert_eq!(requests.len(), 2 + 2 + 1 + 3 + 3 + 1, "{requests:#?}");
    assert_eq!(bench.told(), [] as [String; 0]);
}

#[tokio::test]
async fn a_repository_that_remembers_nothing_says_nothing() {
    let bench = Bench::new().await;
    assert_eq!((bench.remembered().await, bench.told()), (Remembered::default(), vec![]));
    assert!(bench.remember(&["numpy"]).await);
    assert!(!bench.remember(&["numpy"]).await, "somebody else wrote it meanwhile");
}

#[tokio::test]
async fn a_record_that_cannot_be_believed_is_ignored_and_written_anew() {
    let bench = Bench::new().await;
    assert!(bench.remember(&["numpy"]).await);
    let manifest = bench.registry.manifest("team/etl", RECORD).unwrap();
    let manifest = String::from_utf8(manifest).unwrap();
    let lie = manifest.replacen(&DiffId::of(b"numpy").to_string(), &DiffId::of(b"other").to_string(), 1);
    let foreign = manifest.replace(r#""io.leoflow.layers":"1""#, r#""io.leoflow.layers":"2""#);
    let cases = [
        (lie.as_str(), "its config says"),
        (foreign.as_str(), "another image, or another version's record"),
        ("<html>", "not JSON"),
    ];
    for (document, reason) in cases {
        let other = Bench::new().await;
        other.remember(&["numpy"]).await;
        other.registry.put_manifest("team/etl", RECORD, media_type::OCI_MANIFEST, document.as_bytes());
        let other = other.elsewhere();
        assert_eq!(other.remembered().await, Remembered::default(), "{reason}");
        let told = other.told();
        assert!(told.len() == 1 && told[0].starts_with("ignored") && told[0].contains(reason), "{reason}: {told:?}");
        assert!(other.remember(&["pandas"]).await);
        assert_eq!(other.remembered().await, record(&["pandas"]));
    }
}

#[tokio::test]
async fn a_registry_that_takes_no_record_fails_nothing() {
    let immutable = error(400, "TAG_INVALID");
    let bench =
        Bench::on(FakeRegistry::scripted(first(ALWAYS, "PUT /v2/team/etl/manifests/leoflow-cache", immutable)).await);
    bench.push(&image(vec![assembled("numpy")])).await.unwrap();
    assert!(!bench.remember(&["numpy"]).await);
    let told = bench.told();
    assert!(told.len() == 1 && told[0].starts_with("not kept: HTTP 400"), "{told:?}");
}

#[tokio::test]
async fn what_the_registry_threw_away_is_forgotten() {
    let gone = remembered("old").descriptor.digest;
    let refuse = move |request: &crate::support::scripted::Request, _: &mut crate::support::fake_registry::Store| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let refers = request.line().starts_with("PUT") && body.contains(&gone.to_string());
        let is_second = body.contains(&remembered("new").descriptor.digest.to_string());
        (refers && is_second).then(|| error(400, "MANIFEST_BLOB_UNKNOWN"))
    };
    let bench = Bench::on(FakeRegistry::scripted(refuse).await);
    bench.registry.put_blob("team/etl", b"new");
    bench.registry.put_blob("team/etl", b"kept");
    assert!(bench.remember(&["old", "kept"]).await);
    assert!(bench.remember(&["new"]).await);
    assert_eq!(bench.remembered().await, record(&["new", "kept"]));
    assert_eq!(bench.told(), [] as [String; 0]);
}

#[tokio::test]
async fn a_kept_layer_that_is_gone_is_named() {
    let bench = Bench::new().await;
    let layer = remembered("numpy");
    let image = image(vec![kept(&bench.registry.host(), &layer)]);
    let gone = |error: RegistryError| match error {
        RegistryError::LayerGone { digest, .. } => digest,
        other => panic!("{other}"),
    };
    assert_eq!(gone(bench.push(&image).await.unwrap_err()), layer.descriptor.digest);
    let held = bench
        .client
        .held(&repository(&bench.registry.host(), "team/etl"), std::slice::from_ref(&layer.descriptor))
        .await;
    assert_eq!(held.unwrap(), [].into());
    // Of another length, it is another layer.
    bench.registry.put_blob("team/etl", b"numpy");
    let longer = Descriptor { size: 6, ..layer.descriptor.clone() };
    let held = bench.client.held(&repository(&bench.registry.host(), "team/etl"), &[longer]).await;
    assert_eq!(held.unwrap(), [].into());
    bench.push(&image).await.unwrap();
}

#[tokio::test]
async fn a_kept_layer_that_goes_while_the_image_is_pushed_is_named() {
    let layer = remembered("numpy");
    let there = Arc::new(Mutex::new(true));
    let (digest, seen) = (layer.descriptor.digest, Arc::clone(&there));
    let script = move |request: &crate::support::scripted::Request, _: &mut crate::support::fake_registry::Store| {
        let mut there = seen.lock().unwrap();
        if request.line().starts_with("PUT") && request.line().contains("/manifests/") {
            *there = false;
            return Some(error(400, "MANIFEST_BLOB_UNKNOWN"));
        }
        (!*there && request.line().contains(&digest.to_string())).then(|| error(404, "BLOB_UNKNOWN"))
    };
    let bench = Bench::on(FakeRegistry::scripted(script).await);
    bench.registry.put_blob("team/etl", b"numpy");
    let error = bench.push(&image(vec![kept(&bench.registry.host(), &layer)])).await.unwrap_err();
    assert!(matches!(error, RegistryError::LayerGone { .. }), "{error}");
}
