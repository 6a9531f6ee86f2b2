//! An artifact into a layout or archive: blobs as they arrive, checked on the way, and its name once all are there.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::pin::pin;

use bytes::Bytes;
use futures_util::stream::{Stream, StreamExt as _};
use leoflow_layers::{Blob, HashingWriter};
use serde_json::{Value, json};

use super::archive::Archive;
use super::directory::Directory;
use super::store::blob_path;
use super::{IMAGE_NAME, LayoutError, REF_NAME};
use crate::image::{Artifact, BlobSource, Descriptor};
use crate::reference::{Format, LocalPlace, Reference, Repository, Selector, Version};

/// Bytes copied at a time.
const CHUNK: usize = 1 << 20;

/// What an image is called in a layout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Within the layout, e.g. `v1`.
    pub reference: Option<String>,
    /// In full, e.g. `ghcr.io/org/etl:v1`.
    pub image: Option<String>,
}

/// Why an artifact could not be saved: `E` says why a blob could not be fetched.
#[derive(Debug)]
pub enum SaveError<E> {
    /// The layout is at fault, or the disk.
    Layout(LayoutError),
    /// Where a blob comes from is at fault.
    Fetch(E),
}

impl<E> From<LayoutError> for SaveError<E> {
    fn from(error: LayoutError) -> Self {
        Self::Layout(error)
    }
}

/// Where parts are written.
pub(super) enum Sink {
    Directory(Directory),
    Archive(Archive),
}

/// Something that lies in a layout by its digest.
struct Part<'a> {
    descriptor: &'a Descriptor,
    content: Content<'a>,
}

enum Content<'a> {
    Document(&'a [u8]),
    Blob(&'a BlobSource),
}

/// A part that arrives.
struct Incoming<'a> {
    sink: &'a mut Sink,
    descriptor: &'a Descriptor,
    hash: HashingWriter<io::Sink>,
    seen: u64,
}

/// Writes `artifact` to `place`. Blobs that lie in a registry are streamed from what `fetch` opens. Dropping the future
/// stops it all; what was half written is removed.
///
/// # Errors
/// When a blob cannot be had or is not what it should be, or when the place cannot be written to.
pub async fn save<F, S, E>(artifact: &Artifact, place: &LocalPlace, names: &Names, fetch: F) -> Result<(), SaveError<E>>
where
    F: AsyncFn(&Repository, &Descriptor) -> Result<S, E>,
    S: Stream<Item = Result<Bytes, E>>,
{
    let mut sink = Sink::begin(artifact, place, &names.of(place)?)?;
    for Part { descriptor, content } in parts(artifact) {
        if !sink.wants(descriptor)? {
            continue;
        }
        let mut incoming = Incoming::new(&mut sink, descriptor)?;
        match content {
            Content::Document(bytes) => incoming.take(bytes)?,
            Content::Blob(BlobSource::Local(blob)) => incoming.copy(blob).await?,
            Content::Blob(BlobSource::Registry(repository) | BlobSource::Kept(repository)) => {
                let mut chunks = pin!(fetch(repository, descriptor).await.map_err(SaveError::Fetch)?);
                while let Some(chunk) = chunks.next().await {
                    incoming.take(&chunk.map_err(SaveError::Fetch)?)?;
                }
            }
        }
        incoming.end()?;
    }
    Ok(sink.finish()?)
}

/// Lists blobs, then documents, what is referred to before what refers to it; each digest once.
fn parts(artifact: &Artifact) -> Vec<Part<'_>> {
    let blobs = artifact.distinct_blobs();
    let blobs =
        blobs.into_iter().map(|blob| Part { descriptor: &blob.descriptor, content: Content::Blob(&blob.source) });
    let documents = artifact.descendants().into_iter().chain([artifact]);
    let documents = documents
        .map(|document| Part { descriptor: &document.descriptor, content: Content::Document(&document.document) });
    let mut seen = BTreeSet::new();
    blobs.chain(documents).filter(|part| seen.insert(part.descriptor.digest)).collect()
}

impl Names {
    /// Returns these names, or the one that the place gives.
    fn of(&self, place: &LocalPlace) -> Result<Self, LayoutError> {
        let Some(Selector::Name(name)) = &place.image else { return Ok(self.clone()) };
        if place.format == Format::DockerArchive {
            return of_docker(place, name);
        }
        let full = name.contains('/').then(|| name.clone());
        Ok(Self { reference: Some(name.clone()), image: full.or_else(|| self.image.clone()) })
    }

