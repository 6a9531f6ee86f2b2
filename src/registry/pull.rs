//! A reference in, a base image out: manifest and config, each checked against its digest. Layers stay where they are.

use std::{fmt, io};

use futures_util::future::{BoxFuture, try_join_all};
use leoflow_layers::Digest;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;

use super::error::{RegistryError, short, shown};
use super::scope::Scopes;
use super::session::{Call, Session};
use super::transport::Answer;
use crate::image::{
    Artifact, ArtifactBlob, BaseError, BaseImage, BlobKind, BlobSource, Descriptor, Documents, LayerSource, Platform,
    References, media_type, parse_index, select,
};
use crate::reference::{Reference, Tag, Version};

/// The largest manifest or config, in bytes.
const DOCUMENT_LIMIT: u64 = 4 << 20;

/// How many indexes may stand between a reference and a manifest.
const INDEX_DEPTH: usize = 2;

/// A manifest or index as it was received.
#[derive(Clone)]
pub(super) struct Document {
    pub(super) bytes: Vec<u8>,
    media_type: String,
}

/// What tells an index from a manifest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    media_type: Option<String>,
    manifests: Option<serde::de::IgnoredAny>,
}

impl Session {
    /// Fetches and checks manifest and config of `reference` for each platform. A tag is asked for once: it may be
    /// moved at any time, and all platforms shall be of one image.
    pub(super) async fn bases(
        &self,
        reference: &Reference,
        platforms: &[Platform],
    ) -> Result<Vec<BaseImage>, RegistryError> {
        let document = self.document(reference).await?;
        let bases = platforms.iter().map(|platform| self.base(reference, &document, platform));
        try_join_all(bases).await
    }

    async fn base(
        &self,
        reference: &Reference,
        document: &Document,
        platform: &Platform,
    ) -> Result<BaseImage, RegistryError> {
        let manifest = self.manifest_for(reference, document.clone(), platform).await?;
        let config_descriptor = BaseImage::config_of(&manifest).map_err(|error| unusable(reference, error))?;
        let config = self.config(&config_descriptor).await?;
        // As the user knows it, wherever it was read: what is mounted or streamed is found by that name.
        let here = |_: &Descriptor| LayerSource::Registry(reference.repository.clone());
        BaseImage::parse(&manifest, &config, platform, here).map_err(|error| unusable(reference, error))
    }

    /// Fetches a manifest or index with everything below it but blobs, which stay where they are.
    pub(super) async fn artifact(&self, reference: &Reference) -> Result<Artifact, RegistryError> {
        let document = self.document(reference).await?;
        self.tree(reference, document, INDEX_DEPTH, &mut Documents::default()).await
    }

