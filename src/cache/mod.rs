//! What was made or fetched before, by content: layers, and manifests and configs of bases.
//!
//! Nothing that is found is believed: a document or layer is hashed before it is used, and what does not fit is dropped
//! and made again. So the directory may be deleted, spoilt or shared at any time, and no digest changes by it. Nothing
//! that goes wrong here is an error of the command: it is told once, and the command goes on without a cache.
//!
//! Processes share the directory without waiting for each other: a file gets its name once it is whole, and a file that
//! is open can be read to its end although it was removed. It never holds layers of bases, tags or credentials.

mod directory;
mod documents;
mod error;
mod facts;
mod layers;
mod listing;
mod record;
mod stock;

use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use error::CacheError;
pub use record::LayerKey;
pub use stock::{Amount, Limits, Pruned, Usage, prune, usage};

use directory::{Directory, Kind, Refusal};

/// How much a cache may take unless it is said otherwise, in bytes.
pub const DEFAULT_MAX_SIZE: u64 = 5 << 30;

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
            Ok(()) | Err(_) => Self(Some(Arc::new(Open { options, closed: AtomicBool::new(false) }))),
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
        if self.closed.load(Ordering::Relaxed) {
            return;
        }
        let limits = Limits { max_size: Some(self.options.max_size), unused_since: None };
        let written = written(work).map_err(|refusal| CacheError::writing(self.root(), refusal));
        if let Err(fault) = written.and_then(|()| prune(self.root(), &limits).map(drop))
            && !self.closed.swap(true, Ordering::Relaxed)
        {
            (self.options.on_fault)(&fault);
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
