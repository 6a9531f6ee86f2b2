//! A blob's bytes on their way: in one request or in chunks, and again where that may help.

use std::ops::Range;
use std::sync::Arc;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use url::Url;

use super::error::RegistryError;
use super::form::{Failure, Form, Refused};
use super::payload::{Meter, Payload, Source};
use super::pending::OpenUpload;
use super::remote::{self, RemoteBlob};
use super::retry::Retry;
use super::scope::Scopes;
use super::session::{Call, Session, redirect_target};
use super::transport::Answer;
use super::upload::{Content, Part};
use super::{Event, mirrors};

/// How it goes on after an attempt that failed.
enum Next {
    /// The blob has arrived all the same.
    Done,
    /// In another form.
    AtOnce,
    /// In the same form, if there is another attempt to make.
    Later(RegistryError),
}

impl Session {
    /// Uploads the blob, beginning again when the registry or the network fails on the way.
    pub(super) async fn upload(&self, part: &Part, mut open: Option<OpenUpload>) -> Result<(), RegistryError> {
        let mut source = self.source(part)?;
        let mut form = self.form(part);
        let mut retry = Retry::new(&self.shared, &self.operation);
        loop {
            let opened = match open.take() {
                Some(opened) => opened,
                None => self.begin_upload(part).await?,
            };
            let Err(failure) = self.attempt(part, &source, opened, form.chunk()).await else { return Ok(()) };
            if mirrors::passed_over(&source, &failure) {
                source = self.source(part)?;
                continue;
            }
            match self.after(part, &source, &mut form, failure).await? {
                Next::Done => return Ok(()),
                Next::AtOnce => {}
                Next::Later(error) => {
                    retry.anyway(error).await?;
                    // The first answer may have been lost as well, or the registry was not done yet.
                    if self.has(part).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn attempt(&self, part: &Part, source: &Source, open: OpenUpload, chunk: Option<u64>) -> Result<(), Failure> {
        let (digest, size, streamed) = (part.digest, part.size, source.is_remote());
        (self.shared.options.observer)(Event::Started { digest, size, streamed });
        match chunk {
            None => self.in_one(part, source, open).await,
            Some(length) => self.in_chunks(part, source, open, length).await,
        }
    }

    /// Decides how it goes on after an attempt that failed.
    async fn after(
        &self,
        part: &Part,
        source: &Source,
        form: &mut Form,
        failure: Failure,
    ) -> Result<Next, RegistryError> {
        let error = match failure {
            Failure::Form(refused) => return form.other(refused, part, &self.load).map(|()| Next::AtOnce),
            Failure::Transfer(error) => error,
        };
        match source.failed() {
            Some(remote::Failed::ForGood) => return Err(error),
            Some(remote::Failed::Midway) => return Ok(Next::Later(error)),
            None => {}
        }
        if !error.is_ambiguous(&self.repository) {
            // A proxy that repeats a request makes the second one fail, not the blob.
            let settled = matches!(error.status(), Some(400 | 404 | 409 | 416)) && self.has_arrived(part).await;
            return if settled { Ok(Next::Done) } else { Err(error) };
        }
        Ok(if self.has_arrived(part).await { Next::Done } else { Next::Later(error) })
    }

    async fn begin_upload(&self, part: &Part) -> Result<OpenUpload, RegistryError> {
        self.open_upload(format!("upload {part} to {}", self.repository)).await
    }

    /// Asks the repository to take a blob; the upload is cancelled unless something goes up.
    pub(super) async fn open_upload(&self, attempted: String) -> Result<OpenUpload, RegistryError> {
        let url = self.endpoint("blobs/uploads/");
        let answer = self.call(&Call::new(attempted, Method::POST, url, Scopes::push(&self.repository))).await?;
        self.opened(&answer)
    }

    pub(super) fn opened(&self, answer: &Answer) -> Result<OpenUpload, RegistryError> {
        let least_chunk = answer.header("oci-chunk-min-length").and_then(|text| text.trim().parse().ok());
        Ok(OpenUpload::new(self, redirect_target(answer, Some(&self.root))?, least_chunk.unwrap_or(0)))
    }

    /// Sends the blob in one request, the only form that every registry takes.
    async fn in_one(&self, part: &Part, source: &Source, open: OpenUpload) -> Result<(), Failure> {
        match self.commit(part, &open.location, self.payload(part, source, 0..part.size)).await {
            Ok(()) => {
                open.closed();
                Ok(())
            }
            Err(RegistryError::Refused(refusal)) if refusal.status == 413 => {
                Err(Failure::Form(Refused::Whole(refusal)))
            }
            Err(error) => Err(Failure::Transfer(error)),
        }
    }

    /// Sends the last part of the blob, which may be all of it or nothing, and closes the upload.
    pub(super) async fn commit(&self, part: &Part, location: &Url, payload: Payload) -> Result<(), RegistryError> {
        let attempted = format!("upload {part} to {}", self.repository);
        let mut location = location.clone();
        location.query_pairs_mut().append_pair("digest", &part.digest.to_string());
        let call = Call::new(attempted, Method::PUT, location, Scopes::push(&self.repository))
            .header(CONTENT_TYPE, "application/octet-stream")
            .payload(payload);
        self.check_named(&self.send(&call).await?, part.digest)
    }

    pub(super) fn payload(&self, part: &Part, source: &Source, range: Range<u64>) -> Payload {
        let meter = Meter { digest: part.digest, observer: Arc::clone(&self.shared.options.observer) };
        Payload::Blob { source: source.clone(), range, meter }
    }

    fn source(&self, part: &Part) -> Result<Source, RegistryError> {
        Ok(match &part.content {
            Content::Local(blob) => Source::Local(blob.clone()),
            Content::Kept => return Err(self.gone(part.digest)),
            Content::Remote { descriptor, from } => {
                let source = mirrors::source_of(&self.shared, &self.operation, from, part.digest)?;
                Source::Remote(Arc::new(RemoteBlob::new(source, descriptor.clone())))
            }
        })
    }
}