    fn tree<'a>(
        &'a self,
        reference: &'a Reference,
        document: Document,
        depth: usize,
        documents: &'a mut Documents,
    ) -> BoxFuture<'a, Result<Artifact, RegistryError>> {
        Box::pin(async move {
            if !media_type::ACCEPTED.contains(&document.media_type.as_str()) {
                return Err(unusable(reference, BaseError::UnsupportedMediaType(document.media_type)));
            }
            let refers_to = References::parse(&document.bytes).map_err(|error| unusable(reference, error))?;
            if depth == 0 && !refers_to.manifests.is_empty() {
                return Err(unusable(reference, too_deep()));
            }
            let mut children = Vec::new();
            for child in refers_to.distinct_manifests() {
                documents.count().map_err(|error| unusable(reference, error))?;
                let document = self.manifest(child.digest, Some(child.size)).await?;
                children.push(self.tree(reference, document, depth - 1, documents).await?);
            }
            let descriptor = Descriptor::of(&document.media_type, &document.bytes);
            Ok(Artifact { descriptor, document: document.bytes, blobs: blobs(reference, refers_to), children })
        })
    }

    async fn document(&self, reference: &Reference) -> Result<Document, RegistryError> {
        match &reference.version {
            Version::Digest(digest) => self.manifest(*digest, None).await,
            Version::Tag(tag) => self.tagged_manifest(tag).await,
        }
    }

    /// Returns the manifest for `platform`; an index is resolved.
    async fn manifest_for(
        &self,
        reference: &Reference,
        mut document: Document,
        platform: &Platform,
    ) -> Result<Vec<u8>, RegistryError> {
        let unusable = |error| unusable(reference, error);
        for _ in 0..INDEX_DEPTH {
            match document.media_type.as_str() {
                media_type::OCI_INDEX | media_type::DOCKER_LIST => {
                    let entries = parse_index(&document.bytes).map_err(unusable)?;
                    let chosen = &select(&entries, platform).map_err(unusable)?.descriptor;
                    document = self.manifest(chosen.digest, Some(chosen.size)).await?;
                }
                _ => break,
            }
        }
        match document.media_type.as_str() {
            media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST => Ok(document.bytes),
            media_type::OCI_INDEX | media_type::DOCKER_LIST => Err(unusable(too_deep())),
            other => Err(unusable(BaseError::UnsupportedMediaType(other.to_owned()))),
        }
    }

    /// Returns what a tag stands for now. Where documents are kept, the tag's digest is asked for first: most often
    /// that is all there is to ask, and Docker Hub counts no `HEAD` against its limit.
    pub(super) async fn tagged_manifest(&self, tag: &Tag) -> Result<Document, RegistryError> {
        if !self.shared.cache.is_empty().await {
            match self.call(&self.manifest_call(Method::HEAD, tag)).await.map(|answer| answer.docker_content_digest()) {
                Ok(Some(digest)) => return self.manifest(digest, None).await,
                Err(error) if !error.is_final_refusal() => return Err(error),
                // A `GET` does without the header, and comes with the registry's words.
                Ok(None) | Err(_) => {}
            }
        }
        self.fetch_manifest(self.manifest_call(Method::GET, tag), None, None).await
    }

    /// Returns the manifest or index of this digest.
    async fn manifest(&self, digest: Digest, size: Option<u64>) -> Result<Document, RegistryError> {
        if let Some(bytes) = self.shared.cache.get(digest, size).await
            && let Ok(media_type) = media_type_of(&bytes, None)
        {
            return Ok(Document { bytes, media_type });
        }
        self.fetch_manifest(self.manifest_call(Method::GET, &digest), Some(digest), size).await
    }

    async fn fetch_manifest(
        &self,
        call: Call,
        expected: Option<Digest>,
        size: Option<u64>,
    ) -> Result<Document, RegistryError> {
        let (answer, bytes) = self.read(&call, DOCUMENT_LIMIT).await?;
        let (found, mut claims) =
            (Digest::of(&bytes), [expected, answer.docker_content_digest()].into_iter().flatten());
        if let Some(expected) = claims.find(|&digest| digest != found) {
            let (attempted, url) = (call.attempted, shown(&answer.url));
            return Err(RegistryError::WrongDigest { attempted, url, expected, found });
        }
        check_size(&call, &bytes, size)?;
        let media_type = media_type_of(&bytes, answer.header(CONTENT_TYPE.as_str()).map(essence))
            .map_err(|reason| self.protocol(&call.attempted, &answer.url, reason))?;
        if media_type_of(&bytes, None).as_ref() == Ok(&media_type) {
            self.shared.cache.put(&bytes).await;
        }
        Ok(Document { bytes, media_type })
    }

    pub(super) fn manifest_call(&self, method: Method, version: &impl fmt::Display) -> Call {
        let named = version.to_string();
        let named = named.parse().map_or(named, |digest| short(&digest));
        let attempted = format!("read the image {} ({named})", self.repository);
        let url = self.endpoint(&format!("manifests/{version}"));
        Call::new(attempted, method, url, Scopes::pull(&self.repository))
            .header(ACCEPT, &media_type::ACCEPTED.join(", "))
    }

    pub(super) async fn config(&self, descriptor: &Descriptor) -> Result<Vec<u8>, RegistryError> {
        if let Some(bytes) = self.shared.cache.get(descriptor.digest, Some(descriptor.size)).await {
            return Ok(bytes);
        }
        let attempted = format!("read the image {} (config {})", self.repository, short(&descriptor.digest));
        let url = self.endpoint(&format!("blobs/{}", descriptor.digest));
        let call = Call::new(attempted, Method::GET, url, Scopes::pull(&self.repository));
        let (_, bytes) = self.read(&call, DOCUMENT_LIMIT).await?;
        check_size(&call, &bytes, Some(descriptor.size))?;
        let (expected, found) = (descriptor.digest, Digest::of(&bytes));
        if expected != found {
            return Err(RegistryError::WrongDigest {
                attempted: call.attempted,
                url: shown(&call.url),
                expected,
                found,
            });
        }
        self.shared.cache.put(&bytes).await;
        Ok(bytes)
    }
}

fn blobs(reference: &Reference, refers_to: References) -> Vec<ArtifactBlob> {
    let config = refers_to.config.into_iter().map(|descriptor| (BlobKind::Config, descriptor));
    let layers = refers_to.layers.into_iter().map(|descriptor| (BlobKind::Layer, descriptor));
    let here = || BlobSource::Registry(reference.repository.clone());
    config.chain(layers).map(|(kind, descriptor)| ArtifactBlob { kind, descriptor, source: here() }).collect()
}

fn unusable(reference: &Reference, error: BaseError) -> RegistryError {
    RegistryError::Base { reference: Box::new(reference.clone()), error: Box::new(error) }
}

fn too_deep() -> BaseError {
    BaseError::Malformed { what: "index", reason: "indexes are nested too deeply".into() }
}

impl Answer {
    /// Returns the digest that the registry says its answer has; one of another algorithm is none.
    pub(super) fn docker_content_digest(&self) -> Option<Digest> {
        self.header("docker-content-digest")?.trim().parse().ok()
    }
}

fn check_size(call: &Call, bytes: &[u8], expected: Option<u64>) -> Result<(), RegistryError> {
    let found = bytes.len() as u64;
    match expected {
        Some(expected) if expected != found => {
            let (attempted, url) = (call.attempted.clone(), shown(&call.url));
            Err(RegistryError::WrongSize { attempted, url, expected, found })
        }
        _ => Ok(()),
    }
}

/// Returns the media type without its parameters.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns what a document is: what it says of itself, which the `Content-Type` must not contradict, else the latter
/// (distribution-spec, "Pulling manifests"). Servers that know nothing of media types say `application/json` or alike.
fn media_type_of(bytes: &[u8], content_type: Option<String>) -> Result<String, String> {
    let outline: Outline = serde_json::from_slice(bytes).map_err(|error: serde_json::Error| {
        let error: io::Error = error.into();
        format!("the manifest is not JSON: {error}")
    })?;
    let told = content_type.filter(|text| text.starts_with("application/vnd."));
    match (outline.media_type, told) {
        (Some(own), Some(told)) if own != told => {
            Err(format!("the manifest says that it is `{own}`, its Content-Type says `{told}`"))
        }
        (Some(own), _) => Ok(own),
        (None, Some(told)) => Ok(told),
        (None, None) if outline.manifests.is_some() => Ok(media_type::OCI_INDEX.to_owned()),
        (None, None) => Ok(media_type::OCI_MANIFEST.to_owned()),
    }
}
