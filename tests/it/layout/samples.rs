//! Small images, and places to put them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use futures_util::stream;
use leoflow::image::{Artifact, ArtifactBlob, BlobKind, BlobSource, Descriptor, Platform, media_type};
use leoflow::layers::{Blob, DiffId, Digest};
use leoflow::layout::{Layout, LayoutError, Names, SaveError, save};
use leoflow::reference::{LocalPlace, Place, Repository};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A layer that is not compressed: then one text is blob and content alike.
pub(super) const LAYER: &[u8] = b"a layer, which nobody unpacks";

/// A blob in memory.
pub(super) fn blob(kind: BlobKind, media_type: &str, bytes: &[u8]) -> ArtifactBlob {
    let source = BlobSource::Local(Blob::from_bytes(bytes.to_vec()));
    ArtifactBlob { kind, descriptor: Descriptor::of(media_type, bytes), source }
}

/// A manifest of these parts.
pub(super) fn manifest(config: ArtifactBlob, layers: Vec<ArtifactBlob>) -> Artifact {
    let document = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": config.descriptor,
        "layers": layers.iter().map(|layer| &layer.descriptor).collect::<Vec<_>>(),
        "annotations": {"org.opencontainers.image.version": "v1"},
    });
    let document = document.to_string().into_bytes();
    let descriptor = Descriptor::of(media_type::OCI_MANIFEST, &document);
    Artifact { descriptor, document, blobs: [vec![config], layers].concat(), children: Vec::new() }
}

pub(super) fn config(architecture: &str, layers: &[&[u8]]) -> Vec<u8> {
    let diff_ids: Vec<String> = layers.iter().map(|layer| DiffId::of(layer).to_string()).collect();
    json!({"architecture": architecture, "os": "linux", "config": {},
           "rootfs": {"type": "layers", "diff_ids": diff_ids}})
    .to_string()
    .into_bytes()
}

/// An image of these layers.
pub(super) fn image(architecture: &str, layers: &[&[u8]]) -> Artifact {
    let config = blob(BlobKind::Config, media_type::OCI_CONFIG, &config(architecture, layers));
    manifest(config, layers.iter().map(|layer| blob(BlobKind::Layer, media_type::OCI_LAYER, layer)).collect())
}

pub(super) fn index(entries: &[(&Artifact, Value)]) -> Artifact {
    let manifests: Vec<Value> = entries
        .iter()
        .map(|(child, more)| {
            let mut entry = serde_json::to_value(&child.descriptor).unwrap();
            entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            entry
        })
        .collect();
    let document = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": manifests});
    let document = document.to_string().into_bytes();
    let descriptor = Descriptor::of(media_type::OCI_INDEX, &document);
    let children = entries.iter().map(|(child, _)| (*child).clone()).collect();
    Artifact { descriptor, document, blobs: Vec::new(), children }
}

pub(super) fn platform(architecture: &str) -> Value {
    json!({"platform": {"os": "linux", "architecture": architecture}})
}

/// An index as BuildKit writes it: two platforms, and what attests to the first.
pub(super) fn tree() -> Artifact {
    let (amd64, arm64) = (image("amd64", &[LAYER, b"for amd64"]), image("arm64", &[LAYER]));
    let attestation = manifest(
        blob(BlobKind::Config, media_type::OCI_CONFIG, &config("unknown", &[b"{}"])),
        vec![blob(BlobKind::Layer, "application/vnd.in-toto+json", b"{}")],
    );
    let about = json!({
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.type": "attestation-manifest",
                        "vnd.docker.reference.digest": amd64.digest().to_string()},
    });
    index(&[(&amd64, platform("amd64")), (&arm64, platform("arm64")), (&attestation, about)])
}

/// Returns `oci:…` or `docker-archive:…` below a directory.
pub(super) fn place(directory: &TempDir, text: &str) -> LocalPlace {
    match text.parse::<Place>().unwrap().below(directory.path()) {
        Place::Local(place) => place,
        Place::Registry(_) => panic!("{text} is no local place"),
    }
}

pub(super) fn names(reference: &str, image: Option<&str>) -> Names {
    Names { reference: Some(reference.to_owned()), image: image.map(str::to_owned) }
}

type Nothing = stream::Empty<Result<Bytes, String>>;

/// Fails: everything lies here.
pub(super) async fn no_registry(repository: &Repository, _: &Descriptor) -> Result<Nothing, String> {
    Err(format!("{repository} was asked"))
}

pub(super) async fn save_as(artifact: &Artifact, place: &LocalPlace, names: &Names) -> Result<(), LayoutError> {
    save(artifact, place, names, no_registry).await.map_err(|error| match error {
        SaveError::Layout(error) => error,
        SaveError::Fetch(error) => panic!("{error}"),
    })
}

/// Saves the image as `v1`.
pub(super) async fn saved(artifact: &Artifact, place: &LocalPlace) {
    save_as(artifact, place, &names("v1", Some("ghcr.io/org/etl:v1"))).await.unwrap();
}

/// Reads everything below the image that is meant.
pub(super) fn read(place: &LocalPlace) -> Result<Artifact, LayoutError> {
    let layout = Layout::open(place)?;
    layout.verified(layout.artifact(&[])?)
}

/// Returns the digests of all documents and the content of all blobs.
pub(super) fn content(artifact: &Artifact) -> (Vec<Digest>, BTreeMap<Digest, Vec<u8>>) {
    let documents = artifact.descendants().iter().map(|child| child.digest()).chain([artifact.digest()]).collect();
    let blobs = artifact.distinct_blobs().into_iter().map(|blob| {
        let BlobSource::Local(local) = &blob.source else { panic!("it is not here") };
        let mut bytes = Vec::new();
        local.reader().read_to_end(&mut bytes).unwrap();
        (blob.descriptor.digest, bytes)
    });
    (documents, blobs.collect())
}

pub(super) fn linux(architecture: &str) -> Platform {
    format!("linux/{architecture}").parse().unwrap()
}

/// Returns the names of all files below a directory.
pub(super) fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(path) = pending.pop() {
        for entry in path.read_dir().unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => pending.push(path),
                false => found.push(path.strip_prefix(directory).unwrap().display().to_string()),
            }
        }
    }
    found.sort();
    found
}

/// 3 MiB that do not compress, the same each time.
pub(super) fn noise() -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..3 << 20).map(|_| next()).collect()
}

/// A tar archive that is written by hand.
pub(super) struct Tar(tar::Builder<File>);

impl Tar {
    pub(super) fn create(path: &Path) -> Self {
        Self(tar::Builder::new(File::create(path).unwrap()))
    }

    pub(super) fn file(mut self, name: &str, bytes: &[u8]) -> Self {
        self.0.append_data(&mut header(tar::EntryType::Regular, bytes.len()), name, bytes).unwrap();
        self
    }

    pub(super) fn link(mut self, kind: tar::EntryType, name: &str, target: &str) -> Self {
        self.0.append_link(&mut header(kind, 0), name, target).unwrap();
        self
    }

    /// A member of another kind, with a body.
    pub(super) fn other(mut self, kind: tar::EntryType, name: &str, bytes: &[u8]) -> Self {
        self.0.append_data(&mut header(kind, bytes.len()), name, bytes).unwrap();
        self
    }

    pub(super) fn finish(self) {
        self.0.into_inner().unwrap();
    }
}

fn header(kind: tar::EntryType, size: usize) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(0o644);
    header
}
