//! One pass from a plan to a layer that can be sent.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use crate::{DiffId, Digest, EntryPath, FileSet};

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

/// Compressed bytes, in memory while they are few and in an unlinked temporary file once they are many.
#[derive(Debug, Clone)]
pub struct Blob {
    size: u64,
    source: BlobSource,
}

#[derive(Debug, Clone)]
enum BlobSource {
    Memory(Arc<[u8]>),
    Spool(Arc<File>),
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
/// # Errors
/// When a file cannot be read, keeps changing, or the disk is full.
pub fn assemble(files: &FileSet, options: &AssembleOptions) -> Result<Layer, AssembleError> {
    let _ = (files, options);
    todo!("the layers room")
}

impl Blob {
    /// Holds `bytes` in memory.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { size: bytes.len() as u64, source: BlobSource::Memory(bytes.into()) }
    }

    /// Returns the length in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Fills `buffer` from `offset` on and returns the number of bytes read, 0 at the end.
    ///
    /// # Errors
    /// When the spool file cannot be read.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.source {
            BlobSource::Memory(bytes) => (&bytes[(offset as usize).min(bytes.len())..]).read(buffer),
            BlobSource::Spool(file) => std::os::unix::fs::FileExt::read_at(&**file, buffer, offset),
        }
    }

    /// Returns a reader over the whole blob; each has a position of its own.
    pub fn reader(&self) -> impl Read + Send + 'static {
        BlobReader { blob: self.clone(), offset: 0 }
    }
}

struct BlobReader {
    blob: Blob,
    offset: u64,
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.blob.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}
