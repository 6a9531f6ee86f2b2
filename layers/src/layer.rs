//! One pass from a plan to a layer that can be sent.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::archive::{self, ArchiveError};
use crate::blob::{Blob, Spool};
use crate::blocks::BlockWriter;
use crate::source::SourceError;
use crate::{Compression, DiffId, Digest, EntryPath, FileSet, HashingWriter, MemberError};

/// What `assemble` needs to know besides the files.
#[derive(Debug, Clone)]
pub struct AssembleOptions {
    /// How to compress.
    pub compression: Compression,
    /// The one modification time of every entry, in seconds since the Unix epoch.
    pub modified: u64,
    /// How many threads may compress; the bytes do not depend on it.
    pub threads: usize,
    /// Where blobs that outgrow memory are spooled.
    pub spool_directory: PathBuf,
}

/// A layer ready to be sent.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The media type of the blob.
    pub media_type: &'static str,
    /// The digest of the compressed bytes.
    pub digest: Digest,
    /// The identity of the uncompressed tar stream.
    pub diff_id: DiffId,
    /// The length of the uncompressed tar stream, in bytes.
    pub uncompressed_size: u64,
    /// The compressed bytes.
    pub blob: Blob,
}

/// Why a layer could not be assembled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// A file could not be read.
    #[error("cannot read `{}`: {error}", source_path.display())]
    Read {
        /// The file on disk.
        source_path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file kept changing while it was packed.
    #[error("`{}` changed while it was packed, twice", source_path.display())]
    Changed {
        /// The file on disk.
        source_path: PathBuf,
        /// Where it was going.
        path: EntryPath,
    },
    /// A file of a zip archive is not what the archive says.
    #[error("cannot unpack `{path}` from {archive}: {error}")]
    Member {
        /// The archive's name.
        archive: String,
        /// Where the file was going.
        path: EntryPath,
        /// What is wrong with it.
        error: MemberError,
    },
    /// The compressed bytes could not be spooled.
    #[error("cannot write a temporary file in `{}`: {error}", directory.display())]
    Spool {
        /// Where the spool file was.
        directory: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Packs `files` into a layer; the same files and options give the same bytes anywhere.
///
/// A file that changes while it is packed is read once more.
///
/// # Errors
/// When a file cannot be read, keeps changing, or the disk is full.
pub fn assemble(files: &FileSet, options: &AssembleOptions) -> Result<Layer, AssembleError> {
    assemble_watched(files, options, &|_| {})
}

/// Does the same, and tells `on_bytes` how many bytes of the tar stream were packed since it was told last.
///
/// # Errors
/// As [`assemble`].
pub fn assemble_watched(
    files: &FileSet,
    options: &AssembleOptions,
    on_bytes: &dyn Fn(u64),
) -> Result<Layer, AssembleError> {
    twice(|| attempt(files, options, on_bytes))
}

/// Hashes the tar stream of `files` without compressing it, and returns its identity and its length in bytes; tells
/// `on_bytes` how many bytes were hashed since it was told last.
///
/// A layer that [`assemble`] made of the same files, at the same `modified` time, has this identity.
///
/// # Errors
/// As [`assemble`], but for the disk: nothing is written.
pub fn diff_id(files: &FileSet, modified: u64, on_bytes: &dyn Fn(u64)) -> Result<(DiffId, u64), AssembleError> {
    let hashed = || {
        let mut tar = HashingWriter::new(io::sink());
        archive::write(files, modified, &mut Watched { inner: &mut tar, on_bytes })
            .map_err(|error| fault(error, Path::new("")))?;
        let (_, diff_id, size) = tar.finish_diff_id();
        Ok((diff_id, size))
    };
    twice(hashed)
}

/// Why one attempt failed.
enum Fault {
    /// Another attempt may succeed.
    Halfway(AssembleError),
    /// It will not.
    Final(AssembleError),
}

/// Tries once more when a file changed while it was read.
fn twice<T>(attempt: impl Fn() -> Result<T, Fault>) -> Result<T, AssembleError> {
    match attempt() {
        Err(Fault::Halfway(_)) => attempt(),
        result => result,
    }
    .map_err(|fault| match fault {
        Fault::Halfway(error) | Fault::Final(error) => error,
    })
}

fn attempt(files: &FileSet, options: &AssembleOptions, on_bytes: &dyn Fn(u64)) -> Result<Layer, Fault> {
    let fail = |error| fault(error, &options.spool_directory);
    let blob = HashingWriter::new(Spool::new(&options.spool_directory));
    let mut tar = HashingWriter::new(BlockWriter::new(blob, options.compression, options.threads));
    archive::write(files, options.modified, &mut Watched { inner: &mut tar, on_bytes }).map_err(fail)?;
    let (blocks, diff_id, uncompressed_size) = tar.finish_diff_id();
    let (spool, digest, _) = blocks.finish().map_err(|error| fail(error.into()))?.finish();
    let media_type = options.compression.media_type();
    Ok(Layer { media_type, digest, diff_id, uncompressed_size, blob: spool.finish() })
}

/// Passes bytes on and tells how many.
struct Watched<'a, W> {
    inner: &'a mut W,
    on_bytes: &'a dyn Fn(u64),
}

impl<W: Write> Write for Watched<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        (self.on_bytes)(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn fault(error: ArchiveError, spool_directory: &Path) -> Fault {
    match error {
        ArchiveError::Write(error) => {
            Fault::Final(AssembleError::Spool { directory: spool_directory.to_owned(), error })
        }
        ArchiveError::Member { path, archive, error } => Fault::Final(AssembleError::Member { archive, path, error }),
        ArchiveError::Source { path, error } => match error {
            SourceError::Read { source_path, error } => Fault::Final(AssembleError::Read { source_path, error }),
            SourceError::Changed { source_path } => Fault::Final(AssembleError::Changed { source_path, path }),
            SourceError::ChangedHalfway { source_path } => Fault::Halfway(AssembleError::Changed { source_path, path }),
        },
    }
}

impl AssembleError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Read { error, .. } if error.kind() == io::ErrorKind::PermissionDenied => {
                "make the file readable for yourself, or exclude it under `exclude_paths:`".to_owned()
            }
            Self::Read { .. } => "run the command again once nothing rewrites the directory".to_owned(),
            Self::Changed { path, .. } => format!("stop what writes to it, or exclude `{path}` under `exclude_paths:`"),
            Self::Member { archive, .. } => {
                format!("remove {archive} from where it was downloaded to, or use another release")
            }
            Self::Spool { directory, .. } => {
                format!("free space in `{}`, or set TMPDIR to a directory with more", directory.display())
            }
        })
    }
}
