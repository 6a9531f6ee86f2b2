//! Images in files: an OCI image layout (image-spec, image-layout.md) as a directory or a tar archive, and what
//! `docker save` writes. The other source of images, and the other sink.
//!
//! Archives are read by offset and never unpacked. What is read is checked against its digest; what is written has its
//! final name only once it is whole. Nothing here speaks to a network: a blob that lies in a registry is handed in.

use std::io::{self, Write as _};

use leoflow_layers::{Blob, Digest, HashingWriter};

mod archive;
mod directory;
mod docker;
mod error;
mod index;
mod members;
mod platforms;
mod save;
mod store;
mod stored;
mod temporary;
mod tree;
mod unpacked;

pub use error::LayoutError;
pub use platforms::narrowed;
pub use save::{Names, SaveError, save};
pub use stored::StoredImage;
pub use temporary::own_paths;

use crate::image::{Artifact, BaseError, BaseImage, BlobSource, LayerSource, Platform};
use crate::reference::{Format, LocalPlace};
use docker::DockerImage;
use index::Entry;
use store::Store;

/// What marks a directory or archive as a layout.
const OCI_LAYOUT: &str = "oci-layout";
/// The list of a layout's images.
const INDEX: &str = "index.json";
/// Names an image within its layout (image-spec, annotations.md).
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// Names an image in full, as containerd and Docker do.
const IMAGE_NAME: &str = "io.containerd.image.name";
/// Which version the image is (image-spec, annotations.md).
const VERSION: &str = "org.opencontainers.image.version";

/// One image of a layout or archive.
pub struct Layout {
    store: Store,
    image: Found,
}

/// How an image was found.
enum Found {
    /// By `index.json`.
    Listed(Entry),
    /// By `manifest.json`, and nothing but that.
    Docker(DockerImage),
}

impl Layout {
    /// Finds the image that `place` names, or the only one.
    ///
    /// # Errors
    /// When there is no layout, no such image, or several.
    pub fn open(place: &LocalPlace) -> Result<Self, LayoutError> {
        let store = Store::open(place)?;
        let listed = store.document(OCI_LAYOUT)?.is_some() && store.document(INDEX)?.is_some();
        let image = match place.format {
            Format::DockerArchive if !listed => Found::Docker(DockerImage::find(&store, place.image.as_ref())?),
            _ => Found::Listed(index::find(&store, place.image.as_ref())?),
        };
        Ok(Self { store, image })
    }

    /// Returns the digest of the manifest or index, if there is one: archives of `docker save` may lack it.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        match &self.image {
            Found::Listed(entry) => Some(entry.descriptor.digest),
            Found::Docker(_) => None,
        }
    }

    /// Returns the image's full name, e.g. `ghcr.io/org/etl:v1`, if one was recorded.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match &self.image {
            Found::Listed(entry) => entry.image_name(),
            Found::Docker(image) => image.name(),
        }
    }

    /// Returns the image's name within the layout, e.g. `v1`, if it has one.
    #[must_use]
    pub fn ref_name(&self) -> Option<String> {
        match &self.image {
            Found::Listed(entry) => entry.ref_name(),
            Found::Docker(image) => image.tag(),
        }
    }

    /// Returns the version that the image was built as, if its annotations tell.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        let Found::Listed(entry) = &self.image else { return None };
        self.annotation(entry, VERSION)
    }

    /// Returns manifest and config for each platform; layers stay where they are, but are read once to be checked.
    ///
    /// # Errors
    /// When the image is none, lacks a platform, or is damaged.
    pub fn bases(&self, platforms: &[Platform]) -> Result<Vec<BaseImage>, LayoutError> {
        let bases: Vec<BaseImage> = platforms.iter().map(|platform| self.base(platform)).collect::<Result<_, _>>()?;
        for layer in bases.iter().flat_map(|base| &base.layers) {
            if let LayerSource::Local(blob) = &layer.from {
                self.verify(blob, layer.descriptor.digest)?;
            }
        }
        Ok(bases)
    }

    /// Returns the image with everything below it: all platforms when none is given, else those.
    ///
    /// Blobs are not read yet; whoever takes them checks them, or has [`Self::verified`] do so.
    ///
    /// # Errors
    /// When a part is missing or malformed, or a platform is.
    pub fn artifact(&self, platforms: &[Platform]) -> Result<Artifact, LayoutError> {
        let Found::Listed(entry) = &self.image else { return self.docker_artifact(platforms) };
        match platforms {
            [] => self.tree(&entry.descriptor),
            [one] => self.tree(&self.manifest_for(one)?.0),
            several => {
                let wanted = several.iter().map(|platform| Ok(self.manifest_for(platform)?.0.digest));
                self.narrowed(&entry.descriptor, &wanted.collect::<Result<_, LayoutError>>()?)
            }
        }
    }

    /// Returns `artifact` once every blob of it that lies here was read and found sound.
    ///
    /// # Errors
    /// When a blob is damaged.
    pub fn verified(&self, artifact: Artifact) -> Result<Artifact, LayoutError> {
        for part in artifact.distinct_blobs() {
            if let BlobSource::Local(blob) = &part.source {
                self.verify(blob, part.descriptor.digest)?;
            }
        }
        Ok(artifact)
    }

    fn verify(&self, blob: &Blob, expected: Digest) -> Result<(), LayoutError> {
        let (found, _) = digest_of(blob).map_err(|error| self.unreadable(error))?;
        if found == expected {
            return Ok(());
        }
        Err(LayoutError::WrongDigest { path: self.store.path.clone(), expected, found })
    }

    fn unreadable(&self, error: io::Error) -> LayoutError {
        LayoutError::Read { path: self.store.path.clone(), error }
    }

    fn unusable(&self, error: BaseError) -> LayoutError {
        LayoutError::Image { path: self.store.path.clone(), error: Box::new(error) }
    }
}

/// Returns the digest of a blob, and the number of bytes read.
fn digest_of(blob: &Blob) -> io::Result<(Digest, u64)> {
    let mut hash = HashingWriter::new(io::sink());
    io::copy(&mut io::BufReader::with_capacity(1 << 20, blob.reader()), &mut hash)?;
    hash.flush()?;
    let (_, digest, size) = hash.finish();
    Ok((digest, size))
}
