//! The image that a project is put on: manifest and config, checked; its layers stay where they are.

use leoflow_layers::{Blob, DiffId, Digest};
use serde_json::Value;

use super::document::{ConfigView, Manifest};
use super::media_type::DOCKER_SCHEMA_1;
use super::{Descriptor, Platform};
use crate::reference::Repository;

/// A layer that exists already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseLayer {
    /// Its blob, by the OCI name of its media type.
    pub descriptor: Descriptor,
    /// Its uncompressed identity, from the config.
    pub diff_id: DiffId,
    /// Where it can be had.
    pub from: LayerSource,
}

/// Where a layer's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayerSource {
    /// In a registry: mounted from there, or streamed.
    Registry(Repository),
    /// On this machine, in an image layout or archive.
    Local(Blob),
}

/// A base image for one platform.
#[derive(Debug, Clone, PartialEq)]
pub struct BaseImage {
    /// The digest of its manifest.
    pub digest: Digest,
    /// Its config, with every field it came with.
    pub config: Value,
    /// Its layers, lowest first.
    pub layers: Vec<BaseLayer>,
}

/// Why bytes are not a usable base image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseError {
    /// The bytes do not parse, or a required field is missing or of another type.
    #[error("the {what} is malformed: {reason}")]
    Malformed {
        /// `manifest`, `index` or `config`.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Both an index and a manifest (CVE-2021-41190).
    #[error("the manifest has both `manifests` and `layers` or `config`, which is ambiguous (CVE-2021-41190)")]
    Ambiguous,
    /// A media type nobody here can handle.
    #[error("media type `{0}` is not an image that can be built on")]
    UnsupportedMediaType(String),
    /// Layers of manifest and config do not pair up.
    #[error("the manifest's layers ({layers}) and the config's diff_ids ({diff_ids}) do not pair up")]
    LayerCount {
        /// In the manifest.
        layers: usize,
        /// In the config.
        diff_ids: usize,
    },
    /// The config is for another platform than was asked for.
    #[error("the image is for {found}, not for {wanted}")]
    WrongPlatform {
        /// In the config.
        found: String,
        /// Asked for.
        wanted: Platform,
    },
    /// The index has no image for the platform.
    #[error("it has no image for {wanted}; {}", listed(available))]
    NoSuchPlatform {
        /// Asked for.
        wanted: Platform,
        /// In the index.
        available: Vec<String>,
    },
}

impl BaseImage {
    /// Pairs a manifest's layers with its config's diff_ids, for `platform`; `locate` says where a layer is.
    ///
    /// # Errors
    /// When either is malformed, they disagree, or they are for another platform.
    pub fn parse(
        manifest: &[u8],
        config: &[u8],
        platform: &Platform,
        mut locate: impl FnMut(&Descriptor) -> LayerSource,
    ) -> Result<Self, BaseError> {
        let parts = Manifest::parse(manifest)?;
        if parts.config.digest != Digest::of(config) {
            return Err(malformed(
                "config",
                format!("its digest is not {}, as the manifest has it", parts.config.digest),
            ));
        }
        let ConfigView { diff_ids, platform: found } = ConfigView::parse(config, platform)?;
        if platform.fit(&found).is_none() {
            return Err(BaseError::WrongPlatform { found: found.to_string(), wanted: platform.clone() });
        }
        if parts.layers.len() != diff_ids.len() {
            return Err(BaseError::LayerCount { layers: parts.layers.len(), diff_ids: diff_ids.len() });
        }
        let pairs = parts.layers.into_iter().zip(diff_ids);
        let mut placed = |descriptor, diff_id| BaseLayer { from: locate(&descriptor), descriptor, diff_id };
        let layers = pairs.map(|(descriptor, diff_id)| placed(descriptor, diff_id)).collect();
        let config = serde_json::from_slice(config).map_err(|error| malformed("config", error))?;
        Ok(Self { digest: Digest::of(manifest), config, layers })
    }

    /// Returns the descriptor of the config that a manifest names.
    ///
    /// # Errors
    /// When the manifest is malformed, ambiguous, or not an image's.
    pub fn config_of(manifest: &[u8]) -> Result<Descriptor, BaseError> {
        Manifest::parse(manifest).map(|manifest| manifest.config)
    }
}

fn listed(available: &[String]) -> String {
    if available.is_empty() { "it lists no platform".to_owned() } else { format!("it has {}", available.join(", ")) }
}

pub(super) fn malformed(what: &'static str, reason: impl ToString) -> BaseError {
    BaseError::Malformed { what, reason: reason.to_string() }
}

impl BaseError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoSuchPlatform { available, .. } => match available.first() {
                Some(platform) => format!("deploy with `--platform {platform}`, or set another `base_image:`"),
                None => "set another `base_image:` in leoflow.yaml".to_owned(),
            },
            Self::WrongPlatform { found, .. } => {
                format!("deploy with `--platform {found}`, or set another `base_image:`")
            }
            Self::UnsupportedMediaType(media_type) if media_type == DOCKER_SCHEMA_1 => {
                "pull and push the base once with a current tool, which converts it to schema 2".to_owned()
            }
            Self::UnsupportedMediaType(_) => "set `base_image:` in leoflow.yaml to a container image".to_owned(),
            Self::Malformed { .. } | Self::Ambiguous | Self::LayerCount { .. } => {
                "push the base again with another tool, or set another `base_image:` in leoflow.yaml".to_owned()
            }
        })
    }
}
