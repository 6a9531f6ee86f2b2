//! Manifests and configs that were fetched before, by digest and never by tag.
//!
//! What is found is checked, so that the directory may be deleted or spoilt at any time and no digest changes by it.
//! What cannot be written is fetched again next time. Layers are never kept.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use leoflow_layers::Digest;
use tempfile::NamedTempFile;

use super::pull::DOCUMENT_LIMIT;

const DIRECTORY: &str = "manifests-and-configs";

/// A directory with one file a document, named by the digits of its digest; processes may share it.
pub(super) struct Cache(Option<PathBuf>);

impl Cache {
    /// Keeps documents below `root`, or nothing.
    pub(super) fn below(root: Option<&Path>) -> Self {
        Self(root.map(|root| root.join(DIRECTORY)))
    }

    /// Returns whether nothing was kept yet.
    pub(super) async fn is_empty(&self) -> bool {
        let is_empty = |directory: PathBuf| fs::read_dir(directory).ok()?.next().map(|_| ());
        self.blocking(is_empty).await.is_none()
    }

    /// Returns the document of this digest and, if it is known, size.
    pub(super) async fn get(&self, digest: Digest, size: Option<u64>) -> Option<Vec<u8>> {
        let bytes = self.blocking(move |directory| read(&directory.join(digest.hex())).ok()).await?;
        let fits = Digest::of(&bytes) == digest && size.is_none_or(|size| size == bytes.len() as u64);
        fits.then_some(bytes)
    }

    /// Keeps `bytes`, if that is possible.
    pub(super) async fn put(&self, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        self.blocking(move |directory| write(&directory, &bytes).ok()).await;
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(PathBuf) -> Option<T> + Send + 'static) -> Option<T> {
        let directory = self.0.clone()?;
        tokio::task::spawn_blocking(move || work(directory)).await.ok().flatten()
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(DOCUMENT_LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a file that only its owner may read: a private base's config is nobody else's business.
fn write(directory: &Path, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut temporary = NamedTempFile::new_in(directory)?;
    temporary.write_all(bytes)?;
    temporary.persist(directory.join(Digest::of(bytes).hex()))?;
    Ok(())
}
