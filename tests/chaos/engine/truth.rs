//! What really is in a registry and in a control plane's records, asked without any proxy.

use std::fs;
use std::path::{Path, PathBuf};

use leoflow::layers::Digest;
use reqwest::Client;
use serde_json::Value;

use super::upstream::client;

/// Fails unless the registry at `address` has the manifest and everything that it names, with the right bytes.
pub(crate) async fn image_is_whole(address: &str, repository: &str, version: &str) -> Result<Digest, String> {
    let client = client();
    let manifest = get(&client, address, repository, "manifests", version).await?;
    let found = Digest::of(&manifest);
    let manifest: Value = serde_json::from_slice(&manifest).map_err(|error| error.to_string())?;
    for child in manifest["manifests"].as_array().into_iter().flatten() {
        let digest = child["digest"].as_str().unwrap_or_default();
        Box::pin(image_is_whole(address, repository, digest)).await?;
    }
    let layers = manifest["layers"].as_array().into_iter().flatten();
    for descriptor in layers.chain(manifest.get("config")) {
        let digest = descriptor["digest"].as_str().unwrap_or_default();
        let blob = get(&client, address, repository, "blobs", digest).await?;
        if Digest::of(&blob).to_string() != digest || descriptor["size"] != blob.len() {
            return Err(format!("the registry holds other bytes as {digest}"));
        }
    }
    if version.starts_with("sha256:") && version != found.to_string() {
        return Err(format!("the registry holds another manifest as {version}"));
    }
    Ok(found)
}

async fn get(client: &Client, address: &str, repository: &str, kind: &str, name: &str) -> Result<Vec<u8>, String> {
    let accepted = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
                    application/vnd.docker.distribution.manifest.v2+json";
    let url = format!("http://{address}/v2/{repository}/{kind}/{name}");
    let answer = client.get(url).header("Accept", accepted).send().await.map_err(|error| error.to_string())?;
    if answer.status() != 200 {
        return Err(format!("the registry has no {kind}/{name}: {}", answer.status()));
    }
    Ok(answer.bytes().await.map_err(|error| error.to_string())?.to_vec())
}

/// What a control plane knows.
pub(crate) struct Records {
    /// The images of all registered versions.
    pub(crate) images: Vec<String>,
    /// How many runs were started.
    pub(crate) runs: usize,
}

impl Records {
    /// Reads what the stand-in in a sandbox's directory wrote down.
    pub(crate) fn read(sandbox: &Path) -> Self {
        let dags = files(&sandbox.join("control-plane/dags"));
        let below = |name: &str| -> Vec<PathBuf> { dags.iter().flat_map(|dag| files(&dag.join(name))).collect() };
        let specs = below("versions").into_iter().filter(|path| !path.to_string_lossy().ends_with(".record.json"));
        let image = |path: PathBuf| {
            let spec: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            spec["image"].as_str().unwrap_or_default().to_owned()
        };
        Self { images: specs.map(image).collect(), runs: below("runs").len() }
    }
}

/// What is in a directory, if there is one.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Every file below a directory.
pub(crate) fn below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in files(directory) {
        if path.is_dir() { found.extend(below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
