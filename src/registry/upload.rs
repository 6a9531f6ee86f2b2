//! One blob into one repository: asked for, mounted, or uploaded (distribution-spec, "Pushing blobs").

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use leoflow_layers::{Blob, Digest};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Method, StatusCode};
use url::Url;

use super::{Event, mirrors};
use super::error::{RegistryError, short, shown};
use super::form::{Failure, Form, Refused};
use super::payload::{Meter, Payload, Source};
use super::pending::OpenUpload;
use super::remote::{self, RemoteBlob};
use super::retry::Retry;
use super::scope::Scopes;
use super::session::{Call, Session, redirect_target};
use super::transport::Answer;
use crate::image::{ArtifactBlob, BlobKind, BlobSource, Descriptor};
use crate::reference::Repository;

/// A blob that an image needs.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) kind: BlobKind,
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) content: Content,
}

/// Where a blob's bytes are.
#[derive(Clone)]
pub(super) enum Content {
    Local(Blob),
    /// In a registry; perhaps in the very one that is pushed to.
    Remote {
        descriptor: Descriptor,
        from: Repository,
    },
}

impl From<&ArtifactBlob> for Part {
    fn from(blob: &ArtifactBlob) -> Self {
        let descriptor = &blob.descriptor;
        let content = match &blob.source {
            BlobSource::Local(blob) => Content::Local(blob.clone()),
            BlobSource::Registry(from) => Content::Remote { descriptor: descriptor.clone(), from: from.clone() },
        };
        Self { kind: blob.kind, digest: descriptor.digest, size: descriptor.size, content }
    }
}

/// How a blob came to be where it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Present,
    Mounted,
    Uploaded,
}

