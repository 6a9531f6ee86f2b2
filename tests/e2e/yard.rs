//! The short road: a registry without users, and a sandbox for its control plane and its demo base.

use std::path::Path;
use std::process::Command;

use crate::leoflow::Home;
use crate::registry::{Access, Registry};
use crate::server::Server;

/// What a deploy needs that nobody runs afterwards.
pub(crate) struct Yard {
    /// The registry to deploy to.
    pub(crate) target: Registry,
    /// Who deploys.
    pub(crate) home: Home,
    control_plane: String,
    base: String,
    _sandbox: Server,
}

impl Yard {
    /// Starts the servers.
    pub(crate) fn open() -> Self {
        let target = Registry::start(&Access::Open);
        let home = Home::new(&target.host, "nobody", "nothing");
        let mut sandbox = Server::start("leoflow sandbox", home.leoflow().args(["sandbox", "--quiet"]));
        let control_plane = sandbox.wait_for("http://127.0.0.1:");
        let base = sandbox.wait_for("demo-base");
        Self { target, home, control_plane, base, _sandbox: sandbox }
    }

    /// Returns the command that deploys a project to a registry, onto the demo base.
    pub(crate) fn deploy(&self, project: &Path, registry: &str) -> Command {
        let mut leoflow = self.home.leoflow();
        leoflow.arg("deploy").arg(project).args(["--yes", "--token", "any", "--server", &self.control_plane]);
        leoflow.args(["--base", &self.base, "--registry", registry, "--output", "json"]);
        leoflow
    }
}
