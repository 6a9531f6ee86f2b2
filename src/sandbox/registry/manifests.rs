//! Manifests: pulled, pushed after what they refer to, deleted.

use std::{fs, io, iter};

use axum::body::{self, Body};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

use super::blobs::require_blob;
use super::content::{Algorithm, ContentDigest};
use super::fault::Fault;
use super::index::{Entry, Index};
use super::{CONTENT_DIGEST, Call, Registry, Reply};
use crate::image::media_type;
use crate::reference::Tag;

/// The size that every registry must take (distribution-spec, "Pushing Manifests"), in bytes; here no more than that.
const MANIFEST_LIMIT: usize = 4 << 20;

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");

/// What a manifest is pushed as.
struct Push {
    digest: ContentDigest,
    tags: Vec<String>,
    media_type: String,
    bytes: Vec<u8>,
}

/// Answers `GET` and `HEAD` of a manifest (end-3).
pub(super) async fn get(call: Call, name: String, reference: String) -> Result<Response, Fault> {
    if reference.contains(':') {
        reference.parse::<ContentDigest>()?;
    }
    let (entry, bytes) = call.blocking(move |registry| read(registry, &name, &reference)).await?;
    Reply::new(StatusCode::OK)
        .with(CONTENT_DIGEST, &entry.digest)
        .with(header::ETAG, format!("\"{}\"", entry.digest))
        .body(&entry.media_type, bytes)
}

fn read(registry: &Registry, name: &str, reference: &str) -> Result<(Entry, Vec<u8>), Fault> {
    let index = registry.store.index(name)?;
    let entry = index.get(reference).ok_or_else(|| Fault::manifest_unknown(reference))?;
    match fs::read(registry.store.blob(name, &entry.digest.parse()?)) {
        Ok(bytes) => Ok((entry.clone(), bytes)),
        // Deleted since the index was read.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Fault::manifest_unknown(reference)),
        Err(error) => Err(error.into()),
    }
}

/// Answers `PUT` of a manifest (end-7), its `tag` parameters included (end-7b of specification 1.2).
pub(super) async fn put(call: Call, name: String, reference: String, body: Body) -> Result<Response, Fault> {
    let bytes = body::to_bytes(body, MANIFEST_LIMIT).await.map_err(|_| Fault::manifest_too_large(MANIFEST_LIMIT))?;
    let push = push(&call, &reference, bytes.to_vec())?;
    let manifest = parse(&push)?;
    let subject = descriptor_digest(&manifest["subject"], "subject")?;
    let mut reply = Reply::new(StatusCode::CREATED)
        .with(header::LOCATION, format!("/v2/{name}/manifests/{}", push.digest))
        .with(CONTENT_DIGEST, &push.digest);
    if let Some(subject) = subject {
        reply = reply.with(SUBJECT, subject);
    }
    for tag in call.parameters("tag") {
        reply = reply.with(TAG, tag);
    }
    call.blocking(move |registry| store(registry, &name, &manifest, &push)).await?;
    reply.empty()
}

fn push(call: &Call, reference: &str, bytes: Vec<u8>) -> Result<Push, Fault> {
    let mut tags = call.parameters("tag");
    let claimed = match reference.contains(':') {
        true => Some(reference.parse::<ContentDigest>()?),
        false => {
            tags.push(reference.to_owned());
            call.parameter("digest").map(|digest| digest.parse()).transpose()?
        }
    };
    if let Some(error) = tags.iter().find_map(|tag| tag.parse::<Tag>().err()) {
        return Err(Fault::manifest_invalid(error.to_string()));
    }
    let algorithm = claimed.as_ref().map_or(Algorithm::Sha256, |digest| digest.algorithm);
    let digest = ContentDigest::of(algorithm, &bytes);
    if let Some(claimed) = claimed.filter(|claimed| *claimed != digest) {
        return Err(Fault::digest_invalid(format!("the manifest's digest is {digest}, not {claimed}")));
    }
    Ok(Push { digest, tags, media_type: content_type(call, &bytes)?, bytes })
}

/// Returns what the manifest is: header and body must agree where both say it.
fn content_type(call: &Call, bytes: &[u8]) -> Result<String, Fault> {
    let header = call.header(&header::CONTENT_TYPE).and_then(|text| text.split(';').next()).map(str::trim);
    let value: Value = serde_json::from_slice(bytes).map_err(|error| Fault::manifest_invalid(error.to_string()))?;
    match (header.filter(|text| !text.is_empty()), value["mediaType"].as_str()) {
        (Some(header), Some(own)) if header != own => {
            Err(Fault::manifest_invalid(format!("it calls itself {own} but was sent as {header}")))
        }
        (Some(known), _) | (None, Some(known)) => Ok(known.to_owned()),
        (None, None) => Ok(media_type::OCI_MANIFEST.to_owned()),
    }
}

