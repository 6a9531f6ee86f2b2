//! Who may push where: asked of each repository, and first of one a registry.

use std::collections::BTreeMap;

use tokio::sync::Mutex;

use crate::cli::report::Failure;
use crate::reference::Repository;
use crate::registry::{Client, RegistryError};

/// What registries said so far: why one cannot be reached at all.
#[derive(Default)]
pub(super) struct PushRights(Mutex<BTreeMap<String, Option<Failure>>>);

impl PushRights {
    /// Fails when `repository` may not be pushed to. A registry that cannot be reached is asked about one repository of
    /// it, and not about two hundred.
    pub(super) async fn check(&self, registry: &Client, repository: &Repository) -> Result<(), Failure> {
        let mut hosts = self.0.lock().await;
        match hosts.get(repository.registry()) {
            Some(Some(failure)) => return Err(failure.clone()),
            Some(None) => drop(hosts),
            None => {
                let asked = registry.check_push(repository).await;
                let is_of_host = asked.as_ref().err().is_some_and(concerns_host);
                let asked = asked.map_err(Failure::from);
                let of_host = asked.as_ref().err().filter(|_| is_of_host).cloned();
                hosts.insert(repository.registry().to_owned(), of_host);
                return asked;
            }
        }
        Ok(registry.check_push(repository).await?)
    }
}

/// Returns whether no repository of the registry has a better answer.
fn concerns_host(error: &RegistryError) -> bool {
    matches!(
        error,
        RegistryError::Unreachable { .. }
            | RegistryError::Proxy { .. }
            | RegistryError::Certificate { .. }
            | RegistryError::Credential(_)
            | RegistryError::Token { .. }
            | RegistryError::Deadline { .. }
    )
}
