//! An image into a repository: blobs, config, manifest, in the order in which they refer to each other.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use leoflow_layers::Digest;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};

use super::Pushed;
use super::error::RegistryError;
use super::payload::Payload;
use super::retry::Retry;
use super::scope::Scopes;
use super::session::{Call, Session};
use super::upload::{Content, Outcome, Part};
use crate::image::{Image, ImageLayer, media_type};
use crate::reference::Tag;

impl Session {
    /// Pushes `image` under `tag`; nothing is asked beyond the tag when it names the image already.
    pub(super) async fn push(&self, tag: &Tag, image: &Image) -> Result<Pushed, RegistryError> {
        let layers = distinct_layers(image);
        let mut pushed = Pushed {
            pinned: self.repository.pinned(image.descriptor.digest),
            unchanged: false,
            uploaded_bytes: 0,
            uploaded: 0,
            mounted: 0,
            present: 0,
        };
        if self.tagged(tag).await? == Some(image.descriptor.digest) {
            return Ok(Pushed { unchanged: true, present: layers.len() + 1, ..pushed });
        }
        let mut outcomes: Vec<(Outcome, u64)> = stream::iter(layers)
            .map(|part| async move { Ok::<_, RegistryError>((self.ensure(&part).await?, part.size)) })
            .buffer_unordered(self.shared.options.concurrency.max(1))
            .try_collect()
            .await?;
        let config = config_part(image);
        outcomes.push((self.ensure(&config).await?, config.size));
        self.put_manifest(tag, image).await?;
        for (outcome, size) in outcomes {
            pushed.count(outcome, size);
        }
        Ok(pushed)
    }

    /// Returns the digest that `tag` stands for, `None` when there is none or the registry does not tell.
    async fn tagged(&self, tag: &Tag) -> Result<Option<Digest>, RegistryError> {
        match self.call(&self.tag_question(tag)).await {
            Ok(answer) => Ok(answer.docker_content_digest()),
            Err(error) if error.is_final_refusal() && error.status() != Some(401) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn tag_question(&self, tag: &Tag) -> Call {
        let attempted = format!("push {}", self.repository.tagged(tag));
        let url = self.endpoint(&format!("manifests/{tag}"));
        Call::new(attempted, Method::HEAD, url, Scopes::push(&self.repository))
            .header(ACCEPT, &media_type::ACCEPTED.join(", "))
    }

    /// Puts the manifest under the tag. When the answer is lost, the tag tells whether it arrived.
    async fn put_manifest(&self, tag: &Tag, image: &Image) -> Result<(), RegistryError> {
        let digest = image.descriptor.digest;
        let url = self.endpoint(&format!("manifests/{tag}"));
        let call =
            Call::new(format!("tag {tag} in {}", self.repository), Method::PUT, url, Scopes::push(&self.repository))
                .header(CONTENT_TYPE, &image.descriptor.media_type)
                .payload(Payload::Bytes(Bytes::copy_from_slice(&image.manifest)));
        let mut retry = Retry::new(&self.shared.options, &self.operation);
        loop {
            let error = match self.send(&call).await {
                Ok(answer) => return self.check_named(&answer, digest),
                Err(error) => error,
            };
            if !error.is_ambiguous(&self.repository) {
                return Err(error);
            }
            let found = self.send(&self.tag_question(tag)).await;
            if found.is_ok_and(|answer| answer.docker_content_digest() == Some(digest)) {
                return Ok(());
            }
            retry.anyway(error).await?;
        }
    }
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

/// Returns the layers in the manifest's order, each digest once.
fn distinct_layers(image: &Image) -> Vec<Part> {
    let mut seen = BTreeSet::from([image.config_descriptor.digest]);
    image.layers.iter().filter(|layer| seen.insert(layer.digest())).map(layer_part).collect()
}

fn layer_part(layer: &ImageLayer) -> Part {
    let content = match layer {
        ImageLayer::Base(layer) => Content::Base { descriptor: layer.descriptor.clone(), from: layer.from.clone() },
        ImageLayer::Assembled(layer) => Content::Layer(layer.blob.clone()),
    };
    Part { what: "layer", digest: layer.digest(), size: layer.size(), content }
}

fn config_part(image: &Image) -> Part {
    let content = Content::Config(Bytes::copy_from_slice(&image.config));
    Part { what: "config", digest: image.config_descriptor.digest, size: image.config.len() as u64, content }
}
