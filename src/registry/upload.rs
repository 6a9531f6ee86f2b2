//! One blob into one repository: asked for, mounted, or transferred (distribution-spec, "Pushing blobs").

use std::fmt;

use leoflow_layers::{Blob, Digest};
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Method, StatusCode};

use super::Event;
use super::error::{RegistryError, short, shown};
use super::pending::OpenUpload;
use super::scope::Scopes;
use super::session::{Call, Session};
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
    /// In the repository that is pushed to.
    Kept,
}

impl From<&ArtifactBlob> for Part {
    fn from(blob: &ArtifactBlob) -> Self {
        let descriptor = &blob.descriptor;
        let content = match &blob.source {
            BlobSource::Local(blob) => Content::Local(blob.clone()),
            BlobSource::Kept(_) => Content::Kept,
            BlobSource::Registry(from) => Content::Remote { descriptor: descriptor.clone(), from: from.clone() },
        };
        Self { kind: blob.kind, digest: descriptor.digest, size: descriptor.size, content }
    }
}

/// How a blob came to be where it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was there.
    Present,
    /// It was mounted from another repository of the registry.
    Mounted,
    /// It was sent.
    Uploaded,
}

/// What came of asking for a mount.
enum Mount {
    Done,
    /// The registry opened an upload instead; it is used rather than left behind.
    Upload(OpenUpload),
    Failed,
}

impl Session {
    /// Sees to it that the repository has the blob. In this process, one blob goes to one registry once at a time:
    /// concurrent uploads of one layer can yield MANIFEST_INVALID.
    pub(super) async fn ensure(&self, part: &Part) -> Result<Outcome, RegistryError> {
        let place = self.shared.places.of(self.root.origin(), part.digest);
        let mut holders = place.lock().await;
        let _slot = self.load.slot().await;
        let outcome = match part.content {
            Content::Kept if holders.contains(&self.repository) => Outcome::Present,
            _ if self.has(part).await? => Outcome::Present,
            _ => self.supply(part, &holders).await?,
        };
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
    pub(super) async fn has(&self, part: &Part) -> Result<bool, RegistryError> {
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

    pub(super) fn question(&self, part: &Part) -> Call {
        let attempted = format!("look for {part} in {}", self.repository);
        let url = self.endpoint(&format!("blobs/{}", part.digest));
        Call::new(attempted, Method::HEAD, url, Scopes::push(&self.repository))
    }

    async fn supply(&self, part: &Part, holders: &[Repository]) -> Result<Outcome, RegistryError> {
        if matches!(part.content, Content::Kept) {
            return Err(self.gone(part.digest));
        }
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
    pub(super) fn mount_source<'a>(&self, part: &'a Part, holders: &'a [Repository]) -> Option<&'a Repository> {
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

    /// Says that a layer which was to be used again is not there.
    pub(super) fn gone(&self, digest: Digest) -> RegistryError {
        RegistryError::LayerGone { digest, repository: Box::new(self.repository.clone()) }
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
    pub(super) fn is_as_long_as(&self, answer: &Answer) -> bool {
        let length = answer.header(CONTENT_LENGTH.as_str()).and_then(|text| text.parse::<u64>().ok());
        length.is_none_or(|length| length == self.size)
    }
}

fn names(answer: &Answer, digest: Digest) -> bool {
    answer.docker_content_digest().is_none_or(|found| found == digest)
}
