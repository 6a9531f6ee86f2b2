//! A layout as a directory: made, or added to. Blobs first, each renamed to its place once it is whole; the list last.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::save::Names;
use super::store::{Store, blob_path};
use super::temporary::{self, is_temporary};
use super::{IMAGE_NAME, INDEX, LayoutError, OCI_LAYOUT, REF_NAME};
use crate::image::{Artifact, Descriptor, media_type};
use crate::reference::LocalPlace;

/// What every layout's `oci-layout` holds (image-spec, image-layout.md).
pub(super) const VERSION: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

const TEMPORARY: &str = ".leoflow-";

/// A layout that is written to.
pub(super) struct Directory {
    pub(super) place: LocalPlace,
    entry: Value,
    /// The blob that arrives.
    current: Option<NamedTempFile>,
}

impl Directory {
    pub(super) fn begin(artifact: &Artifact, place: &LocalPlace, names: &Names) -> Result<Self, LayoutError> {
        let directory = Self { place: place.clone(), entry: names.entry(artifact), current: None };
        fs::create_dir_all(&place.path).map_err(|error| directory.unwritable(error))?;
        let _lock = directory.lock()?;
        temporary::sweep(&place.path, TEMPORARY).map_err(|error| directory.unwritable(error))?;
        directory.claim()?;
        let blobs = [place.path.join("blobs"), place.path.join("blobs/sha256")];
        if blobs.iter().any(|path| path.is_symlink()) {
            return Err(directory.occupied("its `blobs` is a link to somewhere else"));
        }
        fs::create_dir_all(&blobs[1]).map_err(|error| directory.unwritable(error))?;
        Ok(directory)
    }

    /// Waits for others that write here. Without locks, as on some network file systems, one writer at a time it is.
    fn lock(&self) -> Result<File, LayoutError> {
        let lock = File::open(&self.place.path).map_err(|error| self.unwritable(error))?;
        let _ = flock(&lock, FlockOperation::LockExclusive);
        Ok(lock)
    }

    /// Sees to it that the directory is a layout, without making one of what is something else.
    fn claim(&self) -> Result<(), LayoutError> {
        if Store::open(&self.place)?.document(OCI_LAYOUT)?.is_some() {
            return Ok(());
        }
        let mut entries = self.place.path.read_dir().map_err(|error| self.unwritable(error))?;
        let ours = |entry: io::Result<fs::DirEntry>| {
            entry.is_ok_and(|entry| entry.file_name() == OCI_LAYOUT || is_temporary(&entry.file_name(), TEMPORARY))
        };
        if !entries.all(ours) {
            return Err(self.occupied("it is not empty, and no image layout"));
        }
        self.replace(OCI_LAYOUT, VERSION.as_bytes()).map_err(|error| self.unwritable(error))
    }

    /// Returns whether the blob is there and sound; what is not is written anew.
    pub(super) fn holds(&self, descriptor: &Descriptor) -> bool {
        let blob = Store::open(&self.place).and_then(|store| store.blob(descriptor));
        blob.is_ok_and(|blob| super::digest_of(&blob).is_ok_and(|(found, _)| found == descriptor.digest))
    }

    pub(super) fn open(&mut self) -> Result<(), LayoutError> {
        let file = temporary::create(&self.place.path, TEMPORARY).map_err(|error| self.unwritable(error))?;
        self.current = Some(file);
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), LayoutError> {
        let written = self.current.as_mut().map_or(Ok(()), |file| file.write_all(bytes));
        written.map_err(|error| self.unwritable(error))
    }

    pub(super) fn close(&mut self, descriptor: &Descriptor) -> Result<(), LayoutError> {
        let Some(file) = self.current.take() else { return Ok(()) };
        let path = self.place.path.join(blob_path(descriptor.digest));
        file.persist(path).map_err(|error| self.unwritable(error.error))?;
        Ok(())
    }

    /// Lists the image, in the place of one of the same name. Others that write wait here, and nowhere else.
    pub(super) fn finish(self) -> Result<(), LayoutError> {
        let _lock = self.lock()?;
        let store = Store::open(&self.place)?;
        let mut index = match store.document(INDEX)? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|error| store.malformed(INDEX, error))?,
            None => empty_index(),
        };
        let manifests = index.get_mut("manifests").and_then(Value::as_array_mut);
        let manifests = manifests.ok_or_else(|| store.malformed(INDEX, "`manifests` is missing"))?;
        list(manifests, self.entry.clone());
        self.replace(INDEX, index.to_string().as_bytes()).map_err(|error| self.unwritable(error))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = temporary::create(&self.place.path, TEMPORARY)?;
        file.write_all(bytes)?;
        file.persist(self.place.path.join(name))?;
        Ok(())
    }

    fn unwritable(&self, error: io::Error) -> LayoutError {
        LayoutError::Write { path: self.place.path.clone(), error: plain(error) }
    }

    fn occupied(&self, reason: &'static str) -> LayoutError {
        LayoutError::Occupied { path: PathBuf::from(&self.place.path), reason }
    }
}

/// Returns a system's error without the temporary file's name that the `tempfile` crate puts around it.
pub(super) fn plain(error: io::Error) -> io::Error {
    let code = error.raw_os_error();
    let inner = error.get_ref().and_then(std::error::Error::source);
    let code = code.or_else(|| inner?.downcast_ref::<io::Error>()?.raw_os_error());
    code.map_or(error, io::Error::from_raw_os_error)
}

pub(super) fn empty_index() -> Value {
    json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": []})
}

/// Puts an entry where the first of its name was, or at the end.
fn list(manifests: &mut Vec<Value>, entry: Value) {
    let at = manifests.iter().position(|other| is_same(other, &entry)).unwrap_or(manifests.len());
    manifests.retain(|other| !is_same(other, &entry));
    manifests.insert(at.min(manifests.len()), entry);
}

/// Two images of one tag are of one name, unless their full names tell them apart.
fn is_same(one: &Value, other: &Value) -> bool {
    let name = |entry: &Value, key: &str| entry["annotations"][key].as_str().map(str::to_owned);
    match (name(one, REF_NAME), name(other, REF_NAME)) {
        (Some(name_of_one), Some(name_of_other)) => {
            let full = (name(one, IMAGE_NAME), name(other, IMAGE_NAME));
            name_of_one == name_of_other && (full.0.is_none() || full.1.is_none() || full.0 == full.1)
        }
        (None, None) => one["digest"] == other["digest"],
        _ => false,
    }
}
