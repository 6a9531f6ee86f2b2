//! Whether an image is where its name says: asked of that registry itself, not of mirrors or of what is kept here.

use reqwest::Method;

use super::Client;
use super::error::RegistryError;
use super::session::Session;
use crate::reference::PinnedReference;

impl Client {
    /// Returns whether the registry of `image` still has it, by digest.
    ///
    /// # Errors
    /// When the registry does not tell, or cannot be reached within the deadline.
    pub async fn has(&self, image: &PinnedReference) -> Result<bool, RegistryError> {
        let (shared, operation) = (&self.shared, &self.operation());
        shared.options.registries.admit(image.repository())?;
        let ask = || async move { Session::new(shared, image.repository(), operation)?.has_manifest(image).await };
        self.within(operation, format!("look for {image}"), self.in_either_scheme(ask)).await
    }
}

impl Session {
    async fn has_manifest(&self, image: &PinnedReference) -> Result<bool, RegistryError> {
        match self.call(&self.manifest_call(Method::HEAD, &image.digest())).await {
            Ok(answer) => Ok(answer.docker_content_digest().is_none_or(|digest| digest == image.digest())),
            Err(error) if error.status() == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
