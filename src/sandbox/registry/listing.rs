//! What there is: the tags of a repository, and the manifests that refer to another one.

use std::{fs, io};

use axum::http::{HeaderName, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::content::ContentDigest;
use super::fault::Fault;
use super::index::{Entry, sort_key};
use super::{Call, Registry, Reply};
use crate::image::media_type;

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// Answers the list of tags (end-8), page by page if so asked.
pub(super) async fn tags(call: Call, name: String) -> Result<Response, Fault> {
    let limit = match call.parameter("n") {
        Some(n) => n.parse().map_err(|_| Fault::parameter(format!("`n={n}` is not a number")))?,
        None => usize::MAX,
    };
    let last = call.parameter("last");
    let repository = name.clone();
    let index = call
        .blocking(move |registry| match registry.store.exists(&repository) {
            true => Ok(registry.store.index(&repository)?),
            false => Err(Fault::name_unknown(&repository)),
        })
        .await?;
    let mut rest = index.tags();
    rest.retain(|tag| last.as_deref().is_none_or(|last| sort_key(tag) > sort_key(last)));
    let page = &rest[..limit.min(rest.len())];
    let mut reply = Reply::new(StatusCode::OK);
    if let (Some(last), true) = (page.last(), page.len() < rest.len()) {
        reply = reply.with(header::LINK, next_page(&name, limit, last));
    }
    reply.body("application/json", json!({ "name": name, "tags": page }).to_string().into_bytes())
}

fn next_page(name: &str, limit: usize, last: &str) -> String {
    let last: String = form_urlencoded::byte_serialize(last.as_bytes()).collect();
    format!("</v2/{name}/tags/list?n={limit}&last={last}>; rel=\"next\"")
}

/// Answers the manifests that name another as their `subject` (end-12); of an unknown one there are none.
pub(super) async fn referrers(call: Call, name: String, digest: String) -> Result<Response, Fault> {
    let subject = digest.parse::<ContentDigest>()?.to_string();
    // A media type holds no space: one that did not escape its `+` is meant.
    let artifact_type = call.parameter("artifactType").map(|text| text.replace(' ', "+"));
    let mut found = call.blocking(move |registry| referring(registry, &name, &subject)).await?;
    let mut reply = Reply::new(StatusCode::OK);
    if let Some(wanted) = artifact_type {
        found.retain(|descriptor| descriptor["artifactType"] == wanted.as_str());
        reply = reply.with(FILTERS_APPLIED, "artifactType");
    }
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": found });
    reply.body(media_type::OCI_INDEX, index.to_string().into_bytes())
}

fn referring(registry: &Registry, name: &str, subject: &str) -> Result<Vec<Value>, Fault> {
    let mut found = Vec::new();
    for entry in registry.store.index(name)?.manifests() {
        let bytes = match fs::read(registry.store.blob(name, &entry.digest.parse()?)) {
            // Deleted since the index was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            bytes => bytes?,
        };
        let manifest: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if manifest["subject"]["digest"] == subject {
            found.push(descriptor(entry, &manifest));
        }
    }
    Ok(found)
}

/// Describes a referrer as "Listing Referrers" says: an image without an artifact type has its config's.
fn descriptor(entry: &Entry, manifest: &Value) -> Value {
    let mut descriptor = Map::new();
    descriptor.insert("mediaType".into(), json!(entry.media_type));
    descriptor.insert("digest".into(), json!(entry.digest));
    descriptor.insert("size".into(), json!(entry.size));
    let own = manifest["artifactType"].as_str().filter(|text| !text.is_empty());
    if let Some(artifact_type) = own.or(manifest["config"]["mediaType"].as_str()) {
        descriptor.insert("artifactType".into(), json!(artifact_type));
    }
    if manifest["annotations"].is_object() {
        descriptor.insert("annotations".into(), manifest["annotations"].clone());
    }
    Value::Object(descriptor)
}
