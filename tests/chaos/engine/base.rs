//! A base image, put into a registry by hand: an index of two platforms, three layers that nobody unpacks.

use fastrand::Rng;
use leoflow::layers::Digest;
use reqwest::Method;
use serde_json::{Value, json};

use super::upstream::client;

pub(crate) const REPOSITORY: &str = "runtime/base";
pub(crate) const TAG: &str = "py3.11";

/// In bytes.
const LAYERS: [usize; 3] = [90_000, 700, 20_000];

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Puts the base into the registry at `address` and returns its digest.
pub(crate) async fn put(address: &str) -> Digest {
    let layers: Vec<Vec<u8>> = LAYERS.iter().map(|&size| noise(size)).collect();
    for layer in &layers {
        put_blob(address, layer).await;
    }
    let mut entries = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let config = config(architecture, &layers);
        put_blob(address, &config).await;
        let manifest = manifest(&config, &layers);
        put_manifest(address, &Digest::of(&manifest).to_string(), MANIFEST, &manifest).await;
        let mut entry = descriptor(MANIFEST, &manifest);
        entry["platform"] = json!({ "architecture": architecture, "os": "linux" });
        entries.push(entry);
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string();
    put_manifest(address, TAG, INDEX, index.as_bytes()).await;
    Digest::of(index.as_bytes())
}

/// Bytes that do not compress, the same everywhere.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut random = Rng::with_seed(size as u64);
    (0..size).map(|_| random.u8(..)).collect()
}

fn config(architecture: &str, layers: &[Vec<u8>]) -> Vec<u8> {
    let diff_ids: Vec<String> = layers.iter().map(|layer| Digest::of(layer).to_string()).collect();
    let history: Vec<Value> = layers.iter().map(|_| json!({ "created_by": "noise" })).collect();
    json!({
        "architecture": architecture, "os": "linux", "config": { "Env": ["PATH=/usr/bin"], "User": "65532:65532" },
        "rootfs": { "type": "layers", "diff_ids": diff_ids }, "history": history,
    })
    .to_string()
    .into_bytes()
}

fn manifest(config: &[u8], layers: &[Vec<u8>]) -> Vec<u8> {
    let layer = |bytes: &Vec<u8>| descriptor("application/vnd.oci.image.layer.v1.tar+gzip", bytes);
    json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": layers.iter().map(layer).collect::<Vec<_>>(),
    })
    .to_string()
    .into_bytes()
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len() })
}

async fn put_blob(address: &str, bytes: &[u8]) {
    let begun = client().post(format!("http://{address}/v2/{REPOSITORY}/blobs/uploads/")).send().await.unwrap();
    let location = begun.headers()["location"].to_str().unwrap();
    let mut url = begun.url().join(location).unwrap();
    url.query_pairs_mut().append_pair("digest", &Digest::of(bytes).to_string());
    let put = client().put(url).body(bytes.to_vec()).send().await.unwrap();
    assert_eq!(put.status(), 201);
}

async fn put_manifest(address: &str, name: &str, media_type: &str, bytes: &[u8]) {
    let url = format!("http://{address}/v2/{REPOSITORY}/manifests/{name}");
    let put = client().request(Method::PUT, url).header("Content-Type", media_type).body(bytes.to_vec()).send().await;
    assert_eq!(put.unwrap().status(), 201);
}
