//! Small images and clients to move them.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leoflow::credentials::Keychain;
use leoflow::image::{
    Artifact, BaseImage, BaseLayer, Descriptor, Image, ImageLayer, LayerSource, Platform, media_type,
};
use leoflow::layers::{Blob, DiffId, Digest, Layer};
use leoflow::reference::{Reference, Repository, Tag};
use leoflow::registry::{Client, Event, Options, Pushed, RegistryError};
use serde_json::{Value, json};

use crate::support::fake_registry::{FakeRegistry, Store};
use crate::support::scripted::{Answer, Request};

pub(super) const CONFIG: &[u8] =
    br#"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:1111111111111111111111111111111111111111111111111111111111111111"]}}"#;
pub(super) const BASE_LAYER: &[u8] = b"a base layer, which nobody unpacks";

/// Answers the first so many requests whose line starts so.
pub(super) fn first(
    times: usize,
    start: &'static str,
    answer: Answer,
) -> impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static {
    let left = AtomicUsize::new(times);
    move |request, _| (request.line().starts_with(start) && take(&left)).then(|| answer.clone())
}

/// Does what the first so many such requests ask for, and answers something else.
pub(super) fn done_but(
    times: usize,
    start: &'static str,
    answer: Answer,
) -> impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static {
    let left = AtomicUsize::new(times);
    move |request, store| {
        (request.line().starts_with(start) && take(&left)).then(|| {
            store.answer(request);
            answer.clone()
        })
    }
}

/// Takes one of what is left, if anything is.
pub(crate) fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
}

/// As often as anybody asks.
pub(super) const ALWAYS: usize = usize::MAX;

/// Options under which nothing takes long.
pub(crate) fn options() -> Options {
    Options {
        deadline: Duration::from_secs(60),
        backoff: Duration::from_millis(1),
        ..Options::new(Keychain::default())
    }
}

pub(super) fn client() -> Client {
    Client::new(options()).unwrap()
}

/// A client, and what it tells.
pub(super) fn observed(options: Options) -> (Client, Arc<Mutex<Vec<Event>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&events);
    let observer = Arc::new(move |event| sink.lock().unwrap().push(event));
    (Client::new(Options { observer, ..options }).unwrap(), events)
}

pub(super) fn repository(host: &str, name: &str) -> Repository {
    format!("{host}/{name}").parse().unwrap()
}

pub(super) fn reference(host: &str, rest: &str) -> Reference {
    format!("{host}/{rest}").parse().unwrap()
}

pub(super) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len()})
}

/// A manifest over `config` and one layer.
pub(super) fn manifest(config: &[u8], layer: &[u8]) -> Vec<u8> {
    json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": descriptor(media_type::OCI_CONFIG, config),
        "layers": [descriptor(media_type::OCI_LAYER_GZIP, layer)],
    })
    .to_string()
    .into_bytes()
}

/// An index that lists `documents` by media type and architecture.
pub(super) fn index(documents: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let manifests: Vec<Value> = documents
        .iter()
        .map(|(media_type, architecture, bytes)| {
            let mut entry = descriptor(media_type, bytes);
            entry["platform"] = json!({"os": "linux", "architecture": architecture});
            entry
        })
        .collect();
    json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": manifests}).to_string().into_bytes()
}

/// Puts a base of one layer, behind an index, into `base/python:3`; returns its manifest's digest.
pub(crate) fn put_base(registry: &FakeRegistry) -> Digest {
    registry.put_blob("base/python", CONFIG);
    registry.put_blob("base/python", BASE_LAYER);
    let manifest = manifest(CONFIG, BASE_LAYER);
    let index = index(&[(media_type::OCI_MANIFEST, "amd64", &manifest)]);
    let digest = registry.put_manifest("base/python", "unused", media_type::OCI_MANIFEST, &manifest);
    registry.put_manifest("base/python", "3", media_type::OCI_INDEX, &index);
    digest
}

pub(super) async fn pull(client: &Client, host: &str, rest: &str) -> Result<BaseImage, RegistryError> {
    let bases = client.pull_bases(&reference(host, rest), &[Platform::linux_amd64()]).await?;
    Ok(bases.into_iter().next().unwrap())
}

pub(super) async fn push(client: &Client, host: &str, name: &str, image: &Image) -> Result<Pushed, RegistryError> {
    client.push(&repository(host, name), &tag("v1"), &Artifact::from(image)).await
}

/// A layer of ours that holds these bytes.
pub(super) fn layer(bytes: &[u8]) -> ImageLayer {
    ImageLayer::Assembled(Layer {
        media_type: media_type::OCI_LAYER_GZIP,
        digest: Digest::of(bytes),
        diff_id: DiffId::of(bytes),
        uncompressed_size: bytes.len() as u64,
        blob: Blob::from_bytes(bytes.to_vec()),
    })
}

/// A layer that `from` has.
pub(super) fn base_layer(bytes: &[u8], from: &Repository) -> ImageLayer {
    let descriptor = Descriptor::new(media_type::OCI_LAYER_GZIP, Digest::of(bytes), bytes.len() as u64);
    ImageLayer::Base(BaseLayer { descriptor, diff_id: DiffId::of(bytes), from: LayerSource::Registry(from.clone()) })
}

/// An image of these layers.
pub(super) fn image(layers: Vec<ImageLayer>) -> Image {
    let listed: Vec<Value> = layers
        .iter()
        .map(|layer| json!({"mediaType": media_type::OCI_LAYER_GZIP, "digest": layer.digest().to_string(), "size": layer.size()}))
        .collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": descriptor(media_type::OCI_CONFIG, CONFIG),
        "layers": listed,
    })
    .to_string()
    .into_bytes();
    Image {
        descriptor: Descriptor::of(media_type::OCI_MANIFEST, &manifest),
        manifest,
        config_descriptor: Descriptor::of(media_type::OCI_CONFIG, CONFIG),
        config: CONFIG.to_vec(),
        layers,
    }
}
