//! Docker's and Podman's configuration and credential helpers in, one credential for a registry out.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::reference::Repository;
use crate::secret::Secret;

mod config;
mod helper;

use config::Config;

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
    /// Returns the keychain of a user. `variable` looks up an environment variable.
    ///
    /// The first file that knows a repository is believed, in this order: `REGISTRY_AUTH_FILE`; Docker's
    /// `config.json` in `DOCKER_CONFIG`, else in `~/.docker`; Podman's `containers/auth.json` in `XDG_RUNTIME_DIR`,
    /// else in `/run/containers/UID`; the same in `XDG_CONFIG_HOME`, else in `~/.config` (containers-auth.json(5)).
    #[must_use]
    pub fn of_user(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = path("HOME");
        let in_home = |below: &str| home.as_ref().map(|home| home.join(below));
        let user = rustix::process::getuid().as_raw();
        let files = [
            path("REGISTRY_AUTH_FILE"),
            path("DOCKER_CONFIG").or_else(|| in_home(".docker")).map(|docker| docker.join("config.json")),
            Some(match path("XDG_RUNTIME_DIR") {
                Some(runtime) => runtime.join("containers/auth.json"),
                None => PathBuf::from(format!("/run/containers/{user}/auth.json")),
            }),
            path("XDG_CONFIG_HOME").or_else(|| in_home(".config")).map(|config| config.join("containers/auth.json")),
        ];
        let files = files.into_iter().flatten().collect();
        Self { files, helper_path: variable("PATH"), helper_timeout: Duration::from_secs(30) }
    }

    /// Returns the credential for a repository: the most specific `auths` key wins, helpers before plain entries.
    ///
    /// # Errors
    /// When a file or helper that should know is at fault.
    pub async fn credential(&self, repository: &Repository) -> Result<Credential, CredentialError> {
        for file in &self.files {
            let Some(config) = Config::read(file)? else { continue };
            if let Some(credential) = self.known_to(&config, repository).await? {
                return Ok(credential);
            }
        }
        Ok(Credential::Anonymous)
    }

    async fn known_to(&self, config: &Config, repository: &Repository) -> Result<Option<Credential>, CredentialError> {
        for key in config::keys(repository) {
            if let Some(helper) = config.helper(&key) {
                let found = self.ask(helper, &config.server(&key), repository).await?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            if key == repository.registry() {
                let found = self.ask_store(config, &key, repository).await?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            if let Some(credential) = config.entry(&key)? {
                return Ok(Some(credential));
            }
        }
        Ok(None)
    }

    /// Asks the helper that keeps everything. One that fails is at fault only for a registry that was logged in to:
    /// Docker Desktop's is left behind in many a configuration, and a sandbox on loopback needs none.
    async fn ask_store(
        &self,
        config: &Config,
        key: &str,
        repository: &Repository,
    ) -> Result<Option<Credential>, CredentialError> {
        let Some(store) = config.store() else { return Ok(None) };
        match self.ask(store, &config.server(key), repository).await {
            Err(_) if !config.mentions(key) => Ok(None),
            answer => answer,
        }
    }

    async fn ask(
        &self,
        helper: &str,
        server: &str,
        repository: &Repository,
    ) -> Result<Option<Credential>, CredentialError> {
        let answer = helper::get(helper, server, self.helper_path.as_deref(), self.helper_timeout).await;
        answer.map_err(|reason| CredentialError::Helper {
            helper: format!("docker-credential-{helper}"),
            registry: repository.registry().to_owned(),
            reason,
        })
    }
}

/// Takes a user and a password as they are stored together; the user `<token>` marks an identity token.
fn basic(username: &str, password: &str) -> Credential {
    match username {
        "<token>" => Credential::IdentityToken(Secret::new(password)),
        _ => Credential::Basic { username: username.to_owned(), password: Secret::new(password) },
    }
}

impl CredentialError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::File { path, .. } => format!("mend `{}`, or remove it and log in again", path.display()),
            Self::Helper { helper, registry, .. } => {
                format!("see what `echo {registry} | {helper} get` says, or log in without the helper")
            }
        })
    }
}
