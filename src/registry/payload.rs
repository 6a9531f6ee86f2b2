//! Request bodies: opened afresh for every attempt, read piece by piece as the connection takes them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream, StreamExt as _};
use leoflow_layers::{Blob, Digest};
use tokio::time::{Instant, sleep_until};

use super::error::RegistryError;
use super::remote::RemoteBlob;
use super::{Event, Observer};

/// Bytes read from a blob at a time.
const CHUNK: u64 = 256 << 10;

/// A registry hashes or moves what it was sent before it answers: it gets one second more for each 4 MiB.
const COMMIT_BYTES_PER_SECOND: u64 = 4 << 20;

/// How much longer a target waits than its source.
const SOURCE_SLACK: Duration = Duration::from_secs(5);

/// What a request carries.
#[derive(Clone)]
pub(super) enum Payload {
    Empty,
    Bytes(Bytes),
    /// A layer of ours.
    Blob {
        blob: Blob,
        meter: Meter,
    },
    /// A layer that another registry has.
    Remote {
        blob: Arc<RemoteBlob>,
        meter: Meter,
    },
}

/// Tells the observer what was sent of one blob.
#[derive(Clone)]
pub(super) struct Meter {
    pub(super) digest: Digest,
    pub(super) observer: Observer,
}

/// A payload on its way.
pub(super) struct Outgoing {
    pub(super) body: reqwest::Body,
    pub(super) length: u64,
    pub(super) progress: Arc<Progress>,
    pub(super) failure: Failure,
}

/// Why the source of a body failed; an HTTP client would flatten it to text.
#[derive(Clone, Default)]
pub(super) struct Failure(Arc<Mutex<Option<RegistryError>>>);

impl Failure {
    pub(super) fn take(&self) -> Option<RegistryError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, error: RegistryError) -> std::io::Error {
        let text = error.to_string();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        std::io::Error::other(text)
    }
}

/// When the connection last took a piece of the body.
pub(super) struct Progress {
    state: Mutex<(Instant, u64)>,
    length: u64,
    /// What is added to the limit: a source that stalls shall be named before the target that waits for it.
    slack: Duration,
}

impl Progress {
    fn new(length: u64, slack: Duration) -> Self {
        Self { state: Mutex::new((Instant::now(), 0)), length, slack }
    }

    fn moved(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = (Instant::now(), state.1 + bytes);
    }

    /// Returns the limit once nothing has moved for `idle`, or for somewhat more when all was sent and only the answer
    /// is awaited.
    pub(super) async fn stalled(&self, idle: Duration) -> Duration {
        loop {
            let (last, sent) = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let grace = if sent >= self.length { self.length / COMMIT_BYTES_PER_SECOND } else { 0 };
            let limit = idle + self.slack + Duration::from_secs(grace);
            if last.elapsed() >= limit {
                return limit;
            }
            sleep_until(last + limit).await;
        }
    }
}

impl Payload {
    /// Returns the length in bytes.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Blob { blob, .. } => blob.size(),
            Self::Remote { blob, .. } => blob.descriptor.size,
        }
    }

    /// Starts the payload from its beginning. Boxed, since a remote blob is had by an exchange of its own.
    pub(super) fn open<'a>(&'a self, attempted: &'a str) -> BoxFuture<'a, Result<Outgoing, RegistryError>> {
        Box::pin(async move {
            let length = self.length();
            let slack = if matches!(self, Self::Remote { .. }) { SOURCE_SLACK } else { Duration::ZERO };
            let progress = Arc::new(Progress::new(length, slack));
            let failure = Failure::default();
            let body = match self {
                Self::Empty => reqwest::Body::default(),
                Self::Bytes(bytes) => {
                    progress.moved(length);
                    bytes.clone().into()
                }
                Self::Blob { blob, meter } => {
                    metered(chunks_of(blob.clone(), attempted.to_owned()), meter, &progress, &failure)
                }
                Self::Remote { blob, meter } => metered(blob.open().await?, meter, &progress, &failure),
            };
            Ok(Outgoing { body, length, progress, failure })
        })
    }
}

fn metered(
    chunks: impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static,
    meter: &Meter,
    progress: &Arc<Progress>,
    failure: &Failure,
) -> reqwest::Body {
    let (meter, progress, failure) = (meter.clone(), Arc::clone(progress), failure.clone());
    reqwest::Body::wrap_stream(chunks.map(move |chunk| {
        let chunk = chunk.map_err(|error| failure.put(error))?;
        progress.moved(chunk.len() as u64);
        (meter.observer)(Event::Sent { digest: meter.digest, bytes: chunk.len() as u64 });
        Ok::<_, std::io::Error>(chunk)
    }))
}

fn chunks_of(blob: Blob, attempted: String) -> impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static {
    stream::try_unfold((blob, 0, attempted), |(blob, offset, attempted)| async move {
        if offset >= blob.size() {
            return Ok(None);
        }
        let copy = blob.clone();
        let chunk = tokio::task::spawn_blocking(move || read_chunk(&copy, offset)).await;
        match chunk.map_err(std::io::Error::other).and_then(|chunk| chunk) {
            Ok(chunk) => {
                let next = offset + chunk.len() as u64;
                Ok(Some((chunk, (blob, next, attempted))))
            }
            Err(error) => Err(RegistryError::Spool { attempted, error }),
        }
    })
}

fn read_chunk(blob: &Blob, offset: u64) -> std::io::Result<Bytes> {
    let length = (blob.size() - offset).min(CHUNK) as usize;
    let mut chunk = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match blob.read_at(&mut chunk[filled..], offset + filled as u64)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(chunk.into())
}
