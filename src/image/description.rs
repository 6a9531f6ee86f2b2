//! A manifest and its config as people compare images: settings by their names, packages, layers with what they hold.

use std::collections::BTreeMap;

use leoflow_layers::Digest;
use serde_json::{Map, Value};

use super::annotation::{self, BASE_DIGEST, PACKAGES, REQUIREMENTS};
use super::base::malformed;
use super::document::{ConfigView, Manifest};
use super::{BaseError, Platform};

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
}

/// How lines of history begin that this program writes of packages.
const OURS: &str = "leoflow: ";

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
        let titles = titles(&config, parts.layers.len());
        let layers = parts.layers.into_iter().zip(titles);
        Ok(Self {
            platform,
            manifest: Digest::of(manifest),
            packages: packages(&annotations, &config),
            settings: settings(&config["config"], annotations),
            layers: layers
                .map(|(layer, title)| DescribedLayer { digest: layer.digest, size: layer.size, title })
                .collect(),
        })
    }
}

/// Returns the packages, none where an image of ours has no need of any.
fn packages(annotations: &Map<String, Value>, config: &Value) -> Option<BTreeMap<String, String>> {
    match annotations.get(PACKAGES).and_then(Value::as_str) {
        Some(text) => annotation::parse_packages(text),
        None if annotations.contains_key(REQUIREMENTS) => None,
        None => history(config).any(|line| line["comment"] == "leoflow").then(BTreeMap::new),
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

/// Pairs the lines of history that are not `empty_layer` with the layers (OCI image-spec, config.md, "history"); a
/// history that does not pair up tells nothing.
fn titles(config: &Value, layers: usize) -> Vec<Option<String>> {
    let lines: Vec<&Value> = history(config).filter(|line| line["empty_layer"] != true).collect();
    match lines.len() == layers {
        true => lines.into_iter().map(title).collect(),
        false => vec![None; layers],
    }
}

fn title(line: &Value) -> Option<String> {
    let told = line["created_by"].as_str().filter(|text| !text.is_empty())?;
    let of_packages = told.strip_prefix(OURS);
    let of_project = (line["comment"] == "leoflow" && told.starts_with("COPY ")).then_some("project");
    Some(of_packages.or(of_project).unwrap_or(told).to_owned())
}

fn history(config: &Value) -> impl Iterator<Item = &Value> {
    config["history"].as_array().into_iter().flatten()
}
