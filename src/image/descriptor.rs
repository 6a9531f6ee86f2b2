//! What one blob or manifest says of another.

use std::collections::BTreeMap;

use leoflow_layers::Digest;

/// A content descriptor (OCI image-spec, descriptor.md).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// The media type of what is referred to.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Free-form annotations.
    pub annotations: BTreeMap<String, String>,
}
