//! The base image of a first run: an index of nearly empty images, the same bytes everywhere. They run nothing.

use std::io;
use std::path::Path;

use leoflow_layers::{DiffId, Digest};
use serde_json::json;

use super::SandboxError;
use super::registry::Registry;
use crate::image::media_type;
use crate::reference::{Reference, ReferenceError};

const REPOSITORY: &str = "leoflow/demo-base";
const TAGS: [&str; 4] = ["py3.10", "py3.11", "py3.12", "py3.13"];

/// Returns the reference of the demo base in the sandbox's registry.
pub(super) fn reference(registry: &str) -> Result<Reference, ReferenceError> {
    format!("{registry}/{REPOSITORY}:py3.11").parse()
}

/// Puts the demo base into the registry.
pub(super) fn install(registry: &Registry, _spool_directory: &Path) -> Result<(), SandboxError> {
    store(registry).map_err(|error| SandboxError::DemoBase(error.to_string()))
}

fn store(registry: &Registry) -> io::Result<()> {
    let layer = vec![0; 1024];
    registry.put_blob(REPOSITORY, &layer)?;
    let mut manifests = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let config = json!({
            "architecture": architecture, "os": "linux",
            "config": { "User": "65532:65532", "Entrypoint": ["/usr/local/bin/leoflow-agent"] },
            "rootfs": { "type": "layers", "diff_ids": [DiffId::of(&layer).to_string()] },
        })
        .to_string()
        .into_bytes();
        registry.put_blob(REPOSITORY, &config)?;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": { "mediaType": media_type::OCI_CONFIG, "digest": Digest::of(&config).to_string(), "size": config.len() },
            "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": Digest::of(&layer).to_string(), "size": layer.len() }],
        })
        .to_string()
        .into_bytes();
        registry.put_manifest(REPOSITORY, media_type::OCI_MANIFEST, &manifest, &[])?;
        manifests.push(json!({
            "mediaType": media_type::OCI_MANIFEST, "digest": Digest::of(&manifest).to_string(),
            "size": manifest.len(), "platform": { "os": "linux", "architecture": architecture },
        }));
    }
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": manifests });
    registry.put_manifest(REPOSITORY, media_type::OCI_INDEX, index.to_string().as_bytes(), &TAGS.map(String::from))
}
