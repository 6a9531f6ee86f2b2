//! What the images of an artifact hold, as far as it tells whose they are.

use std::collections::{BTreeMap, BTreeSet};

use leoflow_layers::{Blob, DiffId, Digest};
use serde::Deserialize;

use super::tree::Outline;
use super::{Layout, LayoutError};
use crate::image::{
    Artifact, BaseError, BaseImage, BaseLayer, BlobSource, DescribedImage, Descriptor, LayerSource, Platform,
    image_manifests,
};

/// Names what an image was built on (image-spec, annotations.md).
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";
/// How BuildKit marks attestations (its attestation storage).
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// An image for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImage {
    /// By its config.
    pub platform: Platform,
    /// The digest of its manifest.
    pub manifest: Digest,
    /// Its last layer, with what the config says that it unpacks to.
    pub top: Option<BaseLayer>,
    /// The digest of its base's manifest, if it is annotated.
    pub base: Option<Digest>,
    /// All that its manifest is annotated with.
    pub annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct WirePlatform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
}

#[derive(Deserialize, Default)]
struct WireList {
    manifests: Option<Vec<WireEntry>>,
}

#[derive(Deserialize)]
struct WireEntry {
    digest: String,
    platform: Option<WirePlatform>,
    annotations: Option<BTreeMap<String, String>>,
}

impl WireEntry {
    fn is_beside(&self) -> bool {
        let unknown = |platform: &WirePlatform| platform.os == "unknown" && platform.architecture == "unknown";
        let marked = |annotations: &BTreeMap<_, _>| annotations.contains_key(REFERENCE_TYPE);
        self.platform.as_ref().is_some_and(unknown) || self.annotations.as_ref().is_some_and(marked)
    }
}

impl Layout {
    /// Returns the images of an artifact whose blobs lie here. What an index marks as an attestation or alike is
    /// none; all else has to be one.
    ///
    /// # Errors
    /// When one is malformed, or for a platform that no image is built for.
    pub fn images(&self, artifact: &Artifact) -> Result<Vec<StoredImage>, LayoutError> {
        let all = || artifact.descendants().into_iter().chain([artifact]);
        let mut images: BTreeSet<Digest> = all().flat_map(listed_as_images).collect();
        images.insert(artifact.digest());
        let counts = |child: &&Artifact| images.contains(&child.digest()) || is_image(child);
        let manifests = all().filter(|child| child.children.is_empty()).filter(counts);
        manifests.map(|manifest| self.stored(manifest)).collect()
    }

    /// Describes the images of an artifact whose blobs lie here.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn descriptions(&self, artifact: &Artifact) -> Result<Vec<DescribedImage>, LayoutError> {
        image_manifests(artifact).into_iter().map(|manifest| self.description(manifest)).collect()
    }

    fn description(&self, manifest: &Artifact) -> Result<DescribedImage, LayoutError> {
        let config = BaseImage::config_of(&manifest.document).map_err(|error| self.unusable(error))?;
        let config = self.bytes(&local(manifest, config.digest))?;
        DescribedImage::of(&manifest.document, &config).map_err(|error| self.unusable(error))
    }

    fn stored(&self, manifest: &Artifact) -> Result<StoredImage, LayoutError> {
        let config = BaseImage::config_of(&manifest.document).map_err(|error| self.unusable(error))?;
        let config = self.bytes(&local(manifest, config.digest))?;
        let platform = platform_of(&config).map_err(|error| self.unusable(error))?;
        let here = |descriptor: &Descriptor| LayerSource::Local(local(manifest, descriptor.digest));
        let image = BaseImage::parse(&manifest.document, &config, &platform, here);
        let image = image.map_err(|error| self.unusable(error))?;
        let outline: Option<Outline> = serde_json::from_slice(&manifest.document).ok();
        let annotations = outline.map(|outline| outline.annotations).unwrap_or_default();
        let base = annotations.get(BASE_DIGEST).and_then(|digest| digest.parse().ok());
        let top = image.layers.last().cloned();
        Ok(StoredImage { platform, manifest: manifest.digest(), top, base, annotations })
    }
}

impl StoredImage {
    /// Returns what the config says that the last layer unpacks to.
    #[must_use]
    pub fn top_layer(&self) -> Option<DiffId> {
        self.top.as_ref().map(|top| top.diff_id)
    }
}

/// Returns what an index lists, but for what it marks as something else beside its images.
fn listed_as_images(index: &Artifact) -> Vec<Digest> {
    let list: WireList = serde_json::from_slice(&index.document).unwrap_or_default();
    let images = list.manifests.unwrap_or_default().into_iter().filter(|entry| !entry.is_beside());
    images.filter_map(|entry| entry.digest.parse().ok()).collect()
}

/// Attestations have an image's config as well, but layers that no runtime unpacks.
fn is_image(manifest: &Artifact) -> bool {
    BaseImage::config_of(&manifest.document).is_ok()
}

fn local(manifest: &Artifact, digest: Digest) -> Blob {
    let blob = manifest.blobs.iter().find(|blob| blob.descriptor.digest == digest);
    match blob.map(|blob| &blob.source) {
        Some(BlobSource::Local(blob)) => blob.clone(),
        _ => Blob::from_bytes(Vec::new()),
    }
}

fn platform_of(config: &[u8]) -> Result<Platform, BaseError> {
    let malformed = |reason: String| BaseError::Malformed { what: "config", reason };
    let WirePlatform { os, architecture, variant } =
        serde_json::from_slice(config).map_err(|error| malformed(error.to_string()))?;
    let variant =
        variant.filter(|variant| !variant.is_empty()).map(|variant| format!("/{variant}")).unwrap_or_default();
    format!("{os}/{architecture}{variant}")
        .parse()
        .map_err(|error: crate::image::PlatformError| malformed(error.to_string()))
}
