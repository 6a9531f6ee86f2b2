//! Blobs: pulled whole or in part, mounted, uploaded in one request or in many, deleted.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, Stream};

use super::content::{Algorithm, ContentDigest};
use super::fault::Fault;
use super::route::is_repository;
use super::uploads::{self, Upload};
use super::{CONTENT_DIGEST, Call, Registry, Reply, UPLOAD_ID};

/// How much of a blob is read at a time, in bytes.
const PIECE: u64 = 256 << 10;

/// Answers `GET` and `HEAD` of a blob (end-2), the `Range` header included.
pub(super) async fn get(call: Call, name: String, digest: String) -> Result<Response, Fault> {
    let digest = digest.parse::<ContentDigest>()?;
    let (path, unknown) = (call.registry.store.blob(&name, &digest), digest.clone());
    let (file, size) = call.blocking(move |_| open(&path).map_err(|error| missing(error, &unknown))).await?;
    let range = match call.header(&header::RANGE) {
        Some(range) => byte_range(range, size).ok_or_else(|| Fault::range(size))?,
        None => None,
    };
    let (start, end) = range.unwrap_or((0, size));
    let reply = match range {
        Some(_) => Reply::new(StatusCode::PARTIAL_CONTENT)
            .with(header::CONTENT_RANGE, format!("bytes {start}-{}/{size}", end - 1)),
        None => Reply::new(StatusCode::OK),
    };
    reply
        .with(header::CONTENT_TYPE, "application/octet-stream")
        .with(header::CONTENT_LENGTH, end - start)
        .with(header::ACCEPT_RANGES, "bytes")
        .with(CONTENT_DIGEST, &digest)
        .with(header::ETAG, format!("\"{digest}\""))
        .send(Body::from_stream(pieces(file, start, end)))
}

fn open(path: &std::path::Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

fn missing(error: io::Error, digest: &ContentDigest) -> Fault {
    if error.kind() == io::ErrorKind::NotFound { Fault::blob_unknown(digest) } else { error.into() }
}

/// Reads a `Range` header (RFC 9110 section 14.2) as start and end. Of several ranges, and of units other than bytes,
/// nothing is taken, which means the whole blob; a range that holds no byte is an error.
fn byte_range(text: &str, size: u64) -> Option<Option<(u64, u64)>> {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Some(None);
    };
    if last.contains(',') {
        return Some(None);
    }
    let range = match (first.trim(), last.trim()) {
        ("", suffix) => (size.saturating_sub(suffix.parse().ok()?), size),
        (first, "") => (first.parse().ok()?, size),
        (first, last) => (first.parse().ok()?, last.parse::<u64>().ok()?.saturating_add(1).min(size)),
    };
    if range.0 < range.1 { Some(Some(range)) } else { None }
}

fn pieces(file: File, start: u64, end: u64) -> impl Stream<Item = io::Result<Bytes>> {
    let file = Arc::new(file);
    stream::try_unfold(start, move |offset| {
        let file = Arc::clone(&file);
        async move {
            if offset >= end {
                return Ok(None);
            }
            let length = PIECE.min(end - offset);
            let read = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; length as usize];
                file.read_exact_at(&mut piece, offset).map(|()| piece)
            });
            let piece = read.await.map_err(io::Error::other)??;
            Ok(Some((Bytes::from(piece), offset + length)))
        }
    })
}

/// Answers `DELETE` of a blob (end-10).
pub(super) async fn delete(call: Call, name: String, digest: String) -> Result<Response, Fault> {
    let digest = digest.parse::<ContentDigest>()?;
    call.blocking(move |registry| {
        if registry.store.index(&name)?.get(&digest.to_string()).is_some() {
            return Err(Fault::blob_is_manifest(&digest));
        }
        fs::remove_file(registry.store.blob(&name, &digest)).map_err(|error| missing(error, &digest))
    })
    .await?;
    Reply::new(StatusCode::ACCEPTED).empty()
}

/// Answers `POST` to the uploads of a repository: a mount (end-11), a whole blob (end-4b), or a session (end-4a).
pub(super) async fn start(call: Call, name: String, body: Body) -> Result<Response, Fault> {
    if let Some(digest) = call.parameter("mount") {
        let digest = digest.parse::<ContentDigest>()?;
        let (repository, from, wanted) = (name.clone(), call.parameter("from"), digest.clone());
        if call.blocking(move |registry| mount(registry, &repository, from, &wanted)).await? {
            return created(&name, &digest);
        }
    }
    let digest = call.parameter("digest").map(|digest| digest.parse::<ContentDigest>()).transpose()?;
    let algorithm = match (&digest, call.parameter("digest-algorithm")) {
        (Some(digest), _) => digest.algorithm,
        (None, Some(algorithm)) => algorithm.parse()?,
        (None, None) => Algorithm::Sha256,
    };
    let upload = call.blocking(move |registry| Ok(Upload::new(&registry.store, algorithm)?)).await?;
    let id = call.registry.sessions.start(&name, upload);
    match digest {
        Some(_) => commit(call, name, id, body).await,
        None => Ok(session(StatusCode::ACCEPTED, &name, &id, 0).empty()?),
    }
}

/// Mounts a blob from the repository that the client names, or from any that has it. Whatever fails about the source
/// is no error: the client is given a session instead.
fn mount(registry: &Registry, name: &str, from: Option<String>, digest: &ContentDigest) -> Result<bool, Fault> {
    let from = match from {
        Some(from) => Some(from).filter(|from| is_repository(from)),
        None => registry.store.find(digest)?,
    };
    Ok(match from {
        Some(from) => registry.store.mount(name, &from, digest)?,
        None => false,
    })
}

