//! Manifests, indexes and configs as registries serve them, and what is built from them.

mod append;
mod base;
mod index;

use leoflow::image::{BaseError, BaseImage, Descriptor, LayerSource, Platform, parse_index, select};
use leoflow::layers::{DiffId, Digest};
use leoflow::reference::Repository;
use serde_json::{Value, json};

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const OCI_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const OCI_FOREIGN: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
const DOCKER_FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn platform(text: &str) -> Platform {
    text.parse().unwrap()
}

fn repository() -> Repository {
    "registry.example.com/base".parse().unwrap()
}

fn here(_: &Descriptor) -> LayerSource {
    LayerSource::Registry(repository())
}

fn config(layers: usize) -> Value {
    let diff_ids: Vec<String> = (0..layers).map(|n| DiffId::of(&n.to_le_bytes()).to_string()).collect();
    json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": diff_ids}})
}

fn manifest(config: &Value, media_types: &[&str]) -> Value {
    let layer = |(n, media_type): (usize, &&str)| json!({"mediaType": media_type, "digest": Digest::of(&[n as u8]).to_string(), "size": n});
    json!({
        "schemaVersion": 2,
        "config": {"mediaType": OCI_CONFIG, "digest": Digest::of(&bytes(config)).to_string(), "size": bytes(config).len()},
        "layers": media_types.iter().enumerate().map(layer).collect::<Vec<_>>(),
    })
}

fn parse(manifest: &Value, config: &Value) -> Result<BaseImage, BaseError> {
    BaseImage::parse(&bytes(manifest), &bytes(config), &platform("linux/amd64"), here)
}

fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap()[key] = new;
    value
}
