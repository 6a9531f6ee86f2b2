//! An OCI registry and a stand-in of the control plane on loopback, for a first run and for tests.
//!
//! Both speak the real protocols, so that the road to them is the road to production. They keep what they are given
//! under one directory and remember their ports in it: a deploy that is repeated asks for the same references. One
//! process at a time owns the directory; others that come meanwhile are guests of its servers, and the owner's
//! [`Sandbox::stop`] waits for them. Nothing here checks passwords or reaches beyond 127.0.0.1.

mod control_plane;
mod demo_base;
mod directory;
mod registry;
mod server;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use crate::reference::Reference;
use crate::secret::Secret;

use directory::{Claim, Ports};
use server::Server;

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
    directory: PathBuf,
    servers: Vec<Server>,
    claim: Claim,
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
    /// Another process owns the directory, and its servers do not answer.
    #[error("the sandbox in `{}` belongs to {}, which does not answer", directory.display(), named(*process))]
    InUse {
        /// Where images and records are kept.
        directory: PathBuf,
        /// The owner's process id, when it wrote it down.
        process: u32,
    },
    /// No port could be had.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(std::io::Error),
    /// The demo base could not be built.
    #[error("cannot build the demo base: {0}")]
    DemoBase(String),
}

fn named(process: u32) -> String {
    if process == 0 { "another process".to_owned() } else { format!("process {process}") }
}

impl SandboxError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Directory { directory, .. } => {
                Some(format!("make `{}` a directory that you can write to, or remove it", directory.display()))
            }
            // `kill 0` would end the caller's own shell.
            Self::InUse { directory, process: 0 } => Some(format!(
                "see what holds it with `fuser {}`, end that and try again",
                directory.join("owner.lock").display()
            )),
            Self::InUse { process, .. } => Some(format!("end it with `kill {process}` and try again")),
            Self::Listen(_) | Self::DemoBase(_) => None,
        }
    }
}

impl Sandbox {
    /// Starts both servers, keeping images and records under `directory`; when another process runs a sandbox there,
    /// its servers are used.
    ///
    /// # Errors
    /// When the directory cannot be used, its owner does not answer, or no port can be had.
    pub async fn start(directory: &Path) -> Result<Self, SandboxError> {
        match directory::claim(directory).await? {
            (claim @ Claim::Owner { .. }, ports) => Self::serve(directory, claim, ports).await,
            (claim, ports) => Self::at(directory, claim, ports.unwrap_or_default(), Vec::new()),
        }
    }

    async fn serve(directory: &Path, claim: Claim, remembered: Option<Ports>) -> Result<Self, SandboxError> {
        let fail = |error| SandboxError::Directory { directory: directory.to_owned(), error };
        let registry = Arc::new(registry::Registry::open(directory.join("registry")).map_err(fail)?);
        demo_base::install(&registry, directory)?;
        let (registry_socket, registry_address) =
            server::listen(remembered.map(|ports| ports.registry)).await.map_err(SandboxError::Listen)?;
        let (control_plane_socket, control_plane_address) =
            server::listen(remembered.map(|ports| ports.control_plane)).await.map_err(SandboxError::Listen)?;
        let control_plane = control_plane::Service::open(directory.join("control-plane")).map_err(fail)?;
        let servers = vec![
            Server::start(registry_socket, registry.router()),
            Server::start(control_plane_socket, Arc::new(control_plane).router()),
        ];
        let ports = Ports { registry: registry_address.port(), control_plane: control_plane_address.port() };
        directory::remember(directory, ports).map_err(fail)?;
        Self::at(directory, claim, ports, servers)
    }

    fn at(directory: &Path, claim: Claim, ports: Ports, servers: Vec<Server>) -> Result<Self, SandboxError> {
        let registry = format!("127.0.0.1:{}", ports.registry);
        let invalid = |reason: String| SandboxError::Listen(std::io::Error::other(reason));
        let control_plane = format!("http://127.0.0.1:{}", ports.control_plane);
        Ok(Self {
            demo_base: demo_base::reference(&registry).map_err(|error| invalid(error.to_string()))?,
            control_plane: Url::parse(&control_plane).map_err(|error| invalid(error.to_string()))?,
            token: control_plane::sandbox_token(),
            registry,
            directory: directory.to_owned(),
            servers,
            claim,
        })
    }

    /// Returns the file that holds the record of a registered version, to be shown to people.
    #[must_use]
    pub fn record(&self, dag_id: &str, version: &str) -> PathBuf {
        control_plane::record(&self.directory.join("control-plane"), dag_id, version)
    }

    /// Returns the file that says which connections there are, once somebody writes it.
    #[must_use]
    pub fn connections(&self) -> PathBuf {
        control_plane::connections(&self.directory.join("control-plane"))
    }

    /// Returns the OCI image layout of a repository, to be shown to people: `skopeo inspect oci:<it>:<tag>` reads it.
    #[must_use]
    pub fn image_layout(&self, repository: &str) -> PathBuf {
        registry::layout(&self.directory.join("registry"), repository)
    }

    /// Returns whether the servers run in this process; a guest uses another one's.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        matches!(self.claim, Claim::Owner { .. })
    }

    /// Lets guests and the requests that are going on finish, then stops both servers.
    pub async fn stop(self) {
        self.claim.outlast_guests().await;
        for server in self.servers {
            server.stop().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_end_their_own_shell() {
        let help = |process| SandboxError::InUse { directory: "/data".into(), process }.help().unwrap();
        assert!(help(7).contains("kill 7"));
        assert!(!help(0).contains("kill"), "{}", help(0));
    }
}
