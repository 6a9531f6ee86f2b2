//! Request bodies: opened afresh for every attempt, read piece by piece as the connection takes them.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream, StreamExt as _};
use leoflow_layers::{Blob, Digest};

use super::Observer;
use super::body::{Cancel, Failure, Metered};
use super::error::RegistryError;
use super::pace::{Limits, Progress};
use super::remote::{Failed, RemoteBlob};

/// Bytes read from a blob at a time.
const CHUNK: u64 = 256 << 10;

/// What a request carries.
#[derive(Clone)]
pub(super) enum Payload {
    Empty,
    Bytes(Bytes),
    /// A blob, or a part of one.
    Blob {
        source: Source,
        range: Range<u64>,
        meter: Meter,
    },
}

/// Where the bytes of a blob are had from, as often as they are needed.
#[derive(Clone)]
pub(super) enum Source {
    /// Here.
    Local(Blob),
    /// Another registry.
    Remote(Arc<RemoteBlob>),
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
    /// What is not sent yet when this is dropped never will be.
    pub(super) cancel: Cancel,
}

impl Payload {
    /// Returns the length in bytes.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Blob { range, .. } => range.end - range.start,
        }
    }

    /// Starts the payload from its beginning. Boxed, since a remote blob is had by an exchange of its own.
    pub(super) fn open<'a>(
        &'a self,
        attempted: &'a str,
        limits: Limits,
    ) -> BoxFuture<'a, Result<Outgoing, RegistryError>> {
        Box::pin(async move {
            let length = self.length();
            let (progress, failure, cancel) = (Progress::new(length, limits), Failure::default(), Cancel::default());
            let progress = Arc::new(progress);
            let body = match self {
                Self::Empty => reqwest::Body::default(),
                Self::Bytes(bytes) => {
                    progress.all_handed();
                    bytes.clone().into()
                }
                Self::Blob { source, range, meter } => {
                    let pieces = source.open(range.clone(), attempted).await?;
                    Metered::body(pieces, meter.clone(), &progress, &failure, &cancel)
                }
            };
            // The time that a source took to answer is not the target's.
            progress.begin();
            Ok(Outgoing { body, length, progress, failure, cancel })
        })
    }
}

/// Pieces of a blob.
pub(super) type Pieces = stream::BoxStream<'static, Result<Bytes, RegistryError>>;

impl Source {
    /// Returns whether another registry has it.
    pub(super) fn is_remote(&self) -> bool {
        matches!(self, Self::Remote(_))
    }

    /// Returns how the source itself failed in the last request, if it did.
    pub(super) fn failed(&self) -> Option<Failed> {
        match self {
            Self::Remote(blob) => blob.failed(),
            Self::Local(_) => None,
        }
    }

    async fn open(&self, range: Range<u64>, attempted: &str) -> Result<Pieces, RegistryError> {
        Ok(match self {
            Self::Local(blob) => pieces_of(blob.clone(), range, attempted.to_owned()).boxed(),
            Self::Remote(blob) => blob.open(range).await?.boxed(),
        })
    }
}

fn pieces_of(
    blob: Blob,
    range: Range<u64>,
    attempted: String,
) -> impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static {
    stream::try_unfold((blob, range, attempted), |(blob, range, attempted)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let (copy, offset, length) = (blob.clone(), range.start, (range.end - range.start).min(CHUNK));
        let piece = tokio::task::spawn_blocking(move || read_piece(&copy, offset, length as usize)).await;
        match piece.map_err(std::io::Error::other).and_then(|piece| piece) {
            Ok(piece) => Ok(Some((piece, (blob, offset + length..range.end, attempted)))),
            Err(error) => Err(RegistryError::Spool { attempted, error }),
        }
    })
}

fn read_piece(blob: &Blob, offset: u64, length: usize) -> std::io::Result<Bytes> {
    let mut piece = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match blob.read_at(&mut piece[filled..], offset + filled as u64)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(piece.into())
}