    /// Returns how `index.json` lists an artifact.
    pub(super) fn entry(&self, artifact: &Artifact) -> Value {
        let Descriptor { media_type, digest, size, .. } = &artifact.descriptor;
        let mut entry = json!({"mediaType": media_type, "digest": digest.to_string(), "size": size});
        for (key, name) in [(REF_NAME, &self.reference), (IMAGE_NAME, &self.image)] {
            if let Some(name) = name {
                entry["annotations"][key] = name.as_str().into();
            }
        }
        entry
    }
}

/// `docker load` knows names and tags as `docker tag` does.
fn of_docker(place: &LocalPlace, name: &str) -> Result<Names, LayoutError> {
    let not_a_name = |reason: String| LayoutError::NotForDocker {
        path: place.path.clone(),
        reason,
        help: "write a name and tag behind the path, e.g. `docker-archive:FILE.tar:etl_sales:v1`",
    };
    let reference = name.parse::<Reference>().map_err(|error| not_a_name(error.to_string()))?;
    match &reference.version {
        Version::Tag(tag) => Ok(Names { reference: Some(tag.to_string()), image: Some(reference.to_string()) }),
        Version::Digest(_) => Err(not_a_name("a digest is no name that an image can be loaded under".to_owned())),
    }
}

impl Sink {
    fn begin(artifact: &Artifact, place: &LocalPlace, names: &Names) -> Result<Self, LayoutError> {
        match place.format {
            Format::Layout if !place.path.is_file() => Directory::begin(artifact, place, names).map(Self::Directory),
            Format::Layout | Format::LayoutArchive => Archive::layout(artifact, &place.path, names).map(Self::Archive),
            Format::DockerArchive => Archive::docker(artifact, &place.path, names).map(Self::Archive),
        }
    }

    fn wants(&self, descriptor: &Descriptor) -> Result<bool, LayoutError> {
        match self {
            Self::Directory(directory) => Ok(!directory.holds(descriptor)),
            Self::Archive(_) => Ok(true),
        }
    }

    fn open(&mut self, descriptor: &Descriptor) -> Result<(), LayoutError> {
        match self {
            Self::Directory(directory) => directory.open(),
            Self::Archive(archive) => archive.open(&blob_path(descriptor.digest), descriptor.size),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), LayoutError> {
        match self {
            Self::Directory(directory) => directory.write(bytes),
            Self::Archive(archive) => archive.write(bytes),
        }
    }

    fn close(&mut self, descriptor: &Descriptor) -> Result<(), LayoutError> {
        match self {
            Self::Directory(directory) => directory.close(descriptor),
            Self::Archive(archive) => archive.close(descriptor.size),
        }
    }

    fn finish(self) -> Result<(), LayoutError> {
        match self {
            Self::Directory(directory) => directory.finish(),
            Self::Archive(archive) => archive.finish(),
        }
    }

    fn path(&self) -> &std::path::Path {
        match self {
            Self::Directory(directory) => &directory.place.path,
            Self::Archive(archive) => &archive.path,
        }
    }
}

impl<'a> Incoming<'a> {
    fn new(sink: &'a mut Sink, descriptor: &'a Descriptor) -> Result<Self, LayoutError> {
        sink.open(descriptor)?;
        Ok(Self { sink, descriptor, hash: HashingWriter::new(io::sink()), seen: 0 })
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), LayoutError> {
        self.seen += bytes.len() as u64;
        if self.seen > self.descriptor.size {
            return Err(self.wrong_size());
        }
        // Writing to a sink cannot fail.
        let _ = self.hash.write_all(bytes);
        self.sink.write(bytes)
    }

    /// Copies in pieces, between which Ctrl-C is heard.
    async fn copy(&mut self, blob: &Blob) -> Result<(), LayoutError> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = blob.read_at(&mut chunk, self.seen);
            let count = read.map_err(|error| LayoutError::Read { path: self.sink.path().to_owned(), error })?;
            if count == 0 {
                return Ok(());
            }
            self.take(&chunk[..count])?;
            tokio::task::yield_now().await;
        }
    }

    fn end(self) -> Result<(), LayoutError> {
        if self.seen != self.descriptor.size {
            return Err(self.wrong_size());
        }
        let (_, found, _) = self.hash.finish();
        let expected = self.descriptor.digest;
        if found != expected {
            return Err(LayoutError::WrongDigest { path: self.sink.path().to_owned(), expected, found });
        }
        self.sink.close(self.descriptor)
    }

    fn wrong_size(&self) -> LayoutError {
        let (path, digest) = (self.sink.path().to_owned(), self.descriptor.digest);
        LayoutError::WrongSize { path, digest, expected: self.descriptor.size, found: self.seen }
    }
}
