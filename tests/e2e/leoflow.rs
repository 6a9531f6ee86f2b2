//! The binary under test, run as on a CI machine without any container program.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use tempfile::TempDir;

use crate::programs::{find, run, write_private};

/// The home directory of whoever deploys: registry logins, leoflow's configuration, and a PATH that holds only git.
pub(crate) struct Home {
    directory: TempDir,
    authority: Option<PathBuf>,
}

impl Home {
    /// Makes a home that can log in to one registry.
    pub(crate) fn new(registry: &str, username: &str, password: &str) -> Self {
        let home = Self { directory: tempfile::tempdir().unwrap(), authority: None };
        let auth = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
        let logins = serde_json::json!({ "auths": { registry: { "auth": auth } } });
        write_private(&home.registry_logins(), &logins.to_string());
        std::fs::create_dir(home.programs()).unwrap();
        symlink(find("git").unwrap(), home.programs().join("git")).unwrap();
        home
    }

    /// Lets leoflow trust the servers that an authority signed for.
    pub(crate) fn trusting(self, authority: PathBuf) -> Self {
        Self { authority: Some(authority), ..self }
    }

    /// Returns the directory itself.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns Docker's configuration, which skopeo and podman read too.
    pub(crate) fn registry_logins(&self) -> PathBuf {
        self.path().join(".docker/config.json")
    }

    fn programs(&self) -> PathBuf {
        self.path().join("bin")
    }

    /// Returns a command for leoflow that sees this home and nothing else of the machine.
    pub(crate) fn leoflow(&self) -> Command {
        let binary = std::env::var_os("LEOFLOW_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_leoflow").into());
        let mut command = Command::new(binary);
        command.env_clear().env("HOME", self.path()).env("PATH", self.programs()).current_dir(self.path());
        command.envs(self.authority.as_ref().map(|authority| ("SSL_CERT_FILE", authority)));
        command.stdin(Stdio::null());
        command
    }

    /// Logs in to a control plane, the password coming through standard input.
    pub(crate) fn login(&self, server: &str, username: &str, password: &str) {
        let mut command = self.leoflow();
        command.args(["auth", "login", "--server", server, "--username", username, "--password-stdin"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs leoflow to its successful end and returns its standard output.
    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        run(self.leoflow().args(arguments))
    }
}
