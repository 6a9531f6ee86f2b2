//! What a deploy goes to, without a proxy.

use leoflow::sandbox::Sandbox;
use tempfile::TempDir;

/// Where a run deploys to.
pub(crate) struct Servers {
    /// `127.0.0.1:port` of the registry.
    pub(crate) registry: String,
    pub(crate) repository: String,
    /// Whether the base is in the registry too.
    pub(crate) has_base: bool,
    pub(crate) sandbox: Sandbox,
    /// The sandbox's files.
    pub(crate) directory: TempDir,
}

impl Servers {
    /// Starts a registry and a control plane with nothing in them.
    pub(crate) async fn start() -> Self {
        Self::start_for(0, None).await
    }

    /// Does so for a seed; a registry that is there already, with the base in it, takes the place of
    /// the one that is started.
    pub(crate) async fn start_for(seed: u64, registry: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(directory.path()).await.unwrap();
        let has_base = registry.is_some();
        let registry = registry.unwrap_or(&sandbox.registry).to_owned();
        Self { registry, has_base, repository: format!("team/seed-{seed}"), sandbox, directory }
    }

    /// `127.0.0.1:port` of the control plane.
    pub(crate) fn control_plane(&self) -> String {
        self.sandbox.control_plane.authority().to_owned()
    }
}
