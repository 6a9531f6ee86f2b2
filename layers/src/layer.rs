//! One pass from a plan to a layer that can be sent.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::archive::{self, ArchiveError};
use crate::blob::{Blob, Spool};
use crate::compress::GzipWriter;
use crate::source::SourceError;
use crate::{DiffId, Digest, EntryPath, FileSet, HashingWriter};

/// How a layer's tar stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Gzip, in members of a fixed size.
    #[default]
    Gzip,
}

impl Compression {
    /// Returns the OCI media type of a layer compressed so (OCI image-spec, layer.md).
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
        }
    }
}

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
    match attempt(files, options, on_bytes) {
        Err(Fault::Halfway(_)) => attempt(files, options, on_bytes),
        result => result,
    }
    .map_err(|fault| match fault {
        Fault::Halfway(error) | Fault::Final(error) => error,
    })
}

/// Why one attempt failed.
enum Fault {
    /// Another attempt may succeed.
    Halfway(AssembleError),
    /// It will not.
    Final(AssembleError),
}

fn attempt(files: &FileSet, options: &AssembleOptions, on_bytes: &dyn Fn(u64)) -> Result<Layer, Fault> {
    let fail = |error| fault(error, options);
    let blob = HashingWriter::new(Spool::new(&options.spool_directory));
    let mut tar = HashingWriter::new(GzipWriter::new(blob, options.threads));
    archive::write(files, options.modified, &mut Watched { inner: &mut tar, on_bytes }).map_err(fail)?;
    let (gzip, diff_id, uncompressed_size) = tar.finish_diff_id();
    let (spool, digest, _) = gzip.finish().map_err(|error| fail(error.into()))?.finish();
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

fn fault(error: ArchiveError, options: &AssembleOptions) -> Fault {
    match error {
        ArchiveError::Write(error) => {
            Fault::Final(AssembleError::Spool { directory: options.spool_directory.clone(), error })
        }
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
            Self::Spool { directory, .. } => {
                format!("free space in `{}`, or set TMPDIR to a directory with more", directory.display())
            }
        })
    }
}
