//! A base and layers in, an image out.

use std::collections::BTreeMap;

use leoflow_layers::{DiffId, Digest, Layer};
use serde::Serialize;

use super::{BaseImage, BaseLayer, Descriptor, config, media_type};
use crate::reference::Repository;

/// A layer of a finished image: one that lies in a registry, or one that we assembled.
#[derive(Debug, Clone)]
pub enum ImageLayer {
    /// From the base: looked for, then mounted, then streamed.
    Base(BaseLayer),
    /// Ours.
    Assembled(Layer),
    /// Ours, made by an earlier run.
    Kept(KeptLayer),
}

/// A layer that is put on a base.
#[derive(Debug, Clone)]
pub enum OwnLayer {
    /// It is here.
    Assembled(Layer),
    /// An earlier run made it, and it lies where the image will.
    Kept(KeptLayer),
}

/// A layer that lies in the repository that the image is pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLayer {
    /// Its blob.
    pub descriptor: Descriptor,
    /// What it unpacks to.
    pub diff_id: DiffId,
    /// The repository.
    pub repository: Repository,
}

impl From<Layer> for OwnLayer {
    fn from(layer: Layer) -> Self {
        Self::Assembled(layer)
    }
}

impl From<OwnLayer> for ImageLayer {
    fn from(layer: OwnLayer) -> Self {
        match layer {
            OwnLayer::Assembled(layer) => Self::Assembled(layer),
            OwnLayer::Kept(layer) => Self::Kept(layer),
        }
    }
}

/// What the config gains besides layers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Environment variables set, replacing those of the same name.
    pub env: BTreeMap<String, String>,
    /// The directory a process starts in.
    pub working_directory: Option<String>,
    /// The user to run as when the base's is root, named or missing: numeric and not 0.
    pub user: Option<String>,
    /// Labels added, replacing those of the same name.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the manifest (OCI image-spec, annotations.md).
    pub annotations: BTreeMap<String, String>,
    /// The image's `created` time, in seconds since the Unix epoch.
    pub created: u64,
    /// One line of history a layer of ours, e.g. `COPY . /home/leoflow`.
    pub history: Vec<String>,
}

/// An image whose digest is known: exactly the bytes that will be sent.
#[derive(Debug, Clone)]
pub struct Image {
    /// The manifest's descriptor.
    pub descriptor: Descriptor,
    /// The manifest.
    pub manifest: Vec<u8>,
    /// The config's descriptor.
    pub config_descriptor: Descriptor,
    /// The config.
    pub config: Vec<u8>,
    /// The layers, lowest first; two of them may be equal.
    pub layers: Vec<ImageLayer>,
}

/// Why layers cannot be put on a base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The base's config does not have a config's shape.
    #[error("the base's config is malformed: {0}")]
    Config(String),
    /// The base runs as root, or as a name, which Kubernetes' `runAsNonRoot` cannot verify.
    #[error("the base runs as {}; with `runAsNonRoot`, Kubernetes takes a number other than 0", if .0.is_empty() { "root" } else { .0.as_str() })]
    User(String),
    /// More layers than a container runtime takes (127).
    #[error("the image would have {0} layers; container runtimes take at most 127")]
    TooManyLayers(usize),
}

/// The most layers that container runtimes stack (overlayfs takes 128 directories, one of them writable).
const MAX_LAYERS: usize = 127;

/// Puts `layers` on `base`; the result depends on nothing else, and not on where the layers are.
///
/// Whatever the base is, the image is OCI through and through: every registry takes that, and some (Quay) take no
/// mixture. A Docker base's layers are the same bytes by other names.
///
/// # Errors
/// When the base's config is malformed, its user is root, or there would be too many layers.
pub fn append<L: Into<OwnLayer>>(base: BaseImage, layers: Vec<L>, changes: &Changes) -> Result<Image, AppendError> {
    let count = base.layers.len() + layers.len();
    if count > MAX_LAYERS {
        return Err(AppendError::TooManyLayers(count));
    }
    let base_layers: Vec<DiffId> = base.layers.iter().map(|layer| layer.diff_id).collect();
    let ours: Vec<ImageLayer> = layers.into_iter().map(|layer| layer.into().into()).collect();
    let our_layers: Vec<DiffId> = ours.iter().map(ImageLayer::diff_id).collect();
    let config = serialized(&config::edited(base.config, &base_layers, &our_layers, changes)?)?;
    let config_descriptor = Descriptor::of(media_type::OCI_CONFIG, &config);
    let layers: Vec<ImageLayer> = base.layers.into_iter().map(ImageLayer::Base).chain(ours).collect();
    let manifest = serialized(&Manifest {
        schema_version: 2,
        media_type: media_type::OCI_MANIFEST,
        config: &config_descriptor,
        layers: layers.iter().map(ImageLayer::descriptor).collect(),
        annotations: &changes.annotations,
    })?;
    let descriptor = Descriptor::of(media_type::OCI_MANIFEST, &manifest);
    Ok(Image { descriptor, manifest, config_descriptor, config, layers })
}

/// An image manifest, its fields in the order in which everybody writes them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    schema_version: u64,
    media_type: &'a str,
    config: &'a Descriptor,
    layers: Vec<Descriptor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

fn serialized(value: &impl Serialize) -> Result<Vec<u8>, AppendError> {
    serde_json::to_vec(value).map_err(|error| AppendError::Config(error.to_string()))
}

impl AppendError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Config(_) => "build the base again, or set another `base_image:` in leoflow.yaml".to_owned(),
            Self::User(_) => "end the base's Dockerfile with a line like `USER 65532`".to_owned(),
            Self::TooManyLayers(_) => "squash the base, or list fewer large packages in `dependencies:`".to_owned(),
        })
    }
}

impl ImageLayer {
    /// Returns the digest of the compressed blob.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self {
            Self::Base(layer) => layer.descriptor.digest,
            Self::Assembled(layer) => layer.digest,
            Self::Kept(layer) => layer.descriptor.digest,
        }
    }

    /// Returns the uncompressed identity.
    #[must_use]
    pub fn diff_id(&self) -> DiffId {
        match self {
            Self::Base(layer) => layer.diff_id,
            Self::Assembled(layer) => layer.diff_id,
            Self::Kept(layer) => layer.diff_id,
        }
    }

    /// Returns how a manifest lists it.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        match self {
            Self::Base(layer) => layer.descriptor.clone(),
            Self::Assembled(layer) => Descriptor::new(layer.media_type, layer.digest, layer.blob.size()),
            // As the same layer would be listed if it were here.
            Self::Kept(KeptLayer { descriptor, .. }) => {
                Descriptor::new(&descriptor.media_type, descriptor.digest, descriptor.size)
            }
        }
    }

    /// Returns the compressed length in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Base(layer) => layer.descriptor.size,
            Self::Assembled(layer) => layer.blob.size(),
            Self::Kept(layer) => layer.descriptor.size,
        }
    }
}
