//! Some platforms of an image of many.

use std::collections::BTreeSet;

use leoflow_layers::Digest;
use serde_json::Value;

use crate::image::{Artifact, BaseError, Descriptor, References};

/// Which manifest an attestation is about (BuildKit's attestation storage).
const ABOUT: &str = "vnd.docker.reference.digest";

/// Returns the one manifest of this digest as it is, or an index of several with what attests to them, which is another
/// document than before.
///
/// # Errors
/// When the artifact does not have them side by side.
pub fn narrowed(artifact: Artifact, wanted: &BTreeSet<Digest>) -> Result<Artifact, BaseError> {
    if wanted.len() == 1 && wanted.contains(&artifact.digest()) {
        return Ok(artifact);
    }
    if wanted.len() == 1 {
        let found = artifact.descendants().into_iter().find(|child| wanted.contains(&child.digest())).cloned();
        return found.ok_or_else(|| malformed("it does not hold the manifest that it lists"));
    }
    let (document, kept) = narrowed_document(&artifact.document, wanted)?;
    let descriptor = Descriptor::of(&artifact.descriptor.media_type, &document);
    let mut children = artifact.children;
    children.retain(|child| kept.iter().any(|descriptor| descriptor.digest == child.digest()));
    Ok(Artifact { descriptor, document, blobs: Vec::new(), children })
}

/// Returns an index with only those manifests and what attests to them, and their descriptors.
pub(super) fn narrowed_document(
    document: &[u8],
    wanted: &BTreeSet<Digest>,
) -> Result<(Vec<u8>, Vec<Descriptor>), BaseError> {
    let all = References::parse(document)?.manifests;
    let mut kept = all.clone();
    let digests: BTreeSet<String> = wanted.iter().map(ToString::to_string).collect();
    kept.retain(|child| {
        wanted.contains(&child.digest) || child.annotations.get(ABOUT).is_some_and(|about| digests.contains(about))
    });
    if !wanted.iter().all(|digest| kept.iter().any(|child| child.digest == *digest)) {
        return Err(malformed("the platforms do not stand side by side in one index: copy them one by one"));
    }
    if kept.len() == all.len() {
        return Ok((document.to_vec(), kept));
    }
    let mut index: Value = serde_json::from_slice(document).map_err(|error| malformed(&error.to_string()))?;
    if let Some(manifests) = index.get_mut("manifests").and_then(Value::as_array_mut) {
        manifests.retain(|entry| kept.iter().any(|child| entry["digest"] == child.digest.to_string()));
    }
    let document = serde_json::to_vec(&index).map_err(|error| malformed(&error.to_string()))?;
    Ok((document, kept))
}

fn malformed(reason: &str) -> BaseError {
    BaseError::Malformed { what: "index", reason: reason.to_owned() }
}
