//! The documents of the cache, read and written where blocking is no harm.

use leoflow_layers::Digest;

use crate::cache::Cache;

/// Manifests, indexes and configs that were fetched before.
pub(super) struct Documents(pub(super) Cache);

impl Documents {
    /// Returns whether nothing was kept yet.
    pub(super) async fn is_empty(&self) -> bool {
        self.apart(Cache::has_no_documents).await.unwrap_or(true)
    }

    /// Returns the document of this digest and, if it is known, size.
    pub(super) async fn get(&self, digest: Digest, size: Option<u64>) -> Option<Vec<u8>> {
        self.apart(move |cache| cache.document(digest, size)).await.flatten()
    }

    /// Keeps `bytes`, if that is possible.
    pub(super) async fn put(&self, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        self.apart(move |cache| cache.keep_document(&bytes)).await;
    }

    async fn apart<T: Send + 'static>(&self, work: impl FnOnce(&Cache) -> T + Send + 'static) -> Option<T> {
        let cache = self.0.clone();
        tokio::task::spawn_blocking(move || work(&cache)).await.ok()
    }
}
