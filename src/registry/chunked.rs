//! A blob in chunks (distribution-spec, "Pushing a blob in chunks"): `PATCH` by `PATCH`, each from where the registry
//! says that it is, and from there again when something breaks.

use std::ops::Range;

use reqwest::Method;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};

use super::Event;
use super::error::RegistryError;
use super::form::{Failure, LEAST_CHUNK, Refused, below};
use super::payload::{Payload, Source};
use super::pending::OpenUpload;
use super::range::last_received;
use super::refusal::Refusal;
use super::retry::Retry;
use super::scope::Scopes;
use super::session::{Call, Session, redirect_target};
use super::transport::Answer;
use super::upload::Part;

/// How often a registry may say that a chunk does not follow, before that is no misunderstanding any more.
const MOST_OUT_OF_STEP: u32 = 16;

/// An upload in chunks, as far as it has come.
struct Chunks {
    open: OpenUpload,
    /// The length of the next chunk, in bytes.
    length: u64,
    /// Where it begins.
    offset: u64,
    /// The end of what the registry has taken, going by its statuses.
    taken: u64,
    /// The end of what was ever begun to be sent; there cannot be more.
    begun: u64,
    /// How often a chunk was taken although the registry says that it has nothing of it.
    stuck: u32,
    /// How often a chunk did not follow.
    out_of_step: u32,
    /// Whether one byte may have arrived where none seems to have.
    uncertain: bool,
    /// Whether what the registry says that it has is of any use.
    truthful: bool,
}

impl Session {
    /// Sends the blob in chunks of `length` bytes, or as few more as the registry wants.
    pub(super) async fn in_chunks(
        &self,
        part: &Part,
        source: &Source,
        open: OpenUpload,
        length: u64,
    ) -> Result<(), Failure> {
        let mut chunks = Chunks::new(open, length);
        let mut retry = Retry::new(&self.shared, &self.operation);
        while chunks.offset < part.size {
            let before = chunks.offset;
            match self.patch(part, source, &mut chunks).await {
                Ok(()) if chunks.offset > before => retry.headway(),
                Ok(()) => {}
                Err(error) => self.recover(part, source, &mut chunks, &mut retry, error).await?,
            }
        }
        self.close(part, chunks).await
    }

    /// Sends the next chunk.
    async fn patch(&self, part: &Part, source: &Source, chunks: &mut Chunks) -> Result<(), RegistryError> {
        let range = chunks.next(part.size);
        chunks.begun = chunks.begun.max(range.end);
        let attempted = format!("upload {part} to {}", self.repository);
        let scopes = Scopes::push(&self.repository);
        let call = Call::new(attempted, Method::PATCH, chunks.open.location.clone(), scopes)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_RANGE, &format!("{}-{}", range.start, range.end - 1))
            .payload(self.payload(part, source, range.clone()));
        let answer = self.send(&call).await?;
        self.moved(chunks, &answer)?;
        let last = answer.header(RANGE.as_str()).and_then(last_received);
        chunks.took(&range, last);
        self.tell(part, chunks, range.end);
        Ok(())
    }

    /// Goes where the registry says that the upload is from now on.
    fn moved(&self, chunks: &mut Chunks, answer: &Answer) -> Result<(), RegistryError> {
        if answer.header(LOCATION.as_str()).is_some() {
            chunks.open.location = redirect_target(answer, Some(&self.root))?;
        }
        Ok(())
    }

    /// Tells when it does not go on where it was.
    fn tell(&self, part: &Part, chunks: &Chunks, end: u64) {
        if chunks.offset != end {
            (self.shared.options.observer)(Event::Resumed { digest: part.digest, at: chunks.offset });
        }
    }

    /// Finds out how to go on after a chunk that failed.
    async fn recover(
        &self,
        part: &Part,
        source: &Source,
        chunks: &mut Chunks,
        retry: &mut Retry<'_>,
        error: RegistryError,
    ) -> Result<(), Failure> {
        if source.failed().is_some() {
            return Err(Failure::Transfer(error));
        }
        match error {
            RegistryError::Refused(refusal) if refusal.status == 413 => self.smaller(part, chunks, refusal).await,
            RegistryError::Refused(refusal) if refusal.status == 416 => self.in_step(part, chunks, refusal).await,
            error if chunks.is_unknown_to(&error) => Err(Failure::Form(Refused::Chunks(error))),
            error if error.is_transient() => {
                if !retry.waited(&error).await {
                    return Err(Failure::Transfer(error));
                }
                self.go_on(part, chunks).await.ok_or(Failure::Transfer(error))?;
                chunks.uncertain = chunks.offset == 0;
                Ok(())
            }
            error => Err(Failure::Transfer(error)),
        }
    }

    /// Goes on in smaller chunks.
    async fn smaller(&self, part: &Part, chunks: &mut Chunks, refusal: Box<Refusal>) -> Result<(), Failure> {
        let length = chunks.next_length(part.size);
        self.load.refused_body(length);
        if !chunks.halve(part.size) {
            return Err(Failure::Form(Refused::Chunk(length, refusal)));
        }
        // A registry that does not say what it has did not get to see the chunk.
        if self.go_on(part, chunks).await.is_none() {
            self.tell(part, chunks, u64::MAX);
        }
        Ok(())
    }

    /// Goes on from where the registry is; `None` where it does not say.
    async fn go_on(&self, part: &Part, chunks: &mut Chunks) -> Option<()> {
        chunks.offset = self.received(part, chunks).await?;
        self.tell(part, chunks, u64::MAX);
        Some(())
    }

    /// Asks how much of the upload the registry has (distribution-spec, end-13).
    async fn received(&self, part: &Part, chunks: &mut Chunks) -> Option<u64> {
        let attempted = format!("ask how much of {part} {} has", self.repository);
        let scopes = Scopes::push(&self.repository);
        let call = Call::new(attempted, Method::GET, chunks.open.location.clone(), scopes);
        let answer = self.call(&call).await.ok()?;
        let last = answer.header(RANGE.as_str()).and_then(last_received)?;
        self.moved(chunks, &answer).ok()?;
        chunks.known(last)
    }

    /// Finds out what is out of range: where the chunk begins, or how long it is, as GHCR has it above 4 MiB.
    async fn in_step(&self, part: &Part, chunks: &mut Chunks, refusal: Box<Refusal>) -> Result<(), Failure> {
        chunks.out_of_step += 1;
        let known = self.received(part, chunks).await;
        match known {
            _ if chunks.out_of_step > MOST_OUT_OF_STEP => {
                return Err(Failure::Form(Refused::Chunks(RegistryError::Refused(refusal))));
            }
            Some(known) if known != chunks.offset => chunks.offset = known,
            // ECR takes every chunk, but says that it has only the first (aws/containers-roadmap#2831).
            _ if chunks.stuck > 0 && chunks.truthful => {
                (chunks.truthful, chunks.offset) = (false, chunks.taken);
            }
            // `0-0` is said of one byte and of none.
            Some(0) if chunks.uncertain => (chunks.uncertain, chunks.offset) = (false, 1),
            _ => chunks.shorter(part.size, refusal)?,
        }
        self.tell(part, chunks, u64::MAX);
        Ok(())
    }

    /// Closes the upload. A registry that refuses has not put the chunks together.
    async fn close(&self, part: &Part, chunks: Chunks) -> Result<(), Failure> {
        let error = match self.commit(part, &chunks.open.location, Payload::Empty).await {
            Ok(()) => {
                chunks.open.closed();
                return Ok(());
            }
            Err(error) => error,
        };
        let refused = matches!(error.status(), Some(400 | 405 | 409 | 416 | 501));
        if refused && !self.has_arrived(part).await {
            return Err(Failure::Form(Refused::Chunks(error)));
        }
        Err(Failure::Transfer(error))
    }
}

