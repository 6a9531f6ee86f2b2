//! The container runtimes: Docker Engine with a daemon of our own, and podman.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::leoflow::Home;
use crate::programs::{command, find, run};
use crate::server::Server;

/// A Docker daemon that knows nobody's images, and a client for it.
pub(crate) struct Docker<'a> {
    home: &'a Home,
    socket: String,
    _daemon: Server,
    _directory: TempDir,
}

impl<'a> Docker<'a> {
    /// Starts a daemon in a directory of its own; it touches no firewall and no bridge.
    ///
    /// It gets a mount namespace too, since dockerd leaves `netns/default` mounted under its exec root.
    pub(crate) fn start(home: &'a Home) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = format!("unix://{}", directory.path().join("socket").display());
        let mut dockerd = command("unshare");
        dockerd.args(["--mount", "--"]).arg(find("dockerd").unwrap());
        dockerd.arg("--data-root").arg(directory.path().join("data"));
        dockerd.arg("--exec-root").arg(directory.path().join("exec"));
        dockerd.arg("--pidfile").arg(directory.path().join("pid")).args(["--host", &socket]);
        dockerd.args(["--bridge=none", "--iptables=false", "--ip6tables=false", "--insecure-registry=127.0.0.0/8"]);
        let mut daemon = Server::start("dockerd", &dockerd);
        daemon.wait_for("API listen on");
        Self { home, socket, _daemon: daemon, _directory: directory }
    }

    /// Pulls an image with the home's logins.
    pub(crate) fn pull(&self, image: &str) {
        run(self.docker().args(["pull", "--quiet", image]));
    }

    /// Executes one task function with the arguments of the agent and returns its report.
    pub(crate) fn run(&self, image: &str, task: &[&str]) -> Value {
        parse(&run(self.docker().args(["run", "--rm", "--network", "host", image]).args(task)))
    }

    fn docker(&self) -> Command {
        let mut docker = command("docker");
        docker.arg("--config").arg(self.home.registry_logins().parent().unwrap()).args(["--host", &self.socket]);
        docker
    }
}

/// Podman with a storage of its own.
pub(crate) struct Podman<'a> {
    home: &'a Home,
    directory: TempDir,
}

impl<'a> Podman<'a> {
    /// Makes an empty storage.
    pub(crate) fn new(home: &'a Home) -> Self {
        Self { home, directory: tempfile::tempdir().unwrap() }
    }

    /// Pulls an image with the home's logins.
    pub(crate) fn pull(&self, image: &str) {
        let logins = self.home.registry_logins();
        run(self.podman().args(["pull", "--quiet", "--tls-verify=false", "--authfile"]).arg(logins).arg(image));
    }

    /// Loads an archive as `docker save` writes it and returns the image's name.
    pub(crate) fn load(&self, archive: &Path) -> String {
        let said = run(self.podman().args(["load", "--quiet", "--input"]).arg(archive));
        said.trim().rsplit(' ').next().unwrap().to_owned()
    }

    /// Executes one task function with the arguments of the agent and returns its report.
    ///
    /// The limits are stated because podman otherwise raises them above what a container of a CI service may.
    pub(crate) fn run(&self, image: &str, task: &[&str]) -> Value {
        let limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];
        let rest = ["--network=host", "--pull=never", image];
        parse(&run(self.podman().args(["run", "--rm"]).args(limits).args(rest).args(task)))
    }

    /// Returns podman with what works without systemd, on hybrid cgroups and on any file system.
    fn podman(&self) -> Command {
        let in_directory = |name: &str| -> PathBuf { self.directory.path().join(name) };
        let mut podman = command("podman");
        podman.arg("--root").arg(in_directory("root")).arg("--runroot").arg(in_directory("run"));
        podman.arg("--tmpdir").arg(in_directory("tmp")).args(["--storage-driver=vfs", "--events-backend=none"]);
        podman.args(["--cgroup-manager=cgroupfs", "--runtime", "/usr/sbin/runc"]);
        podman
    }
}

fn parse(report: &str) -> Value {
    serde_json::from_str(report.trim()).unwrap_or_else(|error| panic!("{error}: {report}"))
}
