//! Files in, container image layer out: the same bytes on every machine.
//!
//! [`FileSet`] says what a layer holds, [`assemble`] turns it into a [`Layer`] in one pass: the tar stream, its
//! [`DiffId`], the compressed blob and the blob's [`Digest`]. [`diff_id`] tells the identity alone. Nothing here touches a network, a clock, the
//! environment or an async runtime.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod archive;
mod blob;
mod blocks;
mod compress;
mod compression;
mod digest;
mod entry;
mod file_set;
mod layer;
mod member;
mod source;
#[cfg(test)]
mod testing;

pub use blob::Blob;
pub use compression::{Compression, CompressionError, ZstdLevel};
pub use digest::{DiffId, Digest, DigestError, HashingWriter};
pub use entry::{Content, Entry, EntryPath, EntryPathError, Tree};
pub use file_set::{FileSet, FileSetError};
pub use layer::{AssembleError, AssembleOptions, Layer, assemble, assemble_watched, diff_id};
pub use member::{Member, MemberError, Method};
