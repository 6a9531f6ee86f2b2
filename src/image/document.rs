//! Manifests, indexes and configs as they are on the wire, checked on the way in.

use std::collections::{BTreeMap, BTreeSet};

use leoflow_layers::DiffId;
use serde::Deserialize;

use super::base::malformed;
use super::media_type::{
    DOCKER_CONFIG, DOCKER_LIST, DOCKER_MANIFEST, DOCKER_SCHEMA_1, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, oci_layer,
};
use super::{BaseError, Descriptor, Platform};

/// An index or a manifest; which of them, its fields tell.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    schema_version: Option<u64>,
    media_type: Option<String>,
    manifests: Option<Vec<WireDescriptor>>,
    config: Option<WireDescriptor>,
    layers: Option<Vec<WireDescriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireDescriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    size: u64,
    urls: Option<Vec<String>>,
    annotations: Option<BTreeMap<String, String>>,
    pub(super) platform: Option<WirePlatform>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WirePlatform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// A manifest's parts, its layers by their OCI names.
pub(super) struct Manifest {
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
}

/// What of a config must be understood to build on it.
pub(super) struct ConfigView {
    pub(super) platform: Platform,
    pub(super) diff_ids: Vec<DiffId>,
}

impl Document {
    pub(super) fn parse(what: &'static str, bytes: &[u8]) -> Result<Self, BaseError> {
        // Serde also takes an array for a struct.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(malformed(what, "it is not a JSON object"));
        }
        let document: Self = serde_json::from_slice(bytes).map_err(|error| malformed(what, error))?;
        if document.schema_version == Some(1) {
            return Err(BaseError::UnsupportedMediaType(DOCKER_SCHEMA_1.to_owned()));
        }
        if document.manifests.is_some() && (document.layers.is_some() || document.config.is_some()) {
            return Err(BaseError::Ambiguous);
        }
        Ok(document)
    }

    pub(super) fn into_manifests(self) -> Result<Vec<WireDescriptor>, BaseError> {
        self.must_be("index", [OCI_INDEX, DOCKER_LIST])?;
        self.manifests.ok_or_else(|| malformed("index", "`manifests` is missing"))
    }

    /// The body may leave its media type out, but must not give another one than it is used as.
    fn must_be(&self, what: &'static str, expected: [&str; 2]) -> Result<(), BaseError> {
        match self.media_type.as_deref() {
            None | Some("") => Ok(()),
            Some(found) if expected.contains(&found) => Ok(()),
            Some(found @ (OCI_INDEX | OCI_MANIFEST | DOCKER_LIST | DOCKER_MANIFEST)) => {
                Err(malformed(what, format!("its media type is `{found}`")))
            }
            Some(found) => Err(BaseError::UnsupportedMediaType(found.to_owned())),
        }
    }
}

impl Manifest {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BaseError> {
        let document = Document::parse("manifest", bytes)?;
        document.must_be("manifest", [OCI_MANIFEST, DOCKER_MANIFEST])?;
        let missing = |field| move || malformed("manifest", format!("`{field}` is missing"));
        let config = document.config.ok_or_else(missing("config"))?.into_descriptor("manifest")?;
        if ![OCI_CONFIG, DOCKER_CONFIG].contains(&config.media_type.as_str()) {
            // Anything but an image's config is an artifact.
            return Err(BaseError::UnsupportedMediaType(config.media_type));
        }
        let layers = document.layers.ok_or_else(missing("layers"))?;
        let layers = layers.into_iter().map(WireDescriptor::into_layer).collect::<Result<_, _>>()?;
        Ok(Self { config, layers })
    }
}

impl WireDescriptor {
    pub(super) fn into_descriptor(self, what: &'static str) -> Result<Descriptor, BaseError> {
        Ok(Descriptor {
            media_type: self.media_type,
            digest: self.digest.parse().map_err(|error| malformed(what, error))?,
            size: self.size,
            urls: self.urls.unwrap_or_default(),
            annotations: self.annotations.unwrap_or_default(),
        })
    }

