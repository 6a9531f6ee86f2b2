//! An OCI registry and a stand-in of the control plane on loopback, for a first run and for tests.

use std::path::{Path, PathBuf};

use url::Url;

use crate::reference::Reference;
use crate::secret::Secret;

/// Two running servers and a base image to build on. They stop when this is dropped.
pub struct Sandbox {
    /// The registry's `127.0.0.1:port`.
    pub registry: String,
    /// `http://127.0.0.1:port`
    pub control_plane: Url,
    /// The demo base: a multi-arch index of nearly empty images that run nothing.
    pub demo_base: Reference,
    /// A token that the control plane accepts.
    pub token: Secret,
}

/// Why a sandbox could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// Its directory cannot be used.
    #[error("cannot use `{}` for the sandbox: {error}", directory.display())]
    Directory {
        /// Where images and records are kept.
        directory: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// No port could be had.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(std::io::Error),
}

impl Sandbox {
    /// Starts both servers, keeping images and records under `directory`.
    ///
    /// # Errors
    /// When the directory cannot be used or no port can be had.
    pub async fn start(directory: &Path) -> Result<Self, SandboxError> {
        let _ = directory;
        todo!("the sandbox room")
    }

    /// Returns the file that holds the record of a registered version, to be shown to people.
    #[must_use]
    pub fn record(&self, dag_id: &str, version: &str) -> PathBuf {
        let _ = (dag_id, version);
        todo!("the sandbox room")
    }
}
