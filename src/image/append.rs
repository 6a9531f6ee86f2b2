//! A base and layers in, an image out.

use std::collections::BTreeMap;

use leoflow_layers::{DiffId, Digest, Layer};

use super::{BaseImage, BaseLayer, Descriptor};

/// A layer of a finished image: one that lies in a registry, or one that we assembled.
#[derive(Debug, Clone)]
pub enum ImageLayer {
    /// From the base: HEADed, then mounted, then streamed registry to registry.
    Base(BaseLayer),
    /// Ours.
    Assembled(Layer),
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
    /// The image's `created` time, in seconds since the Unix epoch.
    pub created: u64,
    /// One line of history a layer of ours, e.g. `leoflow: project files`.
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
    #[error("the base's user is `{0}`, which is not a numeric non-root user")]
    User(String),
    /// More layers than a container runtime takes (127).
    #[error("the image would have {0} layers; container runtimes take at most 127")]
    TooManyLayers(usize),
}

/// Puts `layers` on `base`; the result depends on nothing else.
///
/// # Errors
/// When the base's config is malformed, its user is root, or there would be too many layers.
pub fn append(base: BaseImage, layers: Vec<Layer>, changes: &Changes) -> Result<Image, AppendError> {
    let _ = (base, layers, changes);
    todo!("the image room")
}

impl ImageLayer {
    /// Returns the digest of the compressed blob.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self {
            Self::Base(layer) => layer.descriptor.digest,
            Self::Assembled(layer) => layer.digest,
        }
    }

    /// Returns the uncompressed identity.
    #[must_use]
    pub fn diff_id(&self) -> DiffId {
        match self {
            Self::Base(layer) => layer.diff_id,
            Self::Assembled(layer) => layer.diff_id,
        }
    }

    /// Returns the compressed length in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Base(layer) => layer.descriptor.size,
            Self::Assembled(layer) => layer.blob.size(),
        }
    }
}
