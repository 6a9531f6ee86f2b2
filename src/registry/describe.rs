//! An image of a registry as people compare it: manifests and configs, no layers.

use futures_util::future::try_join_all;
use leoflow_layers::Digest;

use super::error::RegistryError;
use super::session::Session;
use super::{Client, mirrors};
use crate::image::{Artifact, BaseError, BaseImage, DescribedImage, image_manifests};
use crate::reference::Reference;

impl Client {
    /// Reads the digest of an image, and what it is for each of its platforms.
    ///
    /// # Errors
    /// When it cannot be had, or is no image.
    pub async fn descriptions(&self, reference: &Reference) -> Result<(Digest, Vec<DescribedImage>), RegistryError> {
        let (shared, operation) = (&self.shared, &self.operation());
        let read = || mirrors::ask(shared, operation, reference, async |source| source.descriptions(reference).await);
        self.within(operation, format!("read {reference}"), self.in_either_scheme(read)).await
    }
}

impl Session {
    async fn descriptions(&self, reference: &Reference) -> Result<(Digest, Vec<DescribedImage>), RegistryError> {
        let artifact = self.artifact(reference).await?;
        let images = image_manifests(&artifact);
        let images = try_join_all(images.into_iter().map(|manifest| self.description(reference, manifest))).await?;
        Ok((artifact.digest(), images))
    }

    async fn description(&self, reference: &Reference, manifest: &Artifact) -> Result<DescribedImage, RegistryError> {
        let unusable =
            |error: BaseError| RegistryError::Base { reference: reference.clone().into(), error: error.into() };
        let config = self.config(&BaseImage::config_of(&manifest.document).map_err(unusable)?).await?;
        DescribedImage::of(&manifest.document, &config).map_err(unusable)
    }
}
