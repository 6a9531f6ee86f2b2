//! Who is presented to a registry, and where that was found: what people may see of a credential.

use std::path::PathBuf;

use super::{Credential, CredentialError, Keychain, LoginMethod, environment};
use crate::reference::Repository;

/// Where a credential was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// There is none.
    Nowhere,
    /// A configuration file, of Docker or Podman.
    File(PathBuf),
    /// A credential helper, by the name of its program.
    Helper(String),
    /// Variables of leoflow's own.
    Environment,
    /// The identity that a cloud gives this host.
    Cloud,
}

/// Who is presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// The user; a token names none.
    pub user: Option<String>,
    /// Where that was found.
    pub origin: Origin,
}

impl Origin {
    pub(super) fn helper(name: &str) -> Self {
        Self::Helper(format!("docker-credential-{name}"))
    }
}

impl Keychain {
    /// Returns who would be presented to a repository; a cloud is not asked for that.
    ///
    /// # Errors
    /// When a file, helper or variable that should know is at fault.
    pub async fn presented(&self, repository: &Repository) -> Result<Presented, CredentialError> {
        let (credential, origin) = match self.methods.get(repository.registry()) {
            Some(LoginMethod::CloudIdentity) => return Ok(Presented { user: None, origin: Origin::Cloud }),
            Some(LoginMethod::Environment) => (environment::credential(&self.ambient)?, Origin::Environment),
            None => self.in_files(repository).await?,
        };
        let user = match credential {
            Credential::Basic { username, .. } => Some(username),
            _ => None,
        };
        Ok(Presented { user, origin })
    }
}
