//! What one blob or manifest says of another.

use std::collections::BTreeMap;

use leoflow_layers::Digest;
use serde::{Serialize, Serializer};

/// A content descriptor (OCI image-spec, descriptor.md).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The media type of what is referred to.
    pub media_type: String,
    /// Its digest.
    #[serde(serialize_with = "as_text")]
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Where else it can be had: what a registry need not hold itself (nondistributable layers).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Free-form annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// Describes `bytes`.
    #[must_use]
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// Describes `size` bytes known by their digest.
    #[must_use]
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self { media_type: media_type.to_owned(), digest, size, urls: Vec::new(), annotations: BTreeMap::new() }
    }
}

fn as_text<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}
