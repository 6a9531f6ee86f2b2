//! A manifest or index and all that it refers to: what is read from one place and written to another, byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use leoflow_layers::{Blob, Digest};
use serde::Serialize;

use super::{Descriptor, Image, ImageLayer, LayerSource, Platform, media_type};
use crate::reference::Repository;

/// A document that others refer to by its digest, with what it refers to itself.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Media type, digest and size of the document.
    pub descriptor: Descriptor,
    /// The manifest or index.
    pub document: Vec<u8>,
    /// The blobs of a manifest, its config first.
    pub blobs: Vec<ArtifactBlob>,
    /// The manifests of an index.
    pub children: Vec<Artifact>,
}

/// A blob and where it is.
#[derive(Debug, Clone)]
pub struct ArtifactBlob {
    /// What it is to its manifest.
    pub kind: BlobKind,
    /// As its manifest lists it.
    pub descriptor: Descriptor,
    /// Where its bytes are.
    pub source: BlobSource,
}

/// What a blob is to its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobKind {
    /// The config.
    Config,
    /// A layer.
    Layer,
}

/// Where a blob's bytes are.
#[derive(Debug, Clone)]
pub enum BlobSource {
    /// Here: in memory or in a file.
    Local(Blob),
    /// In a registry: mounted from there, or streamed.
    Registry(Repository),
    /// In the repository that is pushed to, where an earlier run put it.
    Kept(Repository),
}

/// An image index (OCI image-spec, image-index.md).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u64,
    media_type: &'a str,
    manifests: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    descriptor: &'a Descriptor,
    platform: &'a Platform,
}

impl Artifact {
    /// Lists images in an index, each under the platform that it was asked for, in the order given.
    #[must_use]
    pub fn index(images: &[(Platform, Image)], annotations: &BTreeMap<String, String>) -> Self {
        let manifests = images.iter().map(|(platform, image)| Entry { descriptor: &image.descriptor, platform });
        let (schema_version, media_type) = (2, media_type::OCI_INDEX);
        let index = Index { schema_version, media_type, manifests: manifests.collect(), annotations };
        // Maps with text keys and numbers always serialize.
        let document = serde_json::to_vec(&index).unwrap_or_default();
        let mut seen = BTreeSet::new();
        let distinct = images.iter().filter(|(_, image)| seen.insert(image.descriptor.digest));
        Self {
            descriptor: Descriptor::of(media_type, &document),
            document,
            blobs: Vec::new(),
            children: distinct.map(|(_, image)| Self::from(image)).collect(),
        }
    }

    /// Returns the digest of the document.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.descriptor.digest
    }

    /// Returns the blobs of the whole tree in the order of its manifests, each digest once.
    #[must_use]
    pub fn distinct_blobs(&self) -> Vec<&ArtifactBlob> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        self.collect_blobs(&mut all);
        all.retain(|blob| seen.insert(blob.descriptor.digest));
        all
    }

    fn collect_blobs<'a>(&'a self, all: &mut Vec<&'a ArtifactBlob>) {
        all.extend(&self.blobs);
        for child in &self.children {
            child.collect_blobs(all);
        }
    }

    /// Returns the documents below this one, what is referred to before what refers to it, each digest once.
    #[must_use]
    pub fn descendants(&self) -> Vec<&Artifact> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        self.collect_descendants(&mut all);
        all.retain(|artifact| seen.insert(artifact.descriptor.digest));
        all
    }

    fn collect_descendants<'a>(&'a self, all: &mut Vec<&'a Artifact>) {
        for child in &self.children {
            child.collect_descendants(all);
            all.push(child);
        }
    }
}

impl From<&Image> for Artifact {
    fn from(image: &Image) -> Self {
        let config = ArtifactBlob {
            kind: BlobKind::Config,
            descriptor: image.config_descriptor.clone(),
            source: BlobSource::Local(Blob::from_bytes(image.config.clone())),
        };
        Self {
            descriptor: image.descriptor.clone(),
            document: image.manifest.clone(),
            blobs: std::iter::once(config).chain(image.layers.iter().map(ArtifactBlob::from)).collect(),
            children: Vec::new(),
        }
    }
}

impl From<&ImageLayer> for ArtifactBlob {
    fn from(layer: &ImageLayer) -> Self {
        let source = match layer {
            ImageLayer::Base(layer) => layer.from.clone().into(),
            ImageLayer::Assembled(layer) => BlobSource::Local(layer.blob.clone()),
            ImageLayer::Kept(layer) => BlobSource::Kept(layer.repository.clone()),
        };
        Self { kind: BlobKind::Layer, descriptor: layer.descriptor(), source }
    }
}

impl From<LayerSource> for BlobSource {
    fn from(source: LayerSource) -> Self {
        match source {
            LayerSource::Registry(repository) => Self::Registry(repository),
            LayerSource::Local(blob) => Self::Local(blob),
        }
    }
}
