//! One deploy as it is recorded: a line of JSON. Fields that a later version adds are passed over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text;
use crate::control_plane::Registration;
use crate::dag::PinnedDagSpec;
use crate::image::Platform;
use crate::layers::Digest;
use crate::reference::PinnedReference;

/// A version that was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in seconds since the Unix epoch.
    pub time: u64,
    /// By which command.
    pub way: Way,
    /// The control plane's URL, or `sandbox`.
    pub server: String,
    /// The DAG.
    pub dag_id: String,
    /// Its version as the project has it, most often the image's tag.
    pub dag_version: String,
    /// The server's name for the version.
    pub version: String,
    /// SHA-256 over the spec, as the server computes it.
    pub spec_hash: String,
    /// The image.
    #[serde(with = "text")]
    pub image: PinnedReference,
    /// The sha256 of the pinned dag.json.
    #[serde(with = "text")]
    pub spec: Digest,
    /// What is known of each platform of the image; of one that was built elsewhere, nothing.
    #[serde(default)]
    pub platforms: Vec<RecordedPlatform>,
}

/// The command that registered a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// `leoflow deploy`
    Deploy,
    /// `leoflow push`
    Push,
    /// `leoflow rollback`
    Rollback,
    /// `leoflow promote`
    Promote,
}

/// What an image is on one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedPlatform {
    /// Which.
    #[serde(with = "text")]
    pub platform: Platform,
    /// The digest of its manifest.
    #[serde(with = "text")]
    pub manifest: Digest,
    /// The digest of the base's manifest, where it is known.
    #[serde(with = "text::optional", default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Digest>,
    /// The versions of the packages that were put on the base, by name, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<BTreeMap<String, String>>,
}

impl Way {
    /// Returns the command's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Push => "push",
            Self::Rollback => "rollback",
            Self::Promote => "promote",
        }
    }
}

impl Entry {
    /// Says what a server answered to a spec; `time` is in seconds since the Unix epoch.
    #[must_use]
    pub fn new(time: u64, way: Way, server: &str, spec: &PinnedDagSpec, registration: &Registration) -> Self {
        Self {
            time,
            way,
            server: server.to_owned(),
            dag_id: spec.dag_id().to_owned(),
            dag_version: spec.dag_version().to_owned(),
            version: registration.version.clone(),
            spec_hash: registration.spec_hash.clone(),
            image: spec.image().clone(),
            spec: Digest::of(spec.json()),
            platforms: Vec::new(),
        }
    }

    /// Returns whether both left the same behind on the server.
    pub(super) fn is_same_version(&self, other: &Self) -> bool {
        (&self.version, &self.spec) == (&other.version, &other.spec)
    }

    pub(super) fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    pub(super) fn to_line(&self) -> String {
        // Nothing in it can fail to be JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}
