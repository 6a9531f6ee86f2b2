//! What `docker save` wrote before it wrote layouts: `manifest.json`, configs, and layers as plain tar archives.
//!
//! There is no manifest in it, so one is made. Layers are taken as they are: then their digests are those that the config
//! lists, and the same archive gives the same image whoever reads it.

use leoflow_layers::{Blob, DiffId};
use serde::Deserialize;
use serde_json::json;

use super::index::tag_of;
use super::store::Store;
use super::{Found, Layout, LayoutError};
use crate::image::{
    Artifact, ArtifactBlob, BaseImage, BlobKind, BlobSource, Descriptor, LayerSource, Platform, media_type,
};
use crate::reference::{Reference, Selector};

/// What `docker load` looks for.
pub(super) const MANIFEST: &str = "manifest.json";

/// An image as `manifest.json` lists it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DockerImage {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Config {
    rootfs: Rootfs,
}

#[derive(Deserialize)]
struct Rootfs {
    diff_ids: Option<Vec<String>>,
}

impl DockerImage {
    /// Returns the image that is meant.
    pub(super) fn find(store: &Store, wanted: Option<&Selector>) -> Result<Self, LayoutError> {
        let (path, expected) = (store.path.clone(), "an archive that `docker save` wrote");
        let no_manifest =
            || LayoutError::Other { path, expected, reason: format!("it has no `{MANIFEST}`"), compressed: false };
        let bytes = store.document(MANIFEST)?.ok_or_else(no_manifest)?;
        let mut images: Vec<Self> = serde_json::from_slice(&bytes).map_err(|error| store.malformed(MANIFEST, error))?;
        let available: Vec<String> = images.iter().map(Self::shown).collect();
        let (path, name) = (store.path.clone(), wanted.map(shown));
        if let Some(name) = &name {
            images.retain(|image| image.is_named(name));
        }
        match (images.pop(), images.is_empty()) {
            (Some(image), true) => Ok(image),
            (Some(_), false) => Err(LayoutError::SeveralImages { path, wanted: name, available }),
            (None, _) => {
                let wanted = name.unwrap_or_else(|| "of any name".to_owned());
                Err(LayoutError::NoSuchImage { path, wanted, available })
            }
        }
    }

    pub(super) fn name(&self) -> Option<String> {
        let first = self.repo_tags.as_ref()?.first()?;
        Some(first.parse::<Reference>().ok()?.to_string())
    }

    pub(super) fn tag(&self) -> Option<String> {
        tag_of(self.repo_tags.as_ref()?.first()?)
    }

    fn is_named(&self, wanted: &str) -> bool {
        let same = |tag: &String| {
            let (tag, wanted) = (tag.parse::<Reference>(), wanted.parse::<Reference>());
            tag.is_ok() && tag == wanted
        };
        self.repo_tags.iter().flatten().any(same)
    }

    fn shown(&self) -> String {
        match self.repo_tags.as_deref() {
            None | Some([]) => format!("without a name ({})", self.config),
            Some(tags) => tags.join("  "),
        }
    }
}

fn shown(selector: &Selector) -> String {
    match selector {
        Selector::Name(name) => name.clone(),
        Selector::Digest(digest) => digest.to_string(),
    }
}

impl Layout {
    /// Returns the image with the manifest that is made for it.
    pub(super) fn docker_artifact(&self, platforms: &[Platform]) -> Result<Artifact, LayoutError> {
        let Found::Docker(image) = &self.image else { return Err(self.store.missing(MANIFEST)) };
        let config = self.store.required(&image.config)?;
        let artifact = self.described(image, config)?;
        for platform in platforms {
            self.base_of(&artifact, platform)?;
        }
        Ok(artifact)
    }

    pub(super) fn docker_base(&self, platform: &Platform) -> Result<BaseImage, LayoutError> {
        self.base_of(&self.docker_artifact(&[])?, platform)
    }

    fn base_of(&self, artifact: &Artifact, platform: &Platform) -> Result<BaseImage, LayoutError> {
        let blob = |descriptor: &Descriptor| {
            let found = artifact.blobs.iter().find(|blob| blob.descriptor.digest == descriptor.digest);
            match found.map(|blob| &blob.source) {
                Some(BlobSource::Local(blob)) => blob.clone(),
                _ => Blob::from_bytes(Vec::new()),
            }
        };
        let config = BaseImage::config_of(&artifact.document).map_err(|error| self.unusable(error))?;
        let config = self.bytes(&blob(&config))?;
        let locate = |descriptor: &Descriptor| LayerSource::Local(blob(descriptor));
        BaseImage::parse(&artifact.document, &config, platform, locate).map_err(|error| self.unusable(error))
    }

    fn described(&self, image: &DockerImage, config: Vec<u8>) -> Result<Artifact, LayoutError> {
        let malformed = |what: &str, reason: String| self.store.malformed(what, reason);
        let parsed: Config =
            serde_json::from_slice(&config).map_err(|error| malformed(&image.config, error.to_string()))?;
        let diff_ids = parsed.rootfs.diff_ids.unwrap_or_default();
        let names = image.layers.as_deref().unwrap_or_default();
        if diff_ids.len() != names.len() {
            let reason = format!("it lists {} layers, the config {}", names.len(), diff_ids.len());
            return Err(malformed(MANIFEST, reason));
        }
        let layers = names.iter().zip(&diff_ids).map(|(name, diff_id)| {
            let diff_id = diff_id.parse().map_err(|error| malformed(&image.config, format!("{error}")))?;
            self.docker_layer(name, diff_id)
        });
        let layers: Vec<ArtifactBlob> = layers.collect::<Result<_, _>>()?;
        Ok(artifact(config, layers))
    }

    /// Returns a layer as a manifest lists it, once what it unpacks to was found to be what the config says.
    fn docker_layer(&self, name: &str, diff_id: DiffId) -> Result<ArtifactBlob, LayoutError> {
        let file = name.strip_prefix("./").unwrap_or(name);
        let blob = self.store.file(file)?.ok_or_else(|| self.store.missing(name))?;
        let (digest, size) = super::digest_of(&blob).map_err(|error| self.unreadable(error))?;
        let media_type = match digest.hex() == diff_id.hex() {
            true => media_type::OCI_LAYER,
            false => media_type::OCI_LAYER_GZIP,
        };
        let unpacked =
            if media_type == media_type::OCI_LAYER { diff_id } else { self.unpacked(name, &blob, u64::MAX)? };
        if unpacked != diff_id {
            return Err(self.store.malformed(name, format!("it unpacks to {unpacked}, the config says {diff_id}")));
        }
        let descriptor = Descriptor::new(media_type, digest, size);
        Ok(ArtifactBlob { kind: BlobKind::Layer, descriptor, source: BlobSource::Local(blob) })
    }
}

/// Makes the manifest that the archive lacks.
fn artifact(config: Vec<u8>, layers: Vec<ArtifactBlob>) -> Artifact {
    let descriptor = Descriptor::of(media_type::OCI_CONFIG, &config);
    let listed: Vec<&Descriptor> = layers.iter().map(|layer| &layer.descriptor).collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": descriptor,
        "layers": listed,
    });
    let document = manifest.to_string().into_bytes();
    let source = BlobSource::Local(Blob::from_bytes(config));
    let config = ArtifactBlob { kind: BlobKind::Config, descriptor, source };
    Artifact {
        descriptor: Descriptor::of(media_type::OCI_MANIFEST, &document),
        document,
        blobs: std::iter::once(config).chain(layers).collect(),
        children: Vec::new(),
    }
}