/// Answers `PATCH` of a session (end-5).
pub(super) async fn append(call: Call, name: String, id: String, body: Body) -> Result<Response, Fault> {
    let received = receive(&call, &name, &id, body).await?;
    session(StatusCode::ACCEPTED, &name, &id, received).empty()
}

/// Answers `PUT` of a session (end-6): a last piece, if there is one, and the end.
pub(super) async fn commit(call: Call, name: String, id: String, body: Body) -> Result<Response, Fault> {
    let digest = call.parameter("digest").ok_or_else(|| Fault::digest_invalid("the `digest` parameter is missing"))?;
    let digest = digest.parse::<ContentDigest>()?;
    receive(&call, &name, &id, body).await?;
    let session = call.registry.sessions.close(&name, &id)?;
    let (repository, wanted) = (name.clone(), digest.clone());
    call.blocking(move |registry| session.take(&id)?.finish(&registry.store, &repository, &wanted)).await?;
    created(&name, &digest)
}

async fn receive(call: &Call, name: &str, id: &str, body: Body) -> Result<u64, Fault> {
    let open = call.registry.sessions.get(name, id)?;
    let start = chunk_start(call)?;
    let outcome = uploads::receive(Arc::clone(&open), id, start, body).await;
    match outcome {
        Ok(()) => Ok(open.received()),
        Err(fault) => Err(fault.with(header::LOCATION, location(name, id)).with(header::RANGE, range(open.received()))),
    }
}

/// Returns where a chunk says that it starts; it must be as long as it says.
fn chunk_start(call: &Call) -> Result<Option<u64>, Fault> {
    let Some((start, end)) = call.header(&header::CONTENT_RANGE).map(content_range).transpose()? else {
        return Ok(None);
    };
    match call.header(&header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok()) {
        Some(length) if length != end - start + 1 => {
            Err(Fault::upload_invalid(format!("{length} bytes were sent as the range {start}-{end}")))
        }
        _ => Ok(Some(start)),
    }
}

/// Reads a chunk's `Content-Range`, which here is `<start>-<end>` without a unit, both included.
fn content_range(text: &str) -> Result<(u64, u64), Fault> {
    let malformed = || Fault::upload_invalid(format!("`Content-Range: {text}` is not <start>-<end>"));
    let (start, end) = text.trim_start_matches("bytes ").split_once('-').ok_or_else(malformed)?;
    let end = end.split('/').next().unwrap_or(end);
    let (start, end) = (start.trim().parse::<u64>(), end.trim().parse::<u64>());
    match (start, end) {
        (Ok(start), Ok(end)) if start <= end && end < u64::MAX => Ok((start, end)),
        _ => Err(malformed()),
    }
}

/// Answers `GET` of a session (end-13).
pub(super) async fn status(call: Call, name: String, id: String) -> Result<Response, Fault> {
    let open = call.registry.sessions.get(&name, &id)?;
    session(StatusCode::NO_CONTENT, &name, &id, open.received()).empty()
}

/// Answers `DELETE` of a session (end-14 of specification 1.2).
pub(super) async fn cancel(call: Call, name: String, id: String) -> Result<Response, Fault> {
    call.registry.sessions.close(&name, &id)?;
    Reply::new(StatusCode::NO_CONTENT).empty()
}

fn session(status: StatusCode, name: &str, id: &str, received: u64) -> Reply {
    Reply::new(status)
        .with(header::LOCATION, location(name, id))
        .with(header::RANGE, range(received))
        .with(UPLOAD_ID, id)
}

fn location(name: &str, id: &str) -> String {
    format!("/v2/{name}/blobs/uploads/{id}")
}

/// The form has no way to say "nothing yet": distribution and its clients take `0-0` for it.
fn range(received: u64) -> String {
    format!("0-{}", received.saturating_sub(1))
}

fn created(name: &str, digest: &ContentDigest) -> Result<Response, Fault> {
    Reply::new(StatusCode::CREATED)
        .with(header::LOCATION, format!("/v2/{name}/blobs/{digest}"))
        .with(CONTENT_DIGEST, digest)
        .empty()
}

/// Fails unless the repository has the blob, in the size that its descriptor says.
pub(super) fn require_blob(
    registry: &Registry,
    name: &str,
    what: &str,
    (digest, size): (&ContentDigest, u64),
) -> Result<(), Fault> {
    match fs::metadata(registry.store.blob(name, digest)) {
        Ok(file) if file.len() == size => Ok(()),
        Ok(file) => Err(Fault::manifest_invalid(format!("the {what} {digest} has {} bytes, not {size}", file.len()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Fault::manifest_blob_unknown(what, &digest.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_rfc_9110() {
        for (text, expected) in [
            ("bytes=0-0", Some(Some((0, 1)))),
            ("bytes=5-", Some(Some((5, 10)))),
            ("bytes=-3", Some(Some((7, 10)))),
            ("bytes=-30", Some(Some((0, 10)))),
            ("bytes=8-99", Some(Some((8, 10)))),
            ("bytes=0-1,3-4", Some(None)),
            ("lines=1-2", Some(None)),
            ("bytes=10-", None),
            ("bytes=5-4", None),
            ("bytes=-0", None),
            ("bytes=a-b", None),
        ] {
            assert_eq!(byte_range(text, 10), expected, "{text}");
        }
    }

    #[test]
    fn chunks_say_where_they_start() {
        assert_eq!(content_range("0-99").ok(), Some((0, 99)));
        assert_eq!(content_range("bytes 100-199/200").ok(), Some((100, 199)));
        for text in ["", "5", "a-9", "1-b", "-5", "9-8", "0-18446744073709551615"] {
            assert!(content_range(text).is_err(), "{text}");
        }
    }
}