/// What came of asking for a mount.
enum Mount {
    Done,
    /// The registry opened an upload instead; it is used rather than left behind.
    Upload(OpenUpload),
    Failed,
}

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
    /// Sees to it that the repository has the blob. In this process, one blob goes to one registry once at a time:
    /// concurrent uploads of one layer can yield MANIFEST_INVALID.
    pub(super) async fn ensure(&self, part: &Part) -> Result<Outcome, RegistryError> {
        let place = self.shared.places.of(self.root.origin(), part.digest);
        let mut holders = place.lock().await;
        let _slot = self.load.slot().await;
        let outcome = if self.has(part).await? { Outcome::Present } else { self.supply(part, &holders).await? };
        if !holders.contains(&self.repository) {
            holders.push(self.repository.clone());
        }
        self.load.well();
        let (digest, size) = (part.digest, part.size);
        (self.shared.options.observer)(match outcome {
            Outcome::Present => Event::Present { digest, size },
            Outcome::Mounted => Event::Mounted { digest, size },
            Outcome::Uploaded => Event::Uploaded { digest, size },
        });
        Ok(outcome)
    }

    /// Asks whether the blob is there. What cannot be asked is taken as absent: the upload will tell why.
    async fn has(&self, part: &Part) -> Result<bool, RegistryError> {
        match self.call(&self.question(part)).await {
            Ok(answer) => Ok(part.is_as_long_as(&answer)),
            Err(error) if error.is_final_refusal() && error.status() != Some(401) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks the same, once and only for a yes.
    pub(super) async fn has_arrived(&self, part: &Part) -> bool {
        self.send(&self.question(part)).await.is_ok_and(|answer| part.is_as_long_as(&answer))
    }

    fn question(&self, part: &Part) -> Call {
        let attempted = format!("look for {part} in {}", self.repository);
        let url = self.endpoint(&format!("blobs/{}", part.digest));
        Call::new(attempted, Method::HEAD, url, Scopes::push(&self.repository))
    }

    async fn supply(&self, part: &Part, holders: &[Repository]) -> Result<Outcome, RegistryError> {
        let mount = match self.mount_source(part, holders) {
            Some(from) => self.mount(part, from).await,
            None => Mount::Failed,
        };
        let open = match mount {
            Mount::Done => return Ok(Outcome::Mounted),
            Mount::Upload(open) => Some(open),
            Mount::Failed => None,
        };
        self.upload(part, open).await?;
        Ok(Outcome::Uploaded)
    }

    /// Returns a repository of the same registry that has the blob.
    fn mount_source<'a>(&self, part: &'a Part, holders: &'a [Repository]) -> Option<&'a Repository> {
        let base = match &part.content {
            Content::Remote { from, .. } if from.api_host() == self.repository.api_host() => Some(from),
            _ => None,
        };
        base.into_iter().chain(holders).find(|&repository| *repository != self.repository)
    }

    /// Asks for a mount. `from` always goes with it (Quay refuses a mount without), and the token covers both
    /// repositories (Docker Hub breaks otherwise). Whatever goes wrong, an upload will do.
    async fn mount(&self, part: &Part, from: &Repository) -> Mount {
        let attempted = format!("mount {part} from {from} to {}", self.repository);
        let mut url = self.endpoint("blobs/uploads/");
        url.query_pairs_mut().append_pair("mount", &part.digest.to_string()).append_pair("from", from.name());
        let scopes = Scopes::push(&self.repository).and(&Scopes::pull(from));
        match self.send(&Call::new(attempted, Method::POST, url, scopes)).await {
            Ok(answer) if answer.status == StatusCode::CREATED && names(&answer, part.digest) => Mount::Done,
            Ok(answer) if answer.status == StatusCode::ACCEPTED => {
                self.opened(&answer).map_or(Mount::Failed, Mount::Upload)
            }
            _ => Mount::Failed,
        }
    }

    /// Uploads the blob, beginning again when the registry or the network fails on the way.
    async fn upload(&self, part: &Part, mut open: Option<OpenUpload>) -> Result<(), RegistryError> {
        let mut source = self.source(part)?;
        let mut form = self.form(part);
        let mut retry = Retry::new(&self.shared.options, &self.operation);
        loop {
            let opened = match open.take() {
                Some(opened) => opened,
                None => self.begin_upload(part).await?,
            };
            let outcome = match form.chunk() {
                None => self.in_one(part, &source, opened).await,
                Some(size) => self.in_chunks(part, &source, opened, size).await,
            };
            let Err(failure) = outcome else { return Ok(()) };
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
        let attempted = format!("upload {part} to {}", self.repository);
        let url = self.endpoint("blobs/uploads/");
        let answer = self.call(&Call::new(attempted, Method::POST, url, Scopes::push(&self.repository))).await?;
        self.opened(&answer)
    }

    fn opened(&self, answer: &Answer) -> Result<OpenUpload, RegistryError> {
        let least_chunk = answer.header("oci-chunk-min-length").and_then(|text| text.trim().parse().ok());
        Ok(OpenUpload::new(self, redirect_target(answer, Some(&self.root))?, least_chunk.unwrap_or(0)))
    }

    /// Sends the blob in one request, the only form that every registry takes.
    async fn in_one(&self, part: &Part, source: &Source, open: OpenUpload) -> Result<(), Failure> {
        let (digest, size) = (part.digest, part.size);
        (self.shared.options.observer)(Event::Started { digest, size, streamed: source.is_remote() });
        match self.commit(part, &open.location, self.payload(part, source, 0..size)).await {
            Ok(()) => {
                open.closed();
                Ok(())
            }
            Err(RegistryError::Refused(refusal)) if refusal.status == 413 => Err(Failure::Form(Refused::Whole(refusal))),
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
            Content::Remote { descriptor, from } => {
                let source = mirrors::source_of(&self.shared, &self.operation, from, part.digest)?;
                Source::Remote(Arc::new(RemoteBlob::new(source, descriptor.clone())))
            }
        })
    }

    /// Fails when the registry says that it took something else than was sent.
    pub(super) fn check_named(&self, answer: &Answer, expected: Digest) -> Result<(), RegistryError> {
        match answer.docker_content_digest() {
            Some(found) if found != expected => {
                let (attempted, url) = (answer.attempted.to_string(), shown(&answer.url));
                Err(RegistryError::WrongDigest { attempted, url, expected, found })
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            BlobKind::Config => "config",
            BlobKind::Layer => "layer",
        };
        write!(f, "{what} {}", short(&self.digest))
    }
}

impl Part {
    fn is_as_long_as(&self, answer: &Answer) -> bool {
        let length = answer.header(CONTENT_LENGTH.as_str()).and_then(|text| text.parse::<u64>().ok());
        length.is_none_or(|length| length == self.size)
    }
}

fn names(answer: &Answer, digest: Digest) -> bool {
    answer.docker_content_digest().is_none_or(|found| found == digest)
}
