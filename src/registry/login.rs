//! A repository in, what is presented for it out; and who that is, for an answer that refuses it.

use tokio::time::Instant;

use super::error::{RegistryError, shown};
use super::refusal::{self, Refusal};
use super::session::Session;
use super::token::{Authority, slot};
use super::transport::Answer;
use crate::credentials::{Credential, LoginMethod};
use crate::http::LONGEST_WAIT;

/// A credential, until it is stale.
pub(super) struct Held {
    credential: Credential,
    stale_at: Option<Instant>,
}

/// Who was presented, and how.
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) method: Option<LoginMethod>,
}

impl Authority {
    /// Remembers what must not be seen again in anything that a server says.
    fn remember(&self, credential: &Credential) {
        match credential {
            Credential::Anonymous => {}
            Credential::Basic { username, password } => {
                self.presented.add(password.expose());
                self.presented.add(&format!("{username}:{}", password.expose()));
            }
            Credential::IdentityToken(token) | Credential::Bearer(token) => self.presented.add(token.expose()),
        }
    }
}

impl Session {
    /// Returns who is presented, as it may be shown.
    async fn user(&self) -> Option<String> {
        match (self.credential().await, self.method()) {
            (Ok(Credential::Anonymous) | Err(_), _) => None,
            (Ok(_), Some(LoginMethod::CloudIdentity)) => Some("this host's cloud identity".into()),
            (Ok(Credential::Basic { username, .. }), _) => Some(format!("`{username}`")),
            (Ok(_), Some(LoginMethod::Environment)) => Some("the token in the environment".into()),
            (Ok(_), None) => Some("the token in your configuration".into()),
        }
    }

    /// Returns how the registry is logged in to, if that is not by configuration files.
    fn method(&self) -> Option<LoginMethod> {
        self.shared.options.keychain.methods.get(self.repository.registry()).copied()
    }

    /// Returns what `answer` refuses, with nothing of what was presented in it.
    pub(super) async fn refusal(&self, answer: Answer, presented: bool) -> Refusal {
        let user = if presented { self.user().await } else { None };
        let login = Login { user, method: self.method() };
        refusal::of(answer, &self.repository, login, &self.shared.authority.presented).await
    }

    /// Returns the credential of the repository; a helper or cloud is asked once, and again when what it gave goes stale.
    pub(super) async fn credential(&self) -> Result<Credential, RegistryError> {
        let key = match self.method() {
            Some(_) => self.repository.registry().to_owned(),
            None => self.repository.to_string(),
        };
        let slot = slot(&self.shared.authority.credentials, key);
        let mut slot = slot.lock().await;
        match &*slot {
            Some(held) if held.stale_at.is_none_or(|stale_at| Instant::now() < stale_at) => {
                return Ok(held.credential.clone());
            }
            _ => {}
        }
        let asked_at = Instant::now();
        let issued = Box::pin(self.shared.options.keychain.issue(&self.repository)).await?;
        self.shared.authority.remember(&issued.credential);
        let stale_at = issued.lifetime.map(|lifetime| asked_at + lifetime.min(LONGEST_WAIT) * 3 / 4);
        Ok(slot.insert(Held { credential: issued.credential, stale_at }).credential.clone())
    }

    pub(super) fn no_password(&self, attempted: &str) -> RegistryError {
        let registry = self.repository.registry();
        RegistryError::Challenge {
            attempted: attempted.to_owned(),
            url: shown(&self.root),
            reason: format!("{registry} wants user and password, but an identity token is all there is"),
            help: Some(format!(
                "log in with user and password: `docker login {registry}` or `podman login {registry}`"
            )),
        }
    }
}
