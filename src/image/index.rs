//! An index or manifest list in, the one image for a platform out.

use super::document::Document;
use super::media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use super::{BaseError, Descriptor, Platform};

/// One image of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// The manifest.
    pub descriptor: Descriptor,
    /// What it runs on; nothing for attestations and other artifacts.
    pub platform: Option<Platform>,
}

/// How BuildKit marks provenance and bills of materials, which are manifests but no images.
const ATTESTATION: &str = "vnd.docker.reference.type";

/// Reads an index or manifest list.
///
/// # Errors
/// When it is malformed or ambiguous.
pub fn parse_index(bytes: &[u8]) -> Result<Vec<IndexEntry>, BaseError> {
    let manifests = Document::parse("index", bytes)?.into_manifests()?;
    manifests
        .into_iter()
        .map(|mut manifest| {
            let platform = manifest.platform.take().and_then(|platform| platform.known());
            Ok(IndexEntry { descriptor: manifest.into_descriptor("index")?, platform })
        })
        .collect()
}

/// Returns the entry of an index that suits `platform` best; of equals, the first.
///
/// An index with a single image that names no platform is taken at that: its config will tell.
///
/// # Errors
/// When none suits.
pub fn select<'a>(entries: &'a [IndexEntry], platform: &Platform) -> Result<&'a IndexEntry, BaseError> {
    let images = || entries.iter().filter(|entry| entry.is_image());
    let fitting = images().rev().filter_map(|entry| Some((platform.fit(entry.platform.as_ref()?)?, entry)));
    if let Some((_, entry)) = fitting.max_by_key(|(fit, _)| *fit) {
        return Ok(entry);
    }
    let mut all = images();
    match (all.next(), all.next()) {
        (Some(only), None) if only.platform.is_none() => Ok(only),
        _ => Err(no_such_platform(entries, platform)),
    }
}

fn no_such_platform(entries: &[IndexEntry], wanted: &Platform) -> BaseError {
    let mut available: Vec<&Platform> = entries.iter().filter_map(|entry| entry.platform.as_ref()).collect();
    available.sort();
    available.dedup();
    let available = available.into_iter().map(ToString::to_string).collect();
    BaseError::NoSuchPlatform { wanted: wanted.clone(), available }
}

impl IndexEntry {
    /// An image or, where indexes nest, a further index of images.
    fn is_image(&self) -> bool {
        let media_type = self.descriptor.media_type.as_str();
        [OCI_MANIFEST, DOCKER_MANIFEST, OCI_INDEX, DOCKER_LIST].contains(&media_type)
            && !self.descriptor.annotations.contains_key(ATTESTATION)
    }
}
