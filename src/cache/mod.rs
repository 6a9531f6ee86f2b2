//! What was made or fetched before, by content: layers, manifests and configs of bases, wheels, and pages of
//! package indexes.
//!
//! Nothing that is found is believed: a document or layer is hashed before it is used, and what does not fit is dropped
//! and made again. So the directory may be deleted, spoilt or shared at any time, and no digest changes by it. Nothing
//! that goes wrong here is an error of the command: it is told once, and the command goes on without a cache.
//!
//! Processes share the directory without waiting for each other: a file gets its name once it is whole, and a file that
//! is open can be read to its end although it was removed. It never holds layers of bases, tags or credentials.

mod answers;
mod directory;
mod documents;
mod error;
mod facts;
mod layers;
mod listing;
mod record;
mod stock;
mod wheels;

use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub use answers::{AnswerHead, KeptAnswer};
pub use error::CacheError;
pub use record::LayerKey;
pub use stock::{Amount, Limits, Pruned, Usage, prune, usage};
pub use wheels::{Claim, Partial};

use directory::{Directory, Kind, Refusal};

/// How much a cache may take unless it is said otherwise, in bytes.
pub const DEFAULT_MAX_SIZE: u64 = 5 << 30;

/// How much is written at most before the cache is held to its limit again, in bytes.
const MUCH: u64 = 64 << 20;

/// How much of a layer is read at a time, in bytes.
const CHUNK: usize = 256 << 10;

/// Where a cache is, and how large it may be.
#[derive(Clone)]
pub struct Options {
    /// Its directory; nothing else may be kept there.
    pub directory: PathBuf,
    /// How many bytes it may take; 0 is no cache at all.
    pub max_size: u64,
    /// Is told why it is not used, at most once.
    pub on_fault: Arc<dyn Fn(&CacheError) + Send + Sync>,
}

/// A cache, or none; clones share it.
#[derive(Clone)]
pub struct Cache(Option<Arc<Open>>);

struct Open {
    options: Options,
    /// Set once something could not be written: then nothing more is.
    closed: AtomicBool,
    /// Bytes that were written since the cache was last held to its limit.
    unchecked: AtomicU64,
}

impl Cache {
    /// Returns a cache that keeps nothing.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Opens a cache and clears away what processes left that were killed. It need not exist yet.
    #[must_use]
    pub fn open(options: Options) -> Self {
        if options.max_size == 0 {
            return Self::none();
        }
        match stock::sweep(&options.directory) {
            Err(fault @ CacheError::Unsafe { .. }) => {
                (options.on_fault)(&fault);
                Self::none()
            }
            // What cannot be read now is told once something is to be written.
            Ok(()) | Err(_) => {
                Self(Some(Arc::new(Open { options, closed: AtomicBool::new(false), unchecked: AtomicU64::new(0) })))
            }
        }
    }
}

impl Open {
    fn root(&self) -> &Path {
        &self.options.directory
    }

    /// Returns the directory of `kind`, if it is there.
    fn directory(&self, kind: Kind) -> Option<Directory> {
        Directory::open(self.root(), kind).ok()
    }

    /// Writes files and holds the cache to its limit; a failure is told, and the last thing that is written.
    fn write(&self, work: impl Fn() -> Result<(), Refusal>) {
        self.write_little(usize::MAX, work);
    }

    /// Does the same with so many bytes. Of little files there are hundreds, and all files are looked at to find what
    /// goes: the limit is held once there are many bytes, and in the end.
    fn write_little(&self, bytes: usize, work: impl Fn() -> Result<(), Refusal>) {
        if self.is_closed() {
            return;
        }
        if let Err(refusal) = written(work) {
            return self.close(&CacheError::writing(self.root(), refusal));
        }
        let unchecked = self.unchecked.fetch_add(bytes as u64, Ordering::Relaxed).saturating_add(bytes as u64);
        if unchecked > MUCH.min(self.options.max_size / 16) {
            self.hold_to_limit();
        }
    }

    fn hold_to_limit(&self) {
        self.unchecked.store(0, Ordering::Relaxed);
        let limits = Limits { max_size: Some(self.options.max_size), unused_since: None };
        if let Err(fault) = prune(self.root(), &limits) {
            self.close(&fault);
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Writes nothing more; why is told once.
    fn close(&self, fault: &CacheError) {
        if !self.closed.swap(true, Ordering::Relaxed) {
            (self.options.on_fault)(fault);
        }
    }

    /// Writes one file.
    fn put(&self, kind: Kind, name: &str, bytes: impl Read) -> Result<(), Refusal> {
        let unfinished = Directory::create(self.root(), Kind::Unfinished)?;
        let mut file = unfinished.start()?;
        file.fill(bytes)?;
        Ok(file.finish(&Directory::create(self.root(), kind)?, name)?)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.is_closed() && *self.unchecked.get_mut() > 0 {
            self.hold_to_limit();
        }
    }
}

/// Does `work`, and once more when somebody deleted the directory meanwhile.
fn written(work: impl Fn() -> Result<(), Refusal>) -> Result<(), Refusal> {
    match work() {
        Err(Refusal::System(error)) if error.kind() == ErrorKind::NotFound => work(),
        written => written,
    }
}

/// Reads a small file; one that is larger than `limit` is read as far.
fn read(file: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Removes what is spoilt; on a disk that is read only, it is found out again the next time.
fn discard(directory: &Directory, name: &str) {
    let _ = directory.remove(name);
}
