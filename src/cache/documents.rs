//! Manifests, indexes and configs that were fetched before, by digest and never by tag.

use leoflow_layers::Digest;

use super::directory::{Kind, touch};
use super::{Cache, discard, read};

/// No document is larger, in bytes.
const LIMIT: u64 = 4 << 20;

impl Cache {
    /// Returns whether no document was kept yet.
    #[must_use]
    pub fn has_no_documents(&self) -> bool {
        let documents = self.0.as_ref().and_then(|cache| cache.directory(Kind::Documents));
        documents.is_none_or(|directory| directory.is_empty().unwrap_or(true))
    }

    /// Returns the document of this digest and, if it is known, size.
    #[must_use]
    pub fn document(&self, digest: Digest, size: Option<u64>) -> Option<Vec<u8>> {
        let directory = self.0.as_ref()?.directory(Kind::Documents)?;
        let file = directory.get(&digest.hex())?;
        let bytes = read(&file, LIMIT).ok()?;
        if Digest::of(&bytes) != digest {
            discard(&directory, &digest.hex());
            return None;
        }
        touch(&file);
        size.is_none_or(|size| size == bytes.len() as u64).then_some(bytes)
    }

    /// Keeps a document, if that is possible.
    pub fn keep_document(&self, bytes: &[u8]) {
        if let Some(cache) = &self.0 {
            cache.write(|| cache.put(Kind::Documents, &Digest::of(bytes).hex(), bytes));
        }
    }
}
