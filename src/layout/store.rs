//! Files by name: those of a directory, or the members of a tar archive, which is never unpacked.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leoflow_layers::{Blob, Digest};
use rustix::fs::{Mode, OFlags, openat};

use super::LayoutError;
use super::members::Members;
use crate::image::Descriptor;
use crate::reference::{Format, LocalPlace};

/// The largest document, in bytes.
pub(super) const DOCUMENT_LIMIT: u64 = 4 << 20;

/// Where files are had by name.
pub(super) struct Store {
    pub(super) path: PathBuf,
    files: Files,
}

enum Files {
    /// Below this directory; no link is followed, so that nothing outside of it is ever read.
    Directory(File),
    Archive(Members),
}

impl Store {
    /// Opens a directory or an archive, whichever is there.
    pub(super) fn open(place: &LocalPlace) -> Result<Self, LayoutError> {
        let path = place.path.clone();
        let read = |error| LayoutError::Read { path: path.clone(), error };
        let nonblocking = OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file: File =
            rustix::fs::open(&path, nonblocking, Mode::empty()).map_err(|error| read(error.into()))?.into();
        let metadata = file.metadata().map_err(read)?;
        if metadata.is_dir() && place.format == Format::Layout {
            return Ok(Self { path, files: Files::Directory(file) });
        }
        if !metadata.is_file() {
            let reason = if metadata.is_dir() { "it is a directory" } else { "it is not a regular file" };
            return Err(LayoutError::Other { path, expected: "an archive", reason: reason.into(), compressed: false });
        }
        let members = Members::read(&path, file, metadata.len())?;
        Ok(Self { path, files: Files::Archive(members) })
    }

    /// Returns the file of this name, or nothing when there is none.
    pub(super) fn file(&self, name: &str) -> Result<Option<Blob>, LayoutError> {
        match &self.files {
            Files::Archive(members) => members.get(name).map_err(|reason| self.malformed(name, reason)),
            Files::Directory(directory) => match open_below(directory, name) {
                Ok((file, metadata)) => Ok(Some(Blob::of_file(Arc::new(file), 0, metadata.len()))),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(LayoutError::Read { path: self.path.join(name), error }),
            },
        }
    }

    /// Returns a small file's content, or nothing when there is none.
    pub(super) fn document(&self, name: &str) -> Result<Option<Vec<u8>>, LayoutError> {
        if let Files::Archive(members) = &self.files
            && members.is_ambiguous(name)
        {
            return Err(self.malformed(name, "the archive holds it more than once"));
        }
        self.file(name)?.map(|blob| self.content(name, &blob)).transpose()
    }

    /// Returns a small file's content.
    pub(super) fn required(&self, name: &str) -> Result<Vec<u8>, LayoutError> {
        self.document(name)?.ok_or_else(|| self.missing(name))
    }

    /// Returns the blob of a descriptor; its length is checked, its content is not.
    pub(super) fn blob(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        let name = blob_path(descriptor.digest);
        let blob = self.file(&name)?.ok_or_else(|| self.missing(&name))?;
        if blob.size() == descriptor.size {
            return Ok(blob);
        }
        let (path, digest, expected) = (self.path.clone(), descriptor.digest, descriptor.size);
        Err(LayoutError::WrongSize { path, digest, expected, found: blob.size() })
    }

    /// Returns the content of a manifest, index or config, checked.
    pub(super) fn described(&self, descriptor: &Descriptor) -> Result<Vec<u8>, LayoutError> {
        let blob = self.blob(descriptor)?;
        let bytes = self.content(&blob_path(descriptor.digest), &blob)?;
        let (expected, found) = (descriptor.digest, Digest::of(&bytes));
        if expected == found {
            return Ok(bytes);
        }
        Err(LayoutError::WrongDigest { path: self.path.clone(), expected, found })
    }

    /// Returns a small file's content.
    pub(super) fn content(&self, name: &str, blob: &Blob) -> Result<Vec<u8>, LayoutError> {
        if blob.size() > DOCUMENT_LIMIT {
            let (path, what) = (self.path.clone(), name.to_owned());
            return Err(LayoutError::TooLarge { path, what, limit: DOCUMENT_LIMIT });
        }
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut blob.reader(), &mut bytes)
            .map_err(|error| LayoutError::Read { path: self.path.join(name), error })?;
        Ok(bytes)
    }

    pub(super) fn malformed(&self, what: &str, reason: impl ToString) -> LayoutError {
        LayoutError::Malformed { path: self.path.clone(), what: what.to_owned(), reason: reason.to_string() }
    }

    pub(super) fn missing(&self, what: &str) -> LayoutError {
        LayoutError::Missing { path: self.path.clone(), what: what.to_owned() }
    }
}

/// Returns where a blob lies; a digest that parsed holds nothing that leaves the directory.
pub(super) fn blob_path(digest: Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// Opens a regular file below `directory`, following no link on the way.
fn open_below(directory: &File, name: &str) -> io::Result<(File, Metadata)> {
    let plain = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut at = directory.try_clone()?;
    let parts = Path::new(name);
    for part in parts.parent().into_iter().flat_map(Path::components) {
        at = openat(at.as_fd(), part.as_os_str(), plain | OFlags::DIRECTORY, Mode::empty())?.into();
    }
    let file: File = openat(at.as_fd(), parts.file_name().unwrap_or_default(), plain, Mode::empty())?.into();
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(io::Error::other("it is not a regular file")) }
}
