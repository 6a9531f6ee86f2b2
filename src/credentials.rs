//! Docker's and Podman's configuration and credential helpers in, one credential for a registry out.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::reference::Repository;
use crate::secret::Secret;

/// What is presented to a registry, and to nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nothing.
    Anonymous,
    /// User and password.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// An OAuth2 refresh token (`identitytoken`, or a helper's user `<token>`).
    IdentityToken(Secret),
    /// A bearer token to be sent as it is (`registrytoken`).
    Bearer(Secret),
}

/// Where credentials are looked for, in this order. Read from the environment once, by `cli`.
#[derive(Debug, Clone, Default)]
pub struct Keychain {
    /// Configuration files in order of precedence; those that do not exist are passed over.
    pub files: Vec<PathBuf>,
    /// The `PATH` that `docker-credential-*` helpers are found on.
    pub helper_path: Option<OsString>,
    /// How long a helper may take.
    pub helper_timeout: Duration,
}

/// Why credentials could not be had. That there are none is no error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// A configuration file cannot be read or understood.
    #[error("cannot read registry credentials from `{}`: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong; never its content.
        reason: String,
    },
    /// A helper failed.
    #[error("credential helper `{helper}` failed for `{registry}`: {reason}")]
    Helper {
        /// Its program.
        helper: String,
        /// Whom it was asked about.
        registry: String,
        /// What happened; never its standard output.
        reason: String,
    },
}

impl Keychain {
    /// Returns the keychain of a user: Docker's configuration (`DOCKER_CONFIG`), `REGISTRY_AUTH_FILE`, and Podman's
    /// `auth.json` in all its places. `variable` looks up an environment variable.
    #[must_use]
    pub fn of_user(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let _ = variable;
        todo!("the credentials room")
    }

    /// Returns the credential for a repository: the most specific `auths` key wins, helpers before plain entries.
    ///
    /// # Errors
    /// When a file or helper that should know is at fault.
    pub async fn credential(&self, repository: &Repository) -> Result<Credential, CredentialError> {
        let _ = repository;
        todo!("the credentials room")
    }
}
