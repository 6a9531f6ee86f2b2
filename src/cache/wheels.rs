//! Wheels that were downloaded before, by their sha256, and what has arrived of others.

use std::fs::{File, TryLockError};
use std::sync::Arc;

use leoflow_layers::{Blob, Digest};

use super::directory::{Directory, Kind, Refusal, touch};
use super::layers::hash;
use super::{Cache, CacheError, Open, discard};

/// What has arrived of a download. It stays when the process ends, however it ends; nobody else can take it meanwhile.
pub struct Partial {
    /// To be written at its end; whatever it holds already is what another process left.
    pub file: File,
    name: String,
    cache: Arc<Open>,
}

/// Who may download.
pub enum Claim {
    /// Whoever asked.
    Granted(Partial),
    /// Another process does, and has so many bytes.
    Taken(u64),
    /// Nothing can be kept.
    Nowhere,
}

impl Cache {
    /// Returns the wheel of this sha256, if it was kept; it is hashed here, and what is spoilt is removed.
    #[must_use]
    pub fn wheel(&self, sha256: Digest) -> Option<Blob> {
        let directory = self.0.as_ref()?.directory(Kind::Wheels)?;
        let file = Arc::new(directory.get(&sha256.hex())?);
        let blob = Blob::of_file(Arc::clone(&file), 0, file.metadata().ok()?.len());
        if hash(&blob).ok() != Some(sha256) {
            discard(&directory, &sha256.hex());
            return None;
        }
        touch(&file);
        Some(blob)
    }

    /// Returns whether the wheel of this sha256 seems to be kept; it was not hashed.
    #[must_use]
    pub fn may_have_wheel(&self, sha256: Digest) -> bool {
        let directory = self.0.as_ref().and_then(|cache| cache.directory(Kind::Wheels));
        directory.is_some_and(|directory| directory.get(&sha256.hex()).is_some())
    }

    /// Claims the download of what `key` stands for.
    #[must_use]
    pub fn claim(&self, key: Digest) -> Claim {
        let Some(cache) = self.0.as_ref().filter(|cache| !cache.is_closed()) else { return Claim::Nowhere };
        cache.claim(key).unwrap_or_else(|refusal| {
            cache.close(&CacheError::writing(cache.root(), refusal));
            Claim::Nowhere
        })
    }
}

impl Open {
    fn claim(self: &Arc<Self>, key: Digest) -> Result<Claim, Refusal> {
        let (directory, name) = (Directory::create(self.root(), Kind::Partial)?, key.hex());
        let file = directory.open_or_create(&name)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Claim::Taken(file.metadata()?.len())),
            // Where there are no locks, two could write to one file.
            Err(TryLockError::Error(_)) => return Ok(Claim::Nowhere),
        }
        // Between opening and locking, whoever had it may have finished it.
        match directory.get(&name).map(|now| same(&now, &file)).transpose()? {
            Some(true) => Ok(Claim::Granted(Partial { file, name, cache: Arc::clone(self) })),
            _ => Ok(Claim::Taken(0)),
        }
    }
}

fn same(one: &File, other: &File) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (one, other) = (one.metadata()?, other.metadata()?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

impl Partial {
    /// Gives it the name of a wheel that is whole, and returns its bytes.
    ///
    /// # Errors
    /// When the file cannot be asked for its length.
    pub fn finish(self, sha256: Digest) -> std::io::Result<Blob> {
        let size = self.file.metadata()?.len();
        let (cache, name) = (&self.cache, &self.name);
        // Whoever deleted the cache meanwhile left us the open file.
        cache.write_little(usize::try_from(size).unwrap_or(usize::MAX), || {
            let partial = Directory::create(cache.root(), Kind::Partial)?;
            let wheels = Directory::create(cache.root(), Kind::Wheels)?;
            match partial.get(name).map(|now| same(&now, &self.file)).transpose()? {
                Some(true) => Ok(partial.moved(name, &wheels, &sha256.hex())?),
                _ => Ok(()),
            }
        });
        Ok(Blob::of_file(Arc::new(self.file), 0, size))
    }

    /// Removes it: nothing that arrived is of use.
    pub fn discard(self) {
        if let Some(directory) = self.cache.directory(Kind::Partial) {
            discard(&directory, &self.name);
        }
    }

    /// Removes it, since the disk did not take more of it; the cache is of no more use.
    pub fn give_up(self, error: std::io::Error) {
        let cache = Arc::clone(&self.cache);
        self.discard();
        cache.close(&CacheError::writing(cache.root(), Refusal::System(error)));
    }
}