    fn into_layer(self) -> Result<Descriptor, BaseError> {
        let descriptor = self.into_descriptor("manifest")?;
        match oci_layer(&descriptor.media_type) {
            Some(media_type) => Ok(Descriptor { media_type: media_type.to_owned(), ..descriptor }),
            None => Err(BaseError::UnsupportedMediaType(descriptor.media_type)),
        }
    }
}

/// What a manifest or index of any kind refers to, artifacts and attestations included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct References {
    /// The manifests of an index.
    pub manifests: Vec<Descriptor>,
    /// The config of a manifest.
    pub config: Option<Descriptor>,
    /// The layers of a manifest, by the media types they were given.
    pub layers: Vec<Descriptor>,
}

impl References {
    /// Reads a manifest or index.
    ///
    /// # Errors
    /// When it is malformed or ambiguous.
    pub fn parse(bytes: &[u8]) -> Result<Self, BaseError> {
        let document = Document::parse("manifest", bytes)?;
        let all = |wire: Option<Vec<WireDescriptor>>| {
            let wire = wire.unwrap_or_default().into_iter();
            wire.map(|descriptor| descriptor.into_descriptor("manifest")).collect::<Result<Vec<_>, _>>()
        };
        let config = document.config.map(|config| config.into_descriptor("manifest")).transpose()?;
        Ok(Self { manifests: all(document.manifests)?, config, layers: all(document.layers)? })
    }
}

impl References {
    /// Returns the manifests of an index, each once.
    #[must_use]
    pub fn distinct_manifests(&self) -> Vec<&Descriptor> {
        let mut seen = BTreeSet::new();
        self.manifests.iter().filter(|manifest| seen.insert(manifest.digest)).collect()
    }
}

/// How many more manifests and indexes are read of one image.
#[derive(Debug)]
pub struct Documents(usize);

impl Documents {
    /// More than any image has, and few enough to be read.
    pub const LIMIT: usize = 1000;

    /// Counts one more.
    ///
    /// # Errors
    /// When there are too many.
    pub fn count(&mut self) -> Result<(), BaseError> {
        let too_many =
            || malformed("index", format!("it has more than {} manifests and indexes below it", Self::LIMIT));
        self.0 = self.0.checked_sub(1).ok_or_else(too_many)?;
        Ok(())
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self(Self::LIMIT)
    }
}

impl WirePlatform {
    /// BuildKit lists attestations as `unknown/unknown`.
    pub(super) fn known(self) -> Option<Platform> {
        let named = |text: &str| !text.is_empty() && text != "unknown";
        (named(&self.os) && named(&self.architecture))
            .then(|| Platform::written(&self.os, &self.architecture, self.variant.as_deref()))
    }
}

#[derive(Deserialize)]
struct WireConfig {
    os: String,
    architecture: String,
    variant: Option<String>,
    rootfs: WireRootfs,
}

#[derive(Deserialize)]
struct WireRootfs {
    diff_ids: Option<Vec<String>>,
}

impl ConfigView {
    /// A config that leaves its variant out is taken to be for the one that was asked for: the index said so.
    pub(super) fn parse(bytes: &[u8], wanted: &Platform) -> Result<Self, BaseError> {
        let config: WireConfig = serde_json::from_slice(bytes).map_err(|error| malformed("config", error))?;
        let asked = wanted.variant.as_deref().filter(|_| config.architecture == wanted.architecture);
        let variant = config.variant.as_deref().filter(|variant| !variant.is_empty()).or(asked);
        let diff_ids = config.rootfs.diff_ids.unwrap_or_default();
        let diff_ids = diff_ids.iter().map(|text| text.parse()).collect::<Result<_, _>>();
        Ok(Self {
            platform: Platform::written(&config.os, &config.architecture, variant),
            diff_ids: diff_ids.map_err(|error: leoflow_layers::DigestError| malformed("config", error))?,
        })
    }
}
