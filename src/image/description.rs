//! A manifest and its config as people compare images: settings by their names, packages, layers with what they hold.

use std::collections::BTreeMap;

use leoflow_layers::Digest;
use serde_json::{Map, Value};

use super::annotation::{self, BASE_DIGEST, PACKAGES, REQUIREMENTS};
use super::base::malformed;
use super::document::{ConfigView, Manifest};
use super::{Artifact, BaseError, BaseImage, Descriptor, Platform, media_type, parse_index};

/// An image for one platform, described.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedImage {
    /// By its config.
    pub platform: Platform,
    /// The digest of its manifest.
    pub manifest: Digest,
    /// What containers start with, by the names of the image-spec (`User`, `Env`…), the digest of the base as `base`, and
    /// `annotations`.
    pub settings: Value,
    /// The versions of the packages that were put on the base, by name, where the image tells.
    pub packages: Option<BTreeMap<String, String>>,
    /// Its layers, the lowest first.
    pub layers: Vec<DescribedLayer>,
}

/// A layer, described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedLayer {
    /// The digest of its blob.
    pub digest: Digest,
    /// The length of its blob, in bytes.
    pub size: u64,
    /// What the image's history says that it holds.
    pub title: Option<String>,
    /// Whether this program put it there, by that history.
    pub is_ours: bool,
}

/// How BuildKit marks attestations (its attestation storage).
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// How lines of history begin that this program writes of packages.
const OURS: &str = "leoflow: ";

/// Returns the manifests of an artifact that are images: of what an index lists, not attestations and alike.
#[must_use]
pub fn image_manifests(artifact: &Artifact) -> Vec<&Artifact> {
    if ![media_type::OCI_INDEX, media_type::DOCKER_LIST].contains(&artifact.descriptor.media_type.as_str()) {
        return vec![artifact];
    }
    let entries = parse_index(&artifact.document).unwrap_or_default();
    let listed = entries.iter().filter(|entry| !entry.descriptor.annotations.contains_key(REFERENCE_TYPE));
    let child = |digest| artifact.children.iter().find(|child| child.digest() == digest);
    let children = listed.filter_map(|entry| child(entry.descriptor.digest));
    let is_image = |child: &&Artifact| child.blobs.is_empty() || BaseImage::config_of(&child.document).is_ok();
    children.filter(is_image).flat_map(image_manifests).collect()
}

impl DescribedImage {
    /// Describes an image.
    ///
    /// # Errors
    /// When manifest or config is malformed.
    pub fn of(manifest: &[u8], config: &[u8]) -> Result<Self, BaseError> {
        let parts = Manifest::parse(manifest)?;
        let platform = ConfigView::parse(config, &Platform::linux_amd64())?.platform;
        let document: Value = serde_json::from_slice(manifest).map_err(|error| malformed("manifest", error))?;
        let config: Value = serde_json::from_slice(config).map_err(|error| malformed("config", error))?;
        let annotations = document["annotations"].as_object().cloned().unwrap_or_default();
        let lines = lines(&config, parts.layers.len());
        let described = |(layer, line): (Descriptor, &Value)| DescribedLayer {
            digest: layer.digest,
            size: layer.size,
            title: title(line),
            is_ours: is_ours(line),
        };
        Ok(Self {
            platform,
            manifest: Digest::of(manifest),
            packages: packages(&annotations, &config),
            settings: settings(&config["config"], annotations),
            layers: parts.layers.into_iter().zip(lines).map(described).collect(),
        })
    }
}

/// Returns the packages, none where an image of ours has no need of any.
fn packages(annotations: &Map<String, Value>, config: &Value) -> Option<BTreeMap<String, String>> {
    match annotations.get(PACKAGES).and_then(Value::as_str) {
        Some(text) => annotation::parse_packages(text),
        None if annotations.contains_key(REQUIREMENTS) => None,
        None => history(config).any(is_ours).then(BTreeMap::new),
    }
}

fn settings(config: &Value, mut annotations: Map<String, Value>) -> Value {
    let mut settings = config.as_object().cloned().unwrap_or_default();
    if let Some(env) = settings.remove("Env") {
        let lines = env.as_array().cloned().unwrap_or_default();
        let pairs = lines.iter().filter_map(Value::as_str).map(|line| line.split_once('=').unwrap_or((line, "")));
        settings.insert("Env".to_owned(), pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect());
    }
    annotations.remove(PACKAGES);
    settings.extend(annotations.remove(BASE_DIGEST).map(|base| ("base".to_owned(), base)));
    settings.insert("annotations".to_owned(), annotations.into());
    settings.into()
}

/// Returns the line of history of each layer: those that are not `empty_layer` (OCI image-spec, config.md, "history"). A
/// history that does not pair up tells nothing.
fn lines(config: &Value, layers: usize) -> Vec<&Value> {
    let lines: Vec<&Value> = history(config).filter(|line| line["empty_layer"] != true).collect();
    if lines.len() == layers { lines } else { vec![&Value::Null; layers] }
}

fn title(line: &Value) -> Option<String> {
    let told = line["created_by"].as_str().filter(|text| !text.is_empty())?;
    let of_packages = told.strip_prefix(OURS);
    let of_project = (is_ours(line) && told.starts_with("COPY ")).then_some("project");
    Some(of_packages.or(of_project).unwrap_or(told).to_owned())
}

fn is_ours(line: &Value) -> bool {
    line["comment"] == "leoflow"
}

fn history(config: &Value) -> impl Iterator<Item = &Value> {
    config["history"].as_array().into_iter().flatten()
}
