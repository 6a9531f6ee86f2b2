//! What a cache holds, and what of it goes first.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::CacheError;
use super::directory::{Directory, Kind, Refusal};

/// What a file takes on most disks at least, and a multiple of which it takes, in bytes.
const BLOCK: u64 = 4 << 10;

/// A number of files, and what they take on the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Files.
    pub entries: u64,
    /// Bytes, in whole blocks of 4 KiB.
    pub bytes: u64,
}

/// What a cache holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Compressed layers.
    pub layers: Amount,
    /// Manifests, indexes and configs, and what bases were found to have.
    pub documents: Amount,
    /// What layers are found by.
    pub keys: Amount,
    /// Wheels, and what has arrived of others.
    pub wheels: Amount,
    /// Pages of package indexes, and the metadata of wheels.
    pub answers: Amount,
    /// Files that are being written.
    pub unfinished: Amount,
}

/// What may stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// How many bytes may stay, of what was used last.
    pub max_size: Option<u64>,
    /// What was not used since goes, in seconds since the Unix epoch.
    pub unused_since: Option<u64>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// What went.
    pub removed: Amount,
    /// What stayed.
    pub left: Amount,
}

/// A file of a cache.
struct Stored {
    kind: Kind,
    name: String,
    bytes: u64,
    /// Seconds and nanoseconds since the Unix epoch.
    used: (i64, i64),
}

impl Amount {
    fn add(&mut self, file: &Stored) {
        self.entries += 1;
        self.bytes += file.bytes;
    }
}

impl Usage {
    /// Returns all of it.
    #[must_use]
    pub fn total(&self) -> Amount {
        let parts = [self.layers, self.documents, self.keys, self.wheels, self.answers, self.unfinished];
        let sum = |of: fn(&Amount) -> u64| parts.iter().map(of).sum();
        Amount { entries: sum(|part| part.entries), bytes: sum(|part| part.bytes) }
    }
}

/// Says what the cache in `root` holds; one that does not exist holds nothing.
///
/// # Errors
/// When it cannot be read, or others can write to it.
pub fn usage(root: &Path) -> Result<Usage, CacheError> {
    let mut usage = Usage::default();
    for file in stored(root)? {
        match file.kind {
            Kind::Layers => usage.layers.add(&file),
            Kind::Documents | Kind::Facts => usage.documents.add(&file),
            Kind::Keys | Kind::Listings => usage.keys.add(&file),
            Kind::Wheels | Kind::Partial => usage.wheels.add(&file),
            Kind::Answers => usage.answers.add(&file),
            Kind::Unfinished => usage.unfinished.add(&file),
        }
    }
    Ok(usage)
}

/// Removes what `limits` do not let stay, what was used least recently first, and what killed processes left.
///
/// Nothing is taken from a process that runs: what it has open stays readable, and what it no longer finds it makes anew.
///
/// # Errors
/// When the cache cannot be read or written, or others can write to it.
pub fn prune(root: &Path, limits: &Limits) -> Result<Pruned, CacheError> {
    sweep(root)?;
    let mut files: Vec<Stored> = stored(root)?.into_iter().filter(|file| file.kind != Kind::Unfinished).collect();
    files.sort_by(|one, other| other.used.cmp(&one.used).then_with(|| one.name.cmp(&other.name)));
    let mut pruned = Pruned::default();
    for file in files {
        if stays(&file, limits, &pruned.left) {
            pruned.left.add(&file);
        } else {
            remove(root, &file).map_err(|refusal| CacheError::writing(root, refusal))?;
            pruned.removed.add(&file);
        }
    }
    Ok(pruned)
}

fn stays(file: &Stored, limits: &Limits, so_far: &Amount) -> bool {
    let fits = limits.max_size.is_none_or(|max_size| so_far.bytes + file.bytes <= max_size);
    let is_used = limits.unused_since.is_none_or(|since| u64::try_from(file.used.0).unwrap_or(0) >= since);
    fits && is_used
}

/// What another process removed is no fault.
fn remove(root: &Path, file: &Stored) -> Result<(), Refusal> {
    match Directory::open(root, file.kind) {
        Ok(directory) => Ok(directory.remove(&file.name)?),
        Err(refusal) => if_there(refusal).map(drop),
    }
}

/// Removes what processes left unfinished that no longer run.
pub(super) fn sweep(root: &Path) -> Result<(), CacheError> {
    let refused = |refusal| CacheError::reading(root, refusal);
    let unfinished = match Directory::open(root, Kind::Unfinished) {
        Ok(unfinished) => unfinished,
        Err(refusal) => return if_there(refusal).map_err(refused),
    };
    for name in names(root, Kind::Unfinished).map_err(|error| refused(error.into()))? {
        unfinished.sweep(&name);
    }
    Ok(())
}

/// What is not there is no fault.
fn if_there(refusal: Refusal) -> Result<(), Refusal> {
    match refusal {
        Refusal::System(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        refusal => Err(refusal),
    }
}

fn stored(root: &Path) -> Result<Vec<Stored>, CacheError> {
    let mut found = Vec::new();
    for kind in Kind::ALL {
        match Directory::open(root, kind) {
            Ok(_) => found.extend(stored_of(root, kind).map_err(|error| CacheError::reading(root, error.into()))?),
            Err(refusal) => if_there(refusal).map_err(|refusal| CacheError::reading(root, refusal))?,
        }
    }
    Ok(found)
}

fn stored_of(root: &Path, kind: Kind) -> io::Result<Vec<Stored>> {
    let mut found = Vec::new();
    for name in names(root, kind)? {
        // What goes meanwhile is not there.
        if let Ok(metadata) = fs::symlink_metadata(root.join(kind.name()).join(&name)) {
            let bytes = metadata.len().div_ceil(BLOCK).max(1) * BLOCK;
            found.push(Stored { kind, name, bytes, used: (metadata.mtime(), metadata.mtime_nsec()) });
        }
    }
    Ok(found)
}

/// Returns the names of files that may be ours: digits of a hash, or of a random number.
fn names(root: &Path, kind: Kind) -> io::Result<Vec<String>> {
    let is_ours = |name: &String| matches!(name.len(), 16 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let entries = match fs::read_dir(root.join(kind.name())) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.map(|entry| Ok(entry?.file_name().into_string().unwrap_or_default()));
    Ok(names.collect::<io::Result<Vec<_>>>()?.into_iter().filter(is_ours).collect())
}
