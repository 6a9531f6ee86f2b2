//! A blob of another registry, handed on as it arrives: hashed and measured on the way, never on the disk. Where the
//! connection breaks, it goes on by `Range` (RFC 9110, section 14).

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use leoflow_layers::HashingWriter;
use reqwest::Method;
use reqwest::header::RANGE;
use url::Url;

use super::error::{RegistryError, short, shown};
use super::reading::{Hash, Reading};
use super::scope::Scopes;
use super::session::{Call, Session};
use super::transport::Answer;
use crate::image::Descriptor;

/// A blob and where it is.
pub(super) struct RemoteBlob {
    pub(super) source: Session,
    pub(super) descriptor: Descriptor,
    state: Mutex<State>,
}

struct State {
    /// Read up to where the last request that it was sent in ended.
    reading: Option<Reading>,
    /// An offset from which the blob can be read again, and the hash of what is before it.
    mark: (u64, Hash),
    /// Whether the source gives ranges that deserve the name.
    ranges: bool,
    failed: Option<Failed>,
}

/// How the source failed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// As it will again.
    ForGood,
    /// Perhaps because of how it was read; from its beginning it may be had.
    Midway,
}

impl RemoteBlob {
    pub(super) fn new(source: Session, descriptor: Descriptor) -> Self {
        let state = State { reading: None, mark: beginning(), ranges: true, failed: None };
        Self { source, descriptor, state: Mutex::new(state) }
    }

    /// Returns how the source failed in the last request, if it did.
    pub(super) fn failed(&self) -> Option<Failed> {
        self.state().failed
    }

    /// Returns the bytes of `range`, piece by piece. The last piece of the blob is only handed on when size and digest
    /// are right, so that a wrong blob never is complete where it is sent.
    pub(super) async fn open(
        self: &Arc<Self>,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static, RegistryError> {
        let (blob, mut reading) = (Arc::clone(self), self.reading(range.start));
        reading.skip_to(self, range.start).await?;
        // Asked for at once, so that nothing is begun for a blob that cannot be had.
        reading.connected(self).await?;
        self.state().mark = (reading.position, reading.hash.clone());
        Ok(stream::try_unfold((blob, Some(reading)), move |(blob, reading)| blob.next_of(reading, range.end)))
    }

    /// Goes on where the last request ended, or goes back.
    fn reading(&self, start: u64) -> Reading {
        let mut state = self.state();
        state.failed = None;
        if let Some(reading) = state.reading.take().filter(|reading| reading.position == start) {
            return reading;
        }
        if state.mark.0 > start {
            state.mark = beginning();
        }
        Reading::at(state.mark.clone())
    }

    /// Returns the next piece before `end`; at the end, the reading is laid aside for the next request.
    async fn next_of(
        self: Arc<Self>,
        reading: Option<Reading>,
        end: u64,
    ) -> Result<Option<(Bytes, (Arc<Self>, Option<Reading>))>, RegistryError> {
        let Some(mut reading) = reading.filter(|reading| reading.position < end) else { return Ok(None) };
        let piece = reading.next(&self, end).await?;
        if reading.position < end {
            return Ok(Some((piece, (self, Some(reading)))));
        }
        self.state().reading = Some(reading);
        Ok(Some((piece, (self, None))))
    }

    /// Notes that the source failed.
    pub(super) fn fail(&self, how: Failed) {
        self.state().failed = Some(how);
    }

    /// Notes that parts of the blob, read one after the other, are not to be put together any more.
    pub(super) fn distrust_ranges(&self) {
        let mut state = self.state();
        (state.ranges, state.mark) = (false, beginning());
    }

    /// Returns whether the source is asked for ranges.
    pub(super) fn trusts_ranges(&self) -> bool {
        self.state().ranges
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn attempted(&self) -> String {
        format!("read layer {} of {}", short(&self.descriptor.digest), self.source.repository)
    }

    fn endpoint(&self) -> Url {
        self.source.endpoint(&format!("blobs/{}", self.descriptor.digest))
    }

    /// Returns its URL, as it may be shown.
    pub(super) fn url(&self) -> String {
        shown(&self.endpoint())
    }

    /// Asks for the blob from `offset` on, once; the answer may begin before it.
    pub(super) async fn ask(&self, offset: u64) -> Result<Answer, RegistryError> {
        let url = self.endpoint();
        let call = Call::new(self.attempted(), Method::GET, url, Scopes::pull(&self.source.repository));
        let call = if offset > 0 { call.header(RANGE, &format!("bytes={offset}-")) } else { call };
        self.source.send(&call).await
    }
}

/// The place from which any blob can be read.
fn beginning() -> (u64, Hash) {
    (0, HashingWriter::new(io::sink()))
}
