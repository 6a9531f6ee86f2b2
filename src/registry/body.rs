//! A blob's pieces as a request's body: counted, measured, and ended early when nobody wants the rest.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::stream::{Stream, StreamExt as _};
use tokio::time::Instant;

use super::Event;
use super::error::RegistryError;
use super::pace::Progress;
use super::payload::{Meter, Pieces};

/// Bytes handed to the connection at a time: so few that even a slow one takes some within the idle limit, and more of
/// them than it buffers.
const SLICE: usize = 16 << 10;

/// Why the source of a body failed; an HTTP client would flatten it to text.
#[derive(Clone, Default)]
pub(super) struct Failure(Arc<Mutex<Option<RegistryError>>>);

impl Failure {
    pub(super) fn take(&self) -> Option<RegistryError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, error: RegistryError) -> io::Error {
        let text = error.to_string();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        io::Error::other(text)
    }
}

/// Ends a body when it is dropped. An HTTP client goes on sending after the answer has come, which may be a refusal.
#[derive(Default)]
pub(super) struct Cancel(Arc<AtomicBool>);

impl Drop for Cancel {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A body.
pub(super) struct Metered {
    pieces: Pieces,
    rest: Bytes,
    meter: Meter,
    progress: Arc<Progress>,
    failure: Failure,
    cancelled: Arc<AtomicBool>,
}

impl Metered {
    pub(super) fn body(
        pieces: Pieces,
        meter: Meter,
        progress: &Arc<Progress>,
        failure: &Failure,
        cancel: &Cancel,
    ) -> reqwest::Body {
        let (progress, failure, cancelled) = (Arc::clone(progress), failure.clone(), Arc::clone(&cancel.0));
        reqwest::Body::wrap_stream(Self { pieces, rest: Bytes::new(), meter, progress, failure, cancelled })
    }

    fn next_slice(&mut self) -> Bytes {
        let slice = self.rest.split_to(self.rest.len().min(SLICE));
        let bytes = slice.len() as u64;
        self.progress.handed(bytes, Instant::now());
        (self.meter.observer)(Event::Sent { digest: self.meter.digest, bytes });
        slice
    }
}

impl Stream for Metered {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Poll::Ready(Some(Err(io::ErrorKind::Interrupted.into())));
        }
        self.progress.asked(Instant::now());
        while self.rest.is_empty() {
            match ready!(self.pieces.poll_next_unpin(context)) {
                Some(Ok(piece)) => self.rest = piece,
                Some(Err(error)) => return Poll::Ready(Some(Err(self.failure.put(error)))),
                None => return Poll::Ready(None),
            }
        }
        Poll::Ready(Some(Ok(self.next_slice())))
    }
}
