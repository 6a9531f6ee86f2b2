//! From a descriptor to all that lies below it.

use std::collections::{BTreeMap, BTreeSet};

use leoflow_layers::{Blob, Digest};
use serde::Deserialize;

use super::index::Entry;
use super::platforms::narrowed_document;
use super::{Found, Layout, LayoutError};
use crate::image::{
    Artifact, ArtifactBlob, BaseError, BaseImage, BlobKind, BlobSource, Descriptor, Documents, LayerSource, Platform,
    References, media_type, parse_index, select,
};

/// How many indexes may stand between an image of the layout and a manifest, as for registries.
const INDEX_DEPTH: usize = 2;

/// What a document says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outline {
    media_type: Option<String>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
}

impl Layout {
    /// Returns a manifest or index with everything below it.
    pub(super) fn tree(&self, descriptor: &Descriptor) -> Result<Artifact, LayoutError> {
        self.subtree(descriptor, INDEX_DEPTH, &mut Documents::default())
    }

    fn subtree(
        &self,
        descriptor: &Descriptor,
        depth: usize,
        documents: &mut Documents,
    ) -> Result<Artifact, LayoutError> {
        documents.count().map_err(|error| self.unusable(error))?;
        let document = self.document(descriptor)?;
        let refers_to = References::parse(&document).map_err(|error| self.unusable(error))?;
        if depth == 0 && !refers_to.manifests.is_empty() {
            return Err(self.unusable(too_deep()));
        }
        let children =
            refers_to.distinct_manifests().into_iter().map(|child| self.subtree(child, depth - 1, documents));
        let children = children.collect::<Result<_, _>>()?;
        let descriptor = Descriptor::of(&self.media_type(descriptor, &document)?, &document);
        Ok(Artifact { descriptor, document, blobs: self.blobs(refers_to)?, children })
    }

    fn blobs(&self, refers_to: References) -> Result<Vec<ArtifactBlob>, LayoutError> {
        let config = refers_to.config.into_iter().map(|descriptor| (BlobKind::Config, descriptor));
        let layers = refers_to.layers.into_iter().map(|descriptor| (BlobKind::Layer, descriptor));
        let located = |(kind, descriptor): (BlobKind, Descriptor)| {
            let source = BlobSource::Local(self.store.blob(&descriptor)?);
            Ok(ArtifactBlob { kind, descriptor, source })
        };
        config.chain(layers).map(located).collect()
    }

    /// Returns an index with only those manifests: another document, of another digest.
    pub(super) fn narrowed(&self, root: &Descriptor, wanted: &BTreeSet<Digest>) -> Result<Artifact, LayoutError> {
        let (document, kept) =
            narrowed_document(&self.document(root)?, wanted).map_err(|error| self.unusable(error))?;
        let mut documents = Documents::default();
        let children = kept.iter().map(|child| self.subtree(child, INDEX_DEPTH - 1, &mut documents));
        let children = children.collect::<Result<_, _>>()?;
        let descriptor = Descriptor::of(&self.media_type(root, &document)?, &document);
        Ok(Artifact { descriptor, document, blobs: Vec::new(), children })
    }

    pub(super) fn base(&self, platform: &Platform) -> Result<BaseImage, LayoutError> {
        match &self.image {
            Found::Listed(_) => {
                let (_, manifest) = self.manifest_for(platform)?;
                let config = BaseImage::config_of(&manifest).map_err(|error| self.unusable(error))?;
                let config = self.store.described(&config)?;
                self.parsed(&manifest, &config, platform)
            }
            Found::Docker(_) => self.docker_base(platform),
        }
    }

    fn parsed(&self, manifest: &[u8], config: &[u8], platform: &Platform) -> Result<BaseImage, LayoutError> {
        let mut failure = None;
        let locate = |descriptor: &Descriptor| {
            let blob = self.store.blob(descriptor).unwrap_or_else(|error| {
                failure.get_or_insert(error);
                Blob::from_bytes(Vec::new())
            });
            LayerSource::Local(blob)
        };
        let base = BaseImage::parse(manifest, config, platform, locate).map_err(|error| self.unusable(error))?;
        failure.map_or(Ok(base), Err)
    }

    /// Returns the manifest for `platform`; indexes are resolved.
    pub(super) fn manifest_for(&self, platform: &Platform) -> Result<(Descriptor, Vec<u8>), LayoutError> {
        let Found::Listed(Entry { descriptor }) = &self.image else { return Err(self.unusable(too_deep())) };
        let mut descriptor = descriptor.clone();
        for _ in 0..=INDEX_DEPTH {
            let document = self.document(&descriptor)?;
            match self.media_type(&descriptor, &document)?.as_str() {
                media_type::OCI_INDEX | media_type::DOCKER_LIST => {
                    let entries = parse_index(&document).map_err(|error| self.unusable(error))?;
                    let chosen = select(&entries, platform).map_err(|error| self.unusable(error))?;
                    descriptor = chosen.descriptor.clone();
                }
                _ => return Ok((descriptor, document)),
            }
        }
        Err(self.unusable(too_deep()))
    }

    /// Returns an annotation of a manifest, or of an index or its first manifest.
    pub(super) fn annotation(&self, entry: &Entry, key: &str) -> Option<String> {
        let of = |document: &[u8]| serde_json::from_slice::<Outline>(document).ok()?.annotations.remove(key);
        let document = self.document(&entry.descriptor).ok()?;
        of(&document).or_else(|| {
            let first = References::parse(&document).ok()?.manifests.into_iter().next()?;
            of(&self.document(&first).ok()?)
        })
    }

    fn document(&self, descriptor: &Descriptor) -> Result<Vec<u8>, LayoutError> {
        self.store.described(descriptor)
    }

    /// Returns what a document is: what it says of itself, which its descriptor must not contradict.
    fn media_type(&self, descriptor: &Descriptor, document: &[u8]) -> Result<String, LayoutError> {
        let malformed = |reason: String| self.store.malformed(&descriptor.digest.to_string(), reason);
        let outline: Outline = serde_json::from_slice(document).map_err(|error| malformed(error.to_string()))?;
        let told = Some(descriptor.media_type.clone()).filter(|told| !told.is_empty());
        let found = match (outline.media_type.filter(|own| !own.is_empty()), told) {
            (Some(own), Some(told)) if own != told => {
                return Err(malformed(format!("it says that it is `{own}`, its descriptor says `{told}`")));
            }
            (own, told) => own.or(told).unwrap_or_default(),
        };
        match media_type::ACCEPTED.contains(&found.as_str()) {
            true => Ok(found),
            false => Err(self.unusable(BaseError::UnsupportedMediaType(found))),
        }
    }

    /// Returns the content of a config.
    pub(super) fn bytes(&self, blob: &Blob) -> Result<Vec<u8>, LayoutError> {
        self.store.content("config", blob)
    }
}

fn too_deep() -> BaseError {
    BaseError::Malformed { what: "index", reason: "indexes are nested too deeply".into() }
}
