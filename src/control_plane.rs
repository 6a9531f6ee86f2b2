//! The control plane's HTTP API (contract section 5): tokens, registering, triggering.

use std::time::Duration;

use url::Url;

use crate::dag::PinnedDagSpec;
use crate::secret::Secret;

/// A control plane and who we are to it.
pub struct ControlPlane {}

/// What the control plane said to a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The DAG.
    pub dag_id: String,
    /// The server's name for this version.
    pub version: String,
    /// SHA-256 over the spec.
    pub spec_hash: String,
    /// Whether it was new (201) or known (200).
    pub created: bool,
}

/// A run that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// `manual__<unix seconds>`
    pub dag_run_id: String,
    /// `queued`, `running`…
    pub state: Option<String>,
}

/// A token as the control plane issued it.
#[derive(Debug, Clone)]
pub struct Token {
    /// The JWT.
    pub access_token: Secret,
    /// How long it lives, in seconds.
    pub expires_in: Option<u64>,
}

/// Who logs in.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// Of which tenant, on servers that have several.
    pub tenant: Option<String>,
}

/// Why the control plane did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlPlaneError {}

impl ControlPlaneError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        todo!("the control plane room")
    }
}

impl ControlPlane {
    /// Prepares a client for the server at `url`; nothing is sent yet. `deadline` bounds each call, retries included.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(url: Url, token: Option<Secret>, deadline: Duration) -> Result<Self, ControlPlaneError> {
        let _ = (url, token, deadline);
        todo!("the control plane room")
    }

    /// Registers a pinned spec.
    ///
    /// # Errors
    /// When the server refuses it or cannot be reached.
    pub async fn register(&self, spec: &PinnedDagSpec) -> Result<Registration, ControlPlaneError> {
        let _ = spec;
        todo!("the control plane room")
    }

    /// Starts a run called `run_id`.
    ///
    /// # Errors
    /// When the server refuses it or cannot be reached.
    pub async fn trigger(&self, dag_id: &str, run_id: &str) -> Result<Run, ControlPlaneError> {
        let _ = (dag_id, run_id);
        todo!("the control plane room")
    }

    /// Exchanges a password for a token.
    ///
    /// # Errors
    /// When the server refuses it or cannot be reached.
    pub async fn login(&self, login: &Login) -> Result<Token, ControlPlaneError> {
        let _ = login;
        todo!("the control plane room")
    }
}