fn parse(push: &Push) -> Result<Value, Fault> {
    let manifest: Value =
        serde_json::from_slice(&push.bytes).map_err(|error| Fault::manifest_invalid(error.to_string()))?;
    if !manifest.is_object() || manifest["schemaVersion"].as_u64() != Some(2) {
        return Err(Fault::manifest_invalid("it is not a JSON object with `\"schemaVersion\": 2`"));
    }
    let is_index = !manifest["manifests"].is_null();
    if is_index && !(manifest["layers"].is_null() && manifest["config"].is_null()) {
        return Err(Fault::manifest_invalid("it is an index and an image at once (CVE-2021-41190)"));
    }
    Ok(manifest)
}

/// Checks what the manifest refers to and stores it; the repository's index is locked meanwhile.
fn store(registry: &Registry, name: &str, manifest: &Value, push: &Push) -> Result<(), Fault> {
    registry.store.change(name, |index| {
        for child in descriptors(manifest, "manifests")? {
            if let Some(digest) = descriptor_digest(child, "manifest")? {
                let known = index.get(&digest.to_string()).is_some();
                known.then_some(()).ok_or_else(|| Fault::manifest_blob_unknown("manifest", &digest.to_string()))?;
            }
        }
        let layers = descriptors(manifest, "layers")?.iter().filter(|layer| !is_foreign(layer));
        for (what, descriptor) in
            iter::once(("config", &manifest["config"])).chain(layers.map(|layer| ("layer", layer)))
        {
            if let Some(digest) = descriptor_digest(descriptor, what)? {
                let size = descriptor["size"].as_u64().unwrap_or_default();
                require_blob(registry, name, what, (&digest, size))?;
            }
        }
        registry.store.keep_bytes(name, &push.digest, &push.bytes)?;
        index.put(&push.media_type, &push.digest, push.bytes.len() as u64, &push.tags);
        Ok(())
    })
}

fn descriptors<'a>(manifest: &'a Value, field: &str) -> Result<&'a [Value], Fault> {
    match &manifest[field] {
        Value::Null => Ok(&[]),
        Value::Array(descriptors) => Ok(descriptors),
        _ => Err(Fault::manifest_invalid(format!("`{field}` is not a list"))),
    }
}

/// Returns the digest of a descriptor that is there.
fn descriptor_digest(descriptor: &Value, what: &str) -> Result<Option<ContentDigest>, Fault> {
    if descriptor.is_null() {
        return Ok(None);
    }
    let is_whole = descriptor["mediaType"].is_string() && descriptor["size"].is_u64();
    match descriptor["digest"].as_str() {
        Some(digest) if is_whole => digest.parse().map(Some),
        _ => Err(Fault::manifest_invalid(format!("a {what} descriptor lacks `mediaType`, `digest` or `size`"))),
    }
}

/// Layers that may not be redistributed lie elsewhere (image-spec, layer.md#non-distributable-layers).
fn is_foreign(layer: &Value) -> bool {
    let media_type = layer["mediaType"].as_str().unwrap_or_default();
    media_type.contains(".nondistributable.") || media_type.contains(".foreign.")
}

/// Answers `DELETE` of a manifest, or of a tag (end-9).
pub(super) async fn delete(call: Call, name: String, reference: String) -> Result<Response, Fault> {
    let digest = match reference.contains(':') {
        true => Some(reference.parse::<ContentDigest>()?),
        false => None,
    };
    call.blocking(move |registry| match digest {
        Some(digest) => remove(registry, &name, &digest),
        None => registry.store.change(&name, |index| match index.untag(&reference) {
            true => Ok(()),
            false => Err(Fault::manifest_unknown(&reference)),
        }),
    })
    .await?;
    Reply::new(StatusCode::ACCEPTED).empty()
}

/// Forgets a manifest, then frees its bytes: killed in between, only a file that nobody refers to stays. Nobody pushes
/// it again meanwhile.
fn remove(registry: &Registry, name: &str, digest: &ContentDigest) -> Result<(), Fault> {
    let forget = |index: &mut Index| match index.remove(&digest.to_string()) {
        true => Ok(()),
        false => Err(Fault::manifest_unknown(&digest.to_string())),
    };
    registry.store.change_and(name, forget, || Ok(fs::remove_file(registry.store.blob(name, digest))?))
}
