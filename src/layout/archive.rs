//! A layout as a tar archive, also the one that `docker load` reads: the same bytes for the same image, renamed to its
//! place once it is whole.

use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tar::{EntryType, Header};
use tempfile::NamedTempFile;

use super::directory::{VERSION, empty_index, plain};
use super::docker::MANIFEST;
use super::save::Names;
use super::store::{Store, blob_path};
use super::{INDEX, LayoutError, OCI_LAYOUT, temporary};
use crate::image::{Artifact, BaseImage, BlobKind};
use crate::reference::{Format, LocalPlace};

/// What the members of a tar archive are padded to, in bytes.
const BLOCK: u64 = 512;

/// An archive that is written.
pub(super) struct Archive {
    pub(super) path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl Archive {
    /// Begins an archive that lists `artifact`; its parts follow.
    pub(super) fn layout(artifact: &Artifact, path: &Path, names: &Names) -> Result<Self, LayoutError> {
        let mut archive = Self::begin(path)?;
        let mut index = empty_index();
        index["manifests"] = json!([names.entry(artifact)]);
        archive.document(OCI_LAYOUT, VERSION.as_bytes())?;
        archive.document(INDEX, index.to_string().as_bytes())?;
        Ok(archive)
    }

    /// Begins the same, with what `docker load` looks for; its layers stay compressed.
    pub(super) fn docker(artifact: &Artifact, path: &Path, names: &Names) -> Result<Self, LayoutError> {
        let manifest = docker_manifest(artifact, names).map_err(|(reason, help)| LayoutError::NotForDocker {
            path: path.to_owned(),
            reason,
            help,
        })?;
        let mut archive = Self::layout(artifact, path, names)?;
        archive.document(MANIFEST, manifest.to_string().as_bytes())?;
        Ok(archive)
    }

    fn begin(path: &Path) -> Result<Self, LayoutError> {
        if let Some(reason) = occupied(path) {
            return Err(LayoutError::Occupied { path: path.to_owned(), reason });
        }
        let file = temporary::create(temporary::parent(path), &temporary::beside(path));
        let file = file.map_err(|error| LayoutError::Write { path: path.to_owned(), error: plain(error) })?;
        Ok(Self { path: path.to_owned(), file: BufWriter::with_capacity(1 << 18, file) })
    }

    fn document(&mut self, name: &str, bytes: &[u8]) -> Result<(), LayoutError> {
        self.open(name, bytes.len() as u64)?;
        self.write(bytes)?;
        self.close(bytes.len() as u64)
    }

    /// Begins a member of `size` bytes.
    pub(super) fn open(&mut self, name: &str, size: u64) -> Result<(), LayoutError> {
        let header = header(name, size).map_err(|error| self.unwritable(error))?;
        self.write(header.as_bytes())
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), LayoutError> {
        self.file.write_all(bytes).map_err(|error| self.unwritable(error))
    }

    /// Ends a member of `size` bytes.
    pub(super) fn close(&mut self, size: u64) -> Result<(), LayoutError> {
        let padding = size.next_multiple_of(BLOCK) - size;
        self.write(&[0; BLOCK as usize][..padding as usize])
    }

    pub(super) fn finish(mut self) -> Result<(), LayoutError> {
        self.write(&[0; 2 * BLOCK as usize])?;
        let Self { path, file } = self;
        let unwritable = |error| LayoutError::Write { path: path.clone(), error: plain(error) };
        let file = file.into_inner().map_err(|error| unwritable(error.into_error()))?;
        file.persist(&path).map_err(|error| unwritable(error.error))?;
        Ok(())
    }

    fn unwritable(&self, error: io::Error) -> LayoutError {
        LayoutError::Write { path: self.path.clone(), error: plain(error) }
    }
}

/// Tells why what lies at `path` is not to be replaced, if so: only archives of images are, and empty files.
fn occupied(path: &Path) -> Option<&'static str> {
    let metadata = path.metadata().ok()?;
    if metadata.is_dir() {
        return Some("it is a directory");
    }
    let is_file = metadata.is_file();
    let replaceable = is_file && (metadata.len() == 0 || is_image_archive(path).unwrap_or(false));
    (!replaceable).then_some("there is something else than an archive of images")
}

fn is_image_archive(path: &Path) -> Result<bool, LayoutError> {
    let store = Store::open(&LocalPlace { format: Format::LayoutArchive, path: path.to_owned(), image: None })?;
    Ok(store.file(OCI_LAYOUT)?.is_some() || store.file(MANIFEST)?.is_some())
}

/// Nothing in it depends on user, time or machine.
fn header(name: &str, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_path(name)?;
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    Ok(header)
}

/// Returns what `docker load` looks for, or why it could not load the image and what to do.
fn docker_manifest(artifact: &Artifact, names: &Names) -> Result<Value, (String, &'static str)> {
    if !artifact.children.is_empty() {
        let reason = "`docker load` takes an image for one platform, this is an index of several";
        return Err((reason.to_owned(), "pick one with `--platform linux/amd64`, or write `oci:FILE.tar`"));
    }
    BaseImage::config_of(&artifact.document)
        .map_err(|error| (format!("`docker load` takes images: {error}"), "write `oci:FILE.tar`"))?;
    let mut blobs = artifact.blobs.iter();
    if blobs.clone().any(|blob| blob.descriptor.media_type.ends_with("zstd")) {
        let reason = "`docker load` of many a version in use reads no zstd, and the image has layers in it";
        return Err((reason.to_owned(), "write `oci:FILE.tar`, or build with gzip"));
    }
    let of = |kind| move |blob: &&crate::image::ArtifactBlob| blob.kind == kind;
    let config = blobs.find(of(BlobKind::Config)).map(|blob| blob_path(blob.descriptor.digest));
    let layers = artifact.blobs.iter().filter(of(BlobKind::Layer)).map(|blob| blob_path(blob.descriptor.digest));
    let tags: Vec<&String> = names.image.iter().filter(|name| !name.contains('@')).collect();
    Ok(json!([{"Config": config, "RepoTags": tags, "Layers": layers.collect::<Vec<_>>()}]))
}
