//! An image into a repository: blobs, manifests, tag, in the order in which they refer to each other.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use leoflow_layers::Digest;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, StatusCode};

use super::Pushed;
use super::error::{RegistryError, short};
use super::payload::Payload;
use super::retry::Retry;
use super::scope::Scopes;
use super::session::{Call, Session};
use super::transport::Answer;
use super::upload::{Content, Outcome, Part};
use crate::image::{Artifact, BlobKind, media_type};
use crate::reference::{Tag, Version};

impl Session {
    /// Pushes `artifact` under `tag`; nothing is asked beyond the tag when it names the artifact already.
    pub(super) async fn push(&self, tag: &Tag, artifact: &Artifact) -> Result<Pushed, RegistryError> {
        let parts: Vec<Part> = artifact.distinct_blobs().into_iter().map(Part::from).collect();
        let mut pushed = Pushed {
            pinned: self.repository.pinned(artifact.digest()),
            unchanged: false,
            uploaded_bytes: 0,
            uploaded: 0,
            mounted: 0,
            present: 0,
            blobs: BTreeMap::new(),
        };
        if self.tagged(tag).await? == Some(artifact.digest()) {
            return Ok(Pushed { unchanged: true, present: parts.len(), ..pushed });
        }
        let kept: Vec<Part> = parts.iter().filter(|part| matches!(part.content, Content::Kept)).cloned().collect();
        let (configs, layers) = parts.into_iter().partition(|part| part.kind == BlobKind::Config);
        let mut outcomes = self.ensure_all(layers).await?;
        outcomes.extend(self.ensure_all(configs).await?);
        self.put_manifests(tag, artifact, &kept).await?;
        for (digest, outcome, size) in outcomes {
            pushed.count(outcome, size);
            pushed.blobs.insert(digest, outcome);
        }
        Ok(pushed)
    }

    async fn put_manifests(&self, tag: &Tag, artifact: &Artifact, kept: &[Part]) -> Result<(), RegistryError> {
        for child in artifact.descendants() {
            self.put_manifest(&Version::Digest(child.digest()), child, kept).await?;
        }
        self.put_manifest(&Version::Tag(tag.clone()), artifact, kept).await
    }

    /// A manifest may be refused because a layer that was there a moment ago is gone: no patience brings it back.
    async fn check_kept(&self, kept: &[Part]) -> Result<(), RegistryError> {
        for part in kept {
            if matches!(self.has(part).await, Ok(false)) {
                return Err(self.gone(part.digest));
            }
        }
        Ok(())
    }

    async fn ensure_all(&self, parts: Vec<Part>) -> Result<Vec<(Digest, Outcome, u64)>, RegistryError> {
        stream::iter(parts)
            .map(|part| async move { Ok((part.digest, self.ensure(&part).await?, part.size)) })
            .buffer_unordered(self.shared.options.concurrency.max(1))
            .try_collect()
            .await
    }

    /// Returns the digest that `tag` stands for, `None` when there is none or the registry does not tell.
    pub(super) async fn tagged(&self, tag: &Tag) -> Result<Option<Digest>, RegistryError> {
        match self.call(&self.question_of(&Version::Tag(tag.clone()))).await {
            Ok(answer) => Ok(answer.docker_content_digest()),
            Err(error) if error.is_final_refusal() && error.status() != Some(401) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn question_of(&self, version: &Version) -> Call {
        let attempted = format!("push {}", self.named(version));
        let url = self.endpoint(&format!("manifests/{version}"));
        Call::new(attempted, Method::HEAD, url, Scopes::push(&self.repository))
            .header(ACCEPT, &media_type::ACCEPTED.join(", "))
    }

    /// Puts a manifest under its tag or digest. When the answer is lost, the registry is asked whether it arrived; when a
    /// blob is missing, whether it is one of `kept`.
    pub(super) async fn put_manifest(
        &self,
        version: &Version,
        artifact: &Artifact,
        kept: &[Part],
    ) -> Result<(), RegistryError> {
        let digest = artifact.digest();
        let call = self.manifest_put(version, artifact);
        let mut retry = Retry::new(&self.shared, &self.operation);
        loop {
            let error = match self.send(&call).await {
                Ok(answer) => {
                    self.check_named(&answer, digest)?;
                    if self.is_receipt(&answer) {
                        return Ok(());
                    }
                    self.protocol(&call.attempted, &answer.url, format!("{} is no receipt", answer.status))
                }
                Err(error) => error,
            };
            if !is_protocol(&error) && !error.is_ambiguous(&self.repository) && !overlooks_a_blob(&error) {
                return Err(error);
            }
            let found = self.send(&self.question_of(version)).await;
            if found.is_ok_and(|answer| answer.docker_content_digest() == Some(digest)) {
                return Ok(());
            }
            if overlooks_a_blob(&error) {
                self.check_kept(kept).await?;
            }
            retry.anyway(error).await?;
        }
    }

    /// Returns whether the registry itself says that it made something (distribution-spec, "Pushing Manifests"). Anything
    /// else that is called a success, or that another host says, is believed once the manifest is seen to be there.
    fn is_receipt(&self, answer: &Answer) -> bool {
        answer.status == StatusCode::CREATED && answer.url.origin() == self.root.origin()
    }

    fn manifest_put(&self, version: &Version, artifact: &Artifact) -> Call {
        let attempted = match version {
            Version::Tag(tag) => format!("tag {tag} in {}", self.repository),
            Version::Digest(digest) => format!("push manifest {} to {}", short(digest), self.repository),
        };
        let url = self.endpoint(&format!("manifests/{version}"));
        Call::new(attempted, Method::PUT, url, Scopes::push(&self.repository))
            .header(CONTENT_TYPE, &artifact.descriptor.media_type)
            .payload(Payload::Bytes(Bytes::copy_from_slice(&artifact.document)))
    }

    fn named(&self, version: &Version) -> String {
        match version {
            Version::Tag(tag) => self.repository.tagged(tag).to_string(),
            Version::Digest(digest) => self.repository.pinned(*digest).to_string(),
        }
    }
}

fn is_protocol(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Protocol { .. })
}

/// Returns whether the registry knows nothing of a blob that it has: distribution reads the link to one while somebody
/// else's push of the same blob is writing it again, and finds it empty. It answers 400, others 404.
fn overlooks_a_blob(error: &RegistryError) -> bool {
    let RegistryError::Refused(refusal) = error else { return false };
    refusal.messages.iter().any(|message| message.starts_with("MANIFEST_BLOB_UNKNOWN"))
}

impl Pushed {
    fn count(&mut self, outcome: Outcome, size: u64) {
        match outcome {
            Outcome::Present => self.present += 1,
            Outcome::Mounted => self.mounted += 1,
            Outcome::Uploaded => {
                self.uploaded += 1;
                self.uploaded_bytes += size;
            }
        }
    }
}
