//! Docker's and Podman's configuration and credential helpers in, or variables, or a cloud's identity of this host; one
//! credential for a registry out.
//!
//! A credential is for one registry. What is not meant for it is never looked at for it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::reference::Repository;
use crate::secret::Secret;

mod ambient;
mod cloud;
mod config;
mod environment;
mod error;
mod helper;
mod origin;

pub use ambient::{Ambient, Endpoints, Patience};
use config::Config;
pub use error::CredentialError;
pub use origin::{Origin, Presented};

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

/// A way to log in to a registry that is no configuration file's (`registry.auth_method`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginMethod {
    /// `env`: variables of leoflow's own.
    Environment,
    /// `iam`: the identity that a cloud gives this host.
    CloudIdentity,
}

/// A credential, and how long it is worth anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// What is presented.
    pub credential: Credential,
    /// How long from now; for ever when it is `None`.
    pub lifetime: Option<Duration>,
}

/// Where credentials are looked for. Read from the environment once, by `cli`.
#[derive(Debug, Clone, Default)]
pub struct Keychain {
    /// By `host[:port]`: registries whose credential is in no file.
    pub methods: BTreeMap<String, LoginMethod>,
    /// What such a login draws on.
    pub ambient: Ambient,
    /// Configuration files in order of precedence; those that do not exist are passed over.
    pub files: Vec<PathBuf>,
    /// The `PATH` that `docker-credential-*` helpers are found on.
    pub helper_path: Option<OsString>,
    /// How long a helper may take.
    pub helper_timeout: Duration,
}

impl LoginMethod {
    /// Checks, without asking anybody, that it can be used for the registry `host[:port]`.
    ///
    /// # Errors
    /// When the variables are not set, or the registry is no cloud's.
    pub fn check(self, registry: &str, ambient: &Ambient) -> Result<(), CredentialError> {
        match self {
            Self::Environment => environment::credential(ambient).map(drop),
            Self::CloudIdentity => cloud::check(registry),
        }
    }
}

impl Keychain {
    /// Returns the keychain of a user. `variable` looks up an environment variable; it is `now`, in seconds since the
    /// Unix epoch.
    ///
    /// `REGISTRY_AUTH_FILE` names the one file that counts, as for podman and skopeo. Without it, the first file that knows
    /// a repository is believed, in this order: Docker's `config.json` in `DOCKER_CONFIG`, else in `~/.docker`; Podman's
    /// `containers/auth.json` in `XDG_RUNTIME_DIR`, else in `/run/containers/UID`; the same in `XDG_CONFIG_HOME`, else in
    /// `~/.config` (containers-auth.json(5)).
    #[must_use]
    pub fn of_user(variable: &dyn Fn(&str) -> Option<OsString>, now: u64) -> Self {
        Self {
            methods: BTreeMap::new(),
            ambient: Ambient::of(variable, now),
            files: files(variable),
            helper_path: variable("PATH"),
            helper_timeout: Duration::from_secs(30),
        }
    }

    /// Returns the credential for a repository; see [`Keychain::issue`].
    ///
    /// # Errors
    /// When a file or helper that should know is at fault, or a login by other means fails.
    pub async fn credential(&self, repository: &Repository) -> Result<Credential, CredentialError> {
        self.issue(repository).await.map(|issued| issued.credential)
    }

    /// Returns the credential for a repository, by the method of its registry. In files, the most specific `auths` key
    /// wins, and helpers come before plain entries.
    ///
    /// # Errors
    /// When a file or helper that should know is at fault, or a login by other means fails.
    pub async fn issue(&self, repository: &Repository) -> Result<Issued, CredentialError> {
        let credential = match self.methods.get(repository.registry()) {
            // Boxed: few need it, and everybody would carry its size.
            Some(LoginMethod::CloudIdentity) => {
                return Box::pin(cloud::credential(repository.registry(), &self.ambient)).await;
            }
            Some(LoginMethod::Environment) => environment::credential(&self.ambient)?,
            None => self.in_files(repository).await?.0,
        };
        Ok(Issued { credential, lifetime: None })
    }

    async fn in_files(&self, repository: &Repository) -> Result<(Credential, Origin), CredentialError> {
        for file in &self.files {
            let Some(config) = Config::read(file)? else { continue };
            if let Some(found) = self.known_to(&config, repository).await? {
                return Ok(found);
            }
        }
        Ok((Credential::Anonymous, Origin::Nowhere))
    }

    async fn known_to(
        &self,
        config: &Config,
        repository: &Repository,
    ) -> Result<Option<(Credential, Origin)>, CredentialError> {
        for key in config::keys(repository) {
            if let Some(helper) = config.helper(&key)
                && let Some(credential) = self.ask(helper, &config.server(&key), repository).await?
            {
                return Ok(Some((credential, Origin::helper(helper))));
            }
            if key == repository.registry()
                && let Some(credential) = self.ask_store(config, &key, repository).await?
            {
                return Ok(Some((credential, Origin::helper(config.store().unwrap_or_default()))));
            }
            if let Some(credential) = config.entry(&key)? {
                return Ok(Some((credential, Origin::File(config.path().to_owned()))));
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

/// Returns the files of a user, in order of precedence.
fn files(variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(file) = path("REGISTRY_AUTH_FILE") {
        return vec![file];
    }
    let home = path("HOME");
    let in_home = |below: &str| home.as_ref().map(|home| home.join(below));
    let user = rustix::process::getuid().as_raw();
    let files = [
        path("DOCKER_CONFIG").or_else(|| in_home(".docker")).map(|docker| docker.join("config.json")),
        Some(match path("XDG_RUNTIME_DIR") {
            Some(runtime) => runtime.join("containers/auth.json"),
            None => PathBuf::from(format!("/run/containers/{user}/auth.json")),
        }),
        path("XDG_CONFIG_HOME").or_else(|| in_home(".config")).map(|config| config.join("containers/auth.json")),
    ];
    files.into_iter().flatten().collect()
}

/// Takes a user and a password as they are stored together; the user `<token>` marks an identity token.
fn basic(username: &str, password: &str) -> Credential {
    match username {
        "<token>" => Credential::IdentityToken(Secret::new(password)),
        _ => Credential::Basic { username: username.to_owned(), password: Secret::new(password) },
    }
}
