//! A blob of another registry, handed on as it arrives: hashed and measured on the way, never on the disk. Where the
//! connection breaks, it goes on by `Range` (RFC 9110, section 14).

use std::io::{self, Write as _};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use leoflow_layers::HashingWriter;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Method, StatusCode};

use super::error::{RegistryError, short, shown};
use super::range::ContentRange;
use super::retry::Retry;
use super::scope::Scopes;
use super::session::{Call, Session};
use super::transport::Answer;
use crate::image::Descriptor;

/// Bytes that must have arrived since the last failure for the next one to count as the first again.
const HEADWAY: u64 = 64 << 10;

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

type Hash = HashingWriter<io::Sink>;

/// A blob as it is read, from its beginning or from an offset.
struct Reading {
    blob: Arc<RemoteBlob>,
    answer: Option<Answer>,
    /// What has arrived but was not handed on.
    rest: Bytes,
    /// The offset of what is handed on next; everything before it is in the hash.
    position: u64,
    hash: Hash,
    /// Whether it went on after a failure.
    resumed: bool,
    failures: u32,
    failed_at: u64,
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
        let mut reading = self.reading(range.start);
        reading.skip_to(range.start).await?;
        // Asked for at once, so that nothing is begun for a blob that cannot be had.
        reading.connected().await?;
        self.state().mark = (reading.position, reading.hash.clone());
        Ok(stream::try_unfold(Some(reading), move |reading| next_of(reading, range.end)))
    }

    /// Goes on where the last request ended, or goes back.
    fn reading(self: &Arc<Self>, start: u64) -> Reading {
        let mut state = self.state();
        state.failed = None;
        if let Some(reading) = state.reading.take().filter(|reading| reading.position == start) {
            return reading;
        }
        if state.mark.0 > start {
            state.mark = beginning();
        }
        let (position, hash) = state.mark.clone();
        let (blob, rest) = (Arc::clone(self), Bytes::new());
        Reading { blob, answer: None, rest, position, hash, resumed: position > 0, failures: 0, failed_at: position }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempted(&self) -> String {
        format!("read layer {} of {}", short(&self.descriptor.digest), self.source.repository)
    }

    /// Asks for the blob from `offset` on, once; the answer may begin before it.
    async fn ask(&self, offset: u64) -> Result<Answer, RegistryError> {
        let url = self.source.endpoint(&format!("blobs/{}", self.descriptor.digest));
        let call = Call::new(self.attempted(), Method::GET, url, Scopes::pull(&self.source.repository));
        let call = if offset > 0 { call.header(RANGE, &format!("bytes={offset}-")) } else { call };
        self.source.send(&call).await
    }
}

/// Returns the next piece before `end`; at the end, the reading is laid aside for the next request.
async fn next_of(reading: Option<Reading>, end: u64) -> Result<Option<(Bytes, Option<Reading>)>, RegistryError> {
    let Some(mut reading) = reading.filter(|reading| reading.position < end) else { return Ok(None) };
    let piece = reading.next(end).await?;
    if reading.position < end {
        return Ok(Some((piece, Some(reading))));
    }
    let blob = Arc::clone(&reading.blob);
    blob.state().reading = Some(reading);
    Ok(Some((piece, None)))
}

impl Reading {
    /// Returns the next piece, which ends before `end`.
    async fn next(&mut self, end: u64) -> Result<Bytes, RegistryError> {
        while self.rest.is_empty() {
            self.arrive().await?;
        }
        let found = self.position + self.rest.len() as u64;
        if found > self.blob.descriptor.size {
            return Err(self.wrong_size(found));
        }
        let length = (end - self.position).min(self.rest.len() as u64);
        let piece = self.rest.split_to(length as usize);
        self.position += length;
        // Writing to a sink cannot fail.
        let _ = self.hash.write_all(&piece);
        if self.position == self.blob.descriptor.size {
            self.check_whole()?;
        }
        Ok(piece)
    }

    /// Reads what was handed on in an earlier request.
    async fn skip_to(&mut self, start: u64) -> Result<(), RegistryError> {
        while self.position < start {
            self.next(start).await?;
        }
        Ok(())
    }

    /// Waits for more of the blob, asking again where the connection breaks.
    async fn arrive(&mut self) -> Result<(), RegistryError> {
        let Some(answer) = &mut self.answer else { return self.connected().await };
        match answer.chunk().await {
            Ok(Some(piece)) => {
                self.rest = piece;
                Ok(())
            }
            Ok(None) => Err(self.wrong_size(self.position)),
            Err(error) => self.survive(error).await,
        }
    }

