//! The record of a repository's layers, read and written; and whether it still holds them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use leoflow_layers::Digest;
use tokio::time::Instant;

use super::error::RegistryError;
use super::remembered::Remembered;
use super::session::{Operation, Session};
use super::upload::Part;
use super::{Client, Event};
use crate::image::{Artifact, ArtifactBlob, BlobKind, BlobSource, Descriptor};
use crate::reference::{Repository, Tag, Version};

/// How long the writing of a record may take: the image is in the registry already.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of adding to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It was written.
    Written,
    /// All of it was there.
    Known,
    /// It could not be written, which was told.
    Failed,
}

impl Client {
    /// Returns which layers the repository remembers under `tag`: none when there is no such tag, and none, which is
    /// told, when what is there cannot be believed.
    ///
    /// # Errors
    /// When the registry cannot be reached.
    pub async fn remembered(&self, repository: &Repository, tag: &Tag) -> Result<Remembered, RegistryError> {
        let (shared, operation) = (&self.shared, &self.operation());
        shared.options.registries.admit(repository)?;
        let read = || async move { Session::new(shared, repository, operation)?.remembered(tag).await };
        let attempted = format!("read {}", repository.tagged(tag));
        match self.within(operation, attempted, self.in_either_scheme(read)).await {
            Err(error) if says_something_odd(&error) => {
                let (record, reason) = (repository.tagged(tag).to_string(), told(&error));
                (shared.options.observer)(Event::RecordIgnored { record, reason });
                Ok(Remembered::default())
            }
            outcome => outcome,
        }
    }

    /// Adds `news` to what the repository remembers under `tag`. Nobody is asked when it was all `known` before. Whatever
    /// goes wrong is told and nothing more: the next deploy makes anew what is not remembered.
    ///
    /// Registries have no way to write only what was not written meanwhile: of two that write at once, one is forgotten.
    pub async fn remember(
        &self,
        repository: &Repository,
        tag: &Tag,
        known: &Remembered,
        news: &Remembered,
    ) -> Recorded {
        if known.with(news).is_none() {
            return Recorded::Known;
        }
        let shared = &self.shared;
        let deadline = Instant::now() + PATIENCE.min(shared.options.deadline);
        let operation = &Arc::new(Operation::until(deadline));
        let write = || async move { Session::new(shared, repository, operation)?.remember(tag, news).await };
        let attempted = format!("write {}", repository.tagged(tag));
        match self.within(operation, attempted, self.in_either_scheme(write)).await {
            Ok(true) => Recorded::Written,
            Ok(false) => Recorded::Known,
            Err(error) => {
                let (record, reason) = (repository.tagged(tag).to_string(), told(&error));
                (shared.options.observer)(Event::RecordNotKept { record, reason });
                self.abandon().await;
                Recorded::Failed
            }
        }
    }

    /// Returns which of these layers the repository holds, each at the length that its descriptor says. A push that
    /// follows does not ask for them again.
    ///
    /// # Errors
    /// When the registry cannot be reached.
    pub async fn held(
        &self,
        repository: &Repository,
        layers: &[Descriptor],
    ) -> Result<BTreeSet<Digest>, RegistryError> {
        let (shared, operation) = (&self.shared, &self.operation());
        let ask = || async move { Session::new(shared, repository, operation)?.held(layers).await };
        let attempted = format!("look for layers in {repository}");
        self.within(operation, attempted, self.in_either_scheme(ask)).await
    }
}

impl Session {
    async fn remembered(&self, tag: &Tag) -> Result<Remembered, RegistryError> {
        let manifest = match self.tagged_manifest(tag).await {
            Ok(document) => document.bytes,
            Err(error) if error.status() == Some(404) => return Ok(Remembered::default()),
            Err(error) => return Err(error),
        };
        let url = self.endpoint(&format!("manifests/{tag}"));
        let odd = |reason: String| self.protocol(&format!("read {}", self.repository.tagged(tag)), &url, reason);
        let config = self.config(&Remembered::config_of(&manifest).map_err(odd)?).await?;
        Remembered::parse(&manifest, &config).map_err(odd)
    }

    async fn remember(&self, tag: &Tag, news: &Remembered) -> Result<bool, RegistryError> {
        let known = match self.remembered(tag).await {
            Err(error) if says_something_odd(&error) => Remembered::default(),
            known => known?,
        };
        let Some(all) = known.with(news) else { return Ok(false) };
        match self.write(tag, &all.artifact(&self.repository)).await {
            // The registry threw away what nobody referred to.
            Err(error) if error.is_final_refusal() && all.layers.len() > news.layers.len() => {
                let layers: Vec<Descriptor> = all.layers.iter().map(|layer| layer.descriptor.clone()).collect();
                let held = self.held(&layers).await?;
                let mut left = all.clone();
                left.layers.retain(|layer| held.contains(&layer.descriptor.digest));
                if left == all {
                    return Err(error);
                }
                self.write(tag, &left.artifact(&self.repository)).await?;
            }
            written => written?,
        }
        Ok(true)
    }

    async fn write(&self, tag: &Tag, record: &Artifact) -> Result<(), RegistryError> {
        for config in record.blobs.iter().filter(|blob| blob.kind == BlobKind::Config) {
            self.ensure(&Part::from(config)).await?;
        }
        self.put_manifest(&Version::Tag(tag.clone()), record, &[]).await
    }

    async fn held(&self, layers: &[Descriptor]) -> Result<BTreeSet<Digest>, RegistryError> {
        stream::iter(layers)
            .map(|layer| async move { Ok(self.holds(layer).await?.then_some(layer.digest)) })
            .buffer_unordered(self.shared.options.concurrency.max(1))
            .try_filter_map(async |found| Ok(found))
            .try_collect()
            .await
    }

    /// Asks for a layer, and notes that it is there.
    async fn holds(&self, layer: &Descriptor) -> Result<bool, RegistryError> {
        let source = BlobSource::Kept(self.repository.clone());
        let part = Part::from(&ArtifactBlob { kind: BlobKind::Layer, descriptor: layer.clone(), source });
        match self.ensure(&part).await {
            Ok(_) => Ok(true),
            Err(RegistryError::LayerGone { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Returns whether the registry was reached and what it says is of no use.
fn says_something_odd(error: &RegistryError) -> bool {
    error.is_final_refusal()
        || matches!(
            error,
            RegistryError::Protocol { .. }
                | RegistryError::Base { .. }
                | RegistryError::WrongDigest { .. }
                | RegistryError::WrongSize { .. }
                | RegistryError::TooMuch { .. }
        )
}

/// Returns why, without what was attempted: the registry's own words where it has some.
fn told(error: &RegistryError) -> String {
    match error {
        RegistryError::Protocol { reason, .. } => reason.clone(),
        RegistryError::Refused(refusal) if !refusal.messages.is_empty() => {
            format!("HTTP {}, {}", refusal.status, refusal.messages.join("; "))
        }
        other => other.reason(),
    }
}
