//! One reading of a remote blob: hashed as it goes, gone on with where a connection breaks.

use std::io::{self, Write as _};

use bytes::Bytes;
use leoflow_layers::HashingWriter;
use reqwest::StatusCode;
use reqwest::header::CONTENT_RANGE;

use super::error::RegistryError;
use super::range::ContentRange;
use super::remote::{Failed, RemoteBlob};
use super::retry::Retry;
use super::transport::Answer;

/// Bytes that must have arrived since the last failure for the next one to count as the first again.
const HEADWAY: u64 = 64 << 10;

pub(super) type Hash = HashingWriter<io::Sink>;

/// A blob as it is read, from its beginning or from an offset.
pub(super) struct Reading {
    answer: Option<Answer>,
    /// What has arrived but was not handed on.
    rest: Bytes,
    /// The offset of what is handed on next; everything before it is in the hash.
    pub(super) position: u64,
    pub(super) hash: Hash,
    /// Whether it went on after a failure.
    resumed: bool,
    failures: u32,
    failed_at: u64,
}

impl Reading {
    /// Begins at an offset, with the hash of what is before it.
    pub(super) fn at((position, hash): (u64, Hash)) -> Self {
        let (answer, rest) = (None, Bytes::new());
        Self { answer, rest, position, hash, resumed: position > 0, failures: 0, failed_at: position }
    }

    /// Returns the next piece, which ends before `end`.
    pub(super) async fn next(&mut self, blob: &RemoteBlob, end: u64) -> Result<Bytes, RegistryError> {
        while self.rest.is_empty() {
            self.arrive(blob).await?;
        }
        let found = self.position + self.rest.len() as u64;
        if found > blob.descriptor.size {
            return Err(self.wrong_size(blob, found));
        }
        let length = (end - self.position).min(self.rest.len() as u64);
        let piece = self.rest.split_to(length as usize);
        self.position += length;
        // Writing to a sink cannot fail.
        let _ = self.hash.write_all(&piece);
        if self.position == blob.descriptor.size {
            self.check_whole(blob)?;
        }
        Ok(piece)
    }

    /// Reads what was handed on in an earlier request.
    pub(super) async fn skip_to(&mut self, blob: &RemoteBlob, start: u64) -> Result<(), RegistryError> {
        while self.position < start {
            self.next(blob, start).await?;
        }
        Ok(())
    }

    /// Waits for more of the blob, asking again where the connection breaks.
    async fn arrive(&mut self, blob: &RemoteBlob) -> Result<(), RegistryError> {
        let Some(answer) = &mut self.answer else { return self.connected(blob).await };
        match answer.chunk().await {
            Ok(Some(piece)) => {
                self.rest = piece;
                Ok(())
            }
            Ok(None) => Err(self.wrong_size(blob, self.position)),
            Err(error) => self.survive(blob, error).await,
        }
    }

    /// Sees to it that there is an answer to read.
    pub(super) async fn connected(&mut self, blob: &RemoteBlob) -> Result<(), RegistryError> {
        while self.answer.is_none() {
            match self.connect(blob).await {
                Ok(answer) => self.answer = Some(answer),
                Err(error) => self.survive(blob, error).await?,
            }
        }
        Ok(())
    }

    /// Asks for what is missing. A source that has no ranges is read from its beginning, once more.
    async fn connect(&mut self, blob: &RemoteBlob) -> Result<Answer, RegistryError> {
        let offset = if blob.trusts_ranges() { self.position } else { 0 };
        match blob.ask(offset).await {
            Ok(mut answer) => match beginning_of(&answer, blob.descriptor.size, offset) {
                Some(beginning) => {
                    self.rest = discard(&mut answer, self.position - beginning).await?;
                    Ok(answer)
                }
                None => self.connect_from_the_beginning(blob).await,
            },
            Err(error) if error.status() == Some(416) => self.connect_from_the_beginning(blob).await,
            Err(error) => Err(error),
        }
    }

    async fn connect_from_the_beginning(&mut self, blob: &RemoteBlob) -> Result<Answer, RegistryError> {
        blob.distrust_ranges();
        let mut answer = blob.ask(0).await?;
        self.rest = discard(&mut answer, self.position).await?;
        Ok(answer)
    }

    /// Waits until it may be tried again; what arrived since the last failure is not asked for a second time.
    async fn survive(&mut self, blob: &RemoteBlob, error: RegistryError) -> Result<(), RegistryError> {
        (self.answer, self.rest) = (None, Bytes::new());
        if self.position >= self.failed_at + HEADWAY {
            self.failures = 0;
        }
        self.failed_at = self.position;
        let source = &blob.source;
        let mut retry = Retry::after_failures(&source.shared, &source.operation, self.failures);
        let outcome = retry.after(error).await;
        self.failures = retry.failures();
        self.resumed |= self.position > 0;
        if outcome.is_err() {
            blob.fail(Failed::ForGood);
        }
        outcome
    }

    fn check_whole(&self, blob: &RemoteBlob) -> Result<(), RegistryError> {
        let expected = blob.descriptor.digest;
        let (_, found, _) = self.hash.clone().finish();
        if found == expected {
            return Ok(());
        }
        self.distrust(blob);
        Err(RegistryError::WrongDigest { attempted: blob.attempted(), url: blob.url(), expected, found })
    }

    fn wrong_size(&self, blob: &RemoteBlob, found: u64) -> RegistryError {
        self.distrust(blob);
        let expected = blob.descriptor.size;
        RegistryError::WrongSize { attempted: blob.attempted(), url: blob.url(), expected, found }
    }

    /// Notes that the blob is not what it should be. When parts of it were put together, they may be to blame.
    fn distrust(&self, blob: &RemoteBlob) {
        blob.distrust_ranges();
        blob.fail(if self.resumed { Failed::Midway } else { Failed::ForGood });
    }
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

/// Returns at which byte of a blob of `size` bytes the answer begins; `None` where it contradicts what was asked for.
fn beginning_of(answer: &Answer, size: u64, offset: u64) -> Option<u64> {
    if answer.status != StatusCode::PARTIAL_CONTENT {
        return Some(0);
    }
    let range = ContentRange::parse(answer.header(CONTENT_RANGE.as_str())?)?;
    let fits = range.start <= offset && range.end <= size && range.total.is_none_or(|total| total == size);
    fits.then_some(range.start)
}