    /// Sees to it that there is an answer to read.
    async fn connected(&mut self) -> Result<(), RegistryError> {
        while self.answer.is_none() {
            match self.connect().await {
                Ok(answer) => self.answer = Some(answer),
                Err(error) => self.survive(error).await?,
            }
        }
        Ok(())
    }

    /// Asks for what is missing. A source that has no ranges is read from its beginning, once more.
    async fn connect(&mut self) -> Result<Answer, RegistryError> {
        let offset = if self.blob.state().ranges { self.position } else { 0 };
        match self.blob.ask(offset).await {
            Ok(mut answer) => match self.beginning_of(&answer, offset) {
                Some(beginning) => {
                    self.rest = discard(&mut answer, self.position - beginning).await?;
                    Ok(answer)
                }
                None => self.connect_from_the_beginning().await,
            },
            Err(error) if error.status() == Some(416) => self.connect_from_the_beginning().await,
            Err(error) => Err(error),
        }
    }

    async fn connect_from_the_beginning(&mut self) -> Result<Answer, RegistryError> {
        self.blob.state().ranges = false;
        let mut answer = self.blob.ask(0).await?;
        self.rest = discard(&mut answer, self.position).await?;
        Ok(answer)
    }

    /// Returns at which byte of the blob the answer begins; `None` where it contradicts what was asked for.
    fn beginning_of(&self, answer: &Answer, offset: u64) -> Option<u64> {
        if answer.status != StatusCode::PARTIAL_CONTENT {
            return Some(0);
        }
        let range = ContentRange::parse(answer.header(CONTENT_RANGE.as_str())?)?;
        let size = self.blob.descriptor.size;
        let fits = range.start <= offset && range.end <= size && range.total.is_none_or(|total| total == size);
        fits.then_some(range.start)
    }

    /// Waits until it may be tried again; what arrived since the last failure is not asked for a second time.
    async fn survive(&mut self, error: RegistryError) -> Result<(), RegistryError> {
        (self.answer, self.rest) = (None, Bytes::new());
        if self.position >= self.failed_at + HEADWAY {
            self.failures = 0;
        }
        self.failed_at = self.position;
        let source = &self.blob.source;
        let mut retry = Retry::after_failures(&source.shared.options, &source.operation, self.failures);
        let outcome = retry.after(error).await;
        self.failures = retry.failures();
        self.resumed |= self.position > 0;
        if outcome.is_err() {
            self.blob.state().failed = Some(Failed::ForGood);
        }
        outcome
    }

    fn check_whole(&self) -> Result<(), RegistryError> {
        let expected = self.blob.descriptor.digest;
        let (_, found, _) = self.hash.clone().finish();
        if found == expected {
            return Ok(());
        }
        self.distrust();
        Err(RegistryError::WrongDigest { attempted: self.blob.attempted(), url: self.url(), expected, found })
    }

    fn wrong_size(&self, found: u64) -> RegistryError {
        self.distrust();
        let expected = self.blob.descriptor.size;
        RegistryError::WrongSize { attempted: self.blob.attempted(), url: self.url(), expected, found }
    }

    /// Notes that the blob is not what it should be. When parts of it were put together, they may be to blame.
    fn distrust(&self) {
        let mut state = self.blob.state();
        state.ranges = false;
        state.mark = beginning();
        state.failed = Some(if self.resumed { Failed::Midway } else { Failed::ForGood });
    }

    fn url(&self) -> String {
        let source = &self.blob.source;
        shown(&source.endpoint(&format!("blobs/{}", self.blob.descriptor.digest)))
    }
}

/// The place from which any blob can be read.
fn beginning() -> (u64, Hash) {
    (0, HashingWriter::new(io::sink()))
}

/// Reads and forgets so many bytes; returns what arrived beyond them.
async fn discard(answer: &mut Answer, mut count: u64) -> Result<Bytes, RegistryError> {
    while count > 0 {
        // At the end of the body, whoever reads on finds out.
        let Some(mut piece) = answer.chunk().await? else { return Ok(Bytes::new()) };
        let length = count.min(piece.len() as u64);
        count -= length;
        if count == 0 {
            return Ok(piece.split_off(length as usize));
        }
    }
    Ok(Bytes::new())
}