impl Chunks {
    fn new(open: OpenUpload, length: u64) -> Self {
        let length = length.max(open.least_chunk);
        Self { open, length, offset: 0, taken: 0, begun: 0, stuck: 0, out_of_step: 0, uncertain: false, truthful: true }
    }

    fn next(&self, size: u64) -> Range<u64> {
        self.offset..self.offset.saturating_add(self.length).min(size)
    }

    fn next_length(&self, size: u64) -> u64 {
        self.next(size).end - self.offset
    }

    /// Notes that a chunk was taken, and that the registry says what it has by now.
    fn took(&mut self, range: &Range<u64>, last: Option<u64>) {
        self.taken = self.taken.max(range.end);
        let claimed = match last {
            // One byte, or nothing.
            Some(0) if range.end > 1 => 0,
            // A few registries name the end instead of the last byte.
            Some(last) if last <= range.end => (last + 1).min(range.end),
            _ => range.end,
        };
        if claimed <= range.start {
            self.stuck += 1;
            self.truthful &= self.stuck < 2;
        }
        self.offset = if self.truthful { claimed } else { self.taken };
    }

    /// Returns what the registry can have, going by the last byte that it says it has.
    fn known(&self, last: u64) -> Option<u64> {
        let known = if last == 0 { 0 } else { last.checked_add(1)? };
        (self.truthful && known <= self.begun).then_some(known)
    }

    /// Returns whether a registry that answers so knows nothing of chunks. Of a session that was just opened, it can
    /// only be the method that is not found.
    fn is_unknown_to(&self, error: &RegistryError) -> bool {
        match error.status() {
            Some(404) => self.taken == 0,
            Some(401 | 403 | 408 | 413 | 416 | 429) | None => false,
            Some(status) => (400..500).contains(&status) || status == 501,
        }
    }

    /// Halves the chunks; not below what the registry wants at least, nor to a size that nobody is helped with.
    fn halve(&mut self, size: u64) -> bool {
        let half = below(self.next_length(size));
        let possible = half >= LEAST_CHUNK.max(self.open.least_chunk);
        if possible {
            self.length = half;
        }
        possible
    }

    fn shorter(&mut self, size: u64, refusal: Box<Refusal>) -> Result<(), Failure> {
        if self.halve(size) { Ok(()) } else { Err(Failure::Form(Refused::Chunks(RegistryError::Refused(refusal)))) }
    }
}
