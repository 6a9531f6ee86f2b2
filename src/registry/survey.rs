//! What a push would move: the registry is asked what it has, and nothing is written.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use leoflow_layers::Digest;

use super::Client;
use super::error::RegistryError;
use super::session::Session;
use super::upload::{Content, Part};
use crate::image::{Artifact, BlobKind};
use crate::reference::{PinnedReference, Repository, Tag};

/// What a push would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The image, by the digest that we computed.
    pub pinned: PinnedReference,
    /// What the tag stands for now; `None` when there is none or the registry does not tell.
    pub tagged: Option<Digest>,
    /// The blobs, each once, in the order of the manifests.
    pub blobs: Vec<SurveyedBlob>,
}

/// A blob, and what a push would do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedBlob {
    /// What it is to its manifest.
    pub kind: BlobKind,
    /// Which.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// What would become of it.
    pub fate: Fate,
    /// Whether the registry said whether it is there; if not, it is taken as absent, as a push does.
    pub told: bool,
}

/// What a push would do with a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing: it is there.
    Present,
    /// Ask for a mount from another repository of the registry; where that is refused, it is uploaded.
    Mount,
    /// Stream it from another registry.
    Copy,
    /// Upload it.
    Upload,
}

impl Survey {
    /// Returns whether the tag names the image already: a push would send nothing.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.tagged == Some(self.pinned.digest())
    }

    /// Returns how many blobs have this fate, and their bytes.
    #[must_use]
    pub fn sum(&self, fate: Fate) -> (usize, u64) {
        let blobs = self.blobs.iter().filter(|blob| blob.fate == fate);
        blobs.fold((0, 0), |(count, bytes), blob| (count + 1, bytes + blob.size))
    }

    /// Returns how many bytes would be sent, if every mount succeeds.
    #[must_use]
    pub fn upload_bytes(&self) -> u64 {
        self.sum(Fate::Upload).1 + self.sum(Fate::Copy).1
    }

    /// Returns what would become of a blob.
    #[must_use]
    pub fn blob(&self, digest: Digest) -> Option<&SurveyedBlob> {
        self.blobs.iter().find(|blob| blob.digest == digest)
    }
}

impl Client {
    /// Finds out what a push would move, with `HEAD` requests alone. As a push does, it asks for no blob when the tag names
    /// the artifact already.
    ///
    /// # Errors
    /// When the registry cannot be reached within the deadline, or takes no credential of ours.
    pub async fn survey(
        &self,
        repository: &Repository,
        tag: &Tag,
        artifact: &Artifact,
    ) -> Result<Survey, RegistryError> {
        let (shared, operation) = (&self.shared, &self.operation());
        shared.options.registries.admit(repository)?;
        let survey = || async move { Session::new(shared, repository, operation)?.survey(tag, artifact).await };
        let attempted = format!("look for {}", repository.tagged(tag));
        self.within(operation, attempted, self.in_either_scheme(survey)).await
    }
}

impl Session {
    async fn survey(&self, tag: &Tag, artifact: &Artifact) -> Result<Survey, RegistryError> {
        let parts: Vec<Part> = artifact.distinct_blobs().into_iter().map(Part::from).collect();
        let (tagged, pinned) = (self.tagged(tag).await?, self.repository.pinned(artifact.digest()));
        let blobs = match tagged == Some(artifact.digest()) {
            true => parts.iter().map(|part| part.surveyed(Fate::Present, true)).collect(),
            false => self.survey_all(&parts).await?,
        };
        Ok(Survey { pinned, tagged, blobs })
    }

    async fn survey_all(&self, parts: &[Part]) -> Result<Vec<SurveyedBlob>, RegistryError> {
        let at_a_time = self.shared.options.concurrency.max(1);
        stream::iter(parts).map(|part| self.survey_one(part)).buffered(at_a_time).try_collect().await
    }

    async fn survey_one(&self, part: &Part) -> Result<SurveyedBlob, RegistryError> {
        match self.call(&self.question(part)).await {
            Ok(answer) if part.is_as_long_as(&answer) => Ok(part.surveyed(Fate::Present, true)),
            Ok(_) => Ok(part.surveyed(self.fate(part), true)),
            Err(error) if error.is_final_refusal() && error.status() != Some(401) => {
                Ok(part.surveyed(self.fate(part), error.status() == Some(404)))
            }
            Err(error) => Err(error),
        }
    }

    /// Returns what a push does with a blob that is not there.
    fn fate(&self, part: &Part) -> Fate {
        match &part.content {
            _ if self.mount_source(part, &[]).is_some() => Fate::Mount,
            Content::Remote { .. } => Fate::Copy,
            Content::Local(_) | Content::Kept => Fate::Upload,
        }
    }
}

impl Part {
    fn surveyed(&self, fate: Fate, told: bool) -> SurveyedBlob {
        SurveyedBlob { kind: self.kind, digest: self.digest, size: self.size, fate, told }
    }
}
