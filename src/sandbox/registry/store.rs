//! One OCI image layout per repository (image-spec, image-layout.md), under one directory.
//!
//! Files are the only state: everything is written beside its place and renamed into it, so that a process that is
//! killed leaves whole files and, in `_temporary`, what the next start throws away. Nothing is synced to the platter:
//! this is a sandbox, and what a power cut loses is pushed again.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

use super::content::ContentDigest;
use super::index::Index;

/// No repository can be called so: names start with a letter or digit.
const TEMPORARY: &str = "_temporary";

/// Returns a layout's directory. `/` becomes `+`, which no name holds, so that `a` and `a/b` lie side by side and a
/// repository called `blobs` is nobody's blob directory.
pub(in crate::sandbox) fn layout(root: &Path, repository: &str) -> PathBuf {
    root.join(repository.replace('/', "+"))
}

/// The layouts of all repositories.
pub(super) struct Store {
    root: PathBuf,
    locks: Mutex<HashMap<String, Arc<Mutex<()>>>>,
}

impl Store {
    /// Opens the store at `root` and throws away what an earlier process left unfinished.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        let temporary = root.join(TEMPORARY);
        match fs::remove_dir_all(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&temporary)?,
        }
        Ok(Self { root, locks: Mutex::default() })
    }

    fn layout(&self, repository: &str) -> PathBuf {
        layout(&self.root, repository)
    }

    /// Says whether anything was ever pushed to the repository.
    pub(super) fn exists(&self, repository: &str) -> bool {
        self.layout(repository).join("oci-layout").is_file()
    }

    /// Returns where a blob lies, or would lie.
    pub(super) fn blob(&self, repository: &str, digest: &ContentDigest) -> PathBuf {
        self.layout(repository).join("blobs").join(digest.algorithm.name()).join(&digest.hex)
    }

    /// Creates a file that vanishes unless it is kept.
    pub(super) fn temporary(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(self.root.join(TEMPORARY))
    }

    /// Puts a finished file in the place of a blob.
    pub(super) fn keep(&self, repository: &str, digest: &ContentDigest, file: NamedTempFile) -> io::Result<()> {
        let place = self.blob(repository, digest);
        self.prepare(repository, &place)?;
        file.persist(place).map(drop).map_err(|error| error.error)
    }

    /// Puts bytes in the place of a blob.
    pub(super) fn keep_bytes(&self, repository: &str, digest: &ContentDigest, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.temporary()?;
        file.write_all(bytes)?;
        self.keep(repository, digest, file)
    }

    /// Makes a blob of `from` one of `repository` too, without copying where the file system has hard links.
    /// Returns whether `from` has it.
    pub(super) fn mount(&self, repository: &str, from: &str, digest: &ContentDigest) -> io::Result<bool> {
        let (source, place) = (self.blob(from, digest), self.blob(repository, digest));
        if place.is_file() {
            return Ok(true);
        }
        if !source.is_file() {
            return Ok(false);
        }
        self.prepare(repository, &place)?;
        match fs::hard_link(&source, &place) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(_) => self.copy(repository, &source, digest).map(|()| true),
        }
    }

    fn copy(&self, repository: &str, source: &Path, digest: &ContentDigest) -> io::Result<()> {
        let mut file = self.temporary()?;
        io::copy(&mut File::open(source)?, &mut file)?;
        self.keep(repository, digest, file)
    }

    /// Returns some repository that has the blob.
    pub(super) fn find(&self, digest: &ContentDigest) -> io::Result<Option<String>> {
        for entry in fs::read_dir(&self.root)? {
            let name = entry?.file_name().to_string_lossy().replace('+', "/");
            if name != TEMPORARY && self.blob(&name, digest).is_file() {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// Reads the index of a repository; one that does not exist has an empty one.
    pub(super) fn index(&self, repository: &str) -> io::Result<Index> {
        match fs::read(self.layout(repository).join("index.json")) {
            Ok(bytes) => Index::parse(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Index::default()),
            Err(error) => Err(error),
        }
    }

    /// Changes the index of a repository while nobody else does.
    pub(super) fn change<E: From<io::Error>>(
        &self,
        repository: &str,
        change: impl FnOnce(&mut Index) -> Result<(), E>,
    ) -> Result<(), E> {
        self.change_and(repository, change, || Ok(()))
    }

    /// Changes the index of a repository, and does what must follow, while nobody else changes it.
    pub(super) fn change_and<E: From<io::Error>>(
        &self,
        repository: &str,
        change: impl FnOnce(&mut Index) -> Result<(), E>,
        then: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let lock = self.lock(repository);
        let _guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let mut index = self.index(repository)?;
        let before = index.to_bytes();
        change(&mut index)?;
        let after = index.to_bytes();
        if before != after {
            self.replace_index(repository, &after)?;
        }
        then()
    }

    fn replace_index(&self, repository: &str, bytes: &[u8]) -> io::Result<()> {
        let place = self.layout(repository).join("index.json");
        self.prepare(repository, &place)?;
        let mut file = self.temporary()?;
        file.write_all(bytes)?;
        file.persist(place).map(drop).map_err(|error| error.error)
    }

    fn lock(&self, repository: &str) -> Arc<Mutex<()>> {
        let mut locks: MutexGuard<'_, HashMap<_, _>> = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(repository.to_owned()).or_default())
    }

    /// Makes the directories above `place`, and the layout around them whole.
    fn prepare(&self, repository: &str, place: &Path) -> io::Result<()> {
        if let Some(directory) = place.parent() {
            fs::create_dir_all(directory)?;
        }
        let layout = self.layout(repository);
        self.create(&layout.join("index.json"), &Index::default().to_bytes())?;
        self.create(&layout.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)
    }

    /// Writes a file that is not there yet; whoever comes second leaves it alone.
    fn create(&self, place: &Path, bytes: &[u8]) -> io::Result<()> {
        if place.is_file() {
            return Ok(());
        }
        let mut file = self.temporary()?;
        file.write_all(bytes)?;
        match file.persist_noclobber(place) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
            _ => Ok(()),
        }
    }
}
