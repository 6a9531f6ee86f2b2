//! A user of the program itself, as a process: everything that it writes lies in one home.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use leoflow::layers::Digest;
use serde_json::Value;
use tempfile::TempDir;

use super::base;
use super::road::{DAG, YAML};
use super::truth::below;

/// What a deploy leaves that is to be forgotten; the ports that the sandbox is known by are not, since a digest may
/// depend on where the base lies.
const TRACES: [&str; 3] =
    [".local/share/leoflow/sandbox/registry", ".local/share/leoflow/sandbox/control-plane", ".cache"];

/// A home with a project in it.
pub(crate) struct Home {
    directory: TempDir,
    pub(crate) arguments: Vec<String>,
}

impl Home {
    /// Makes a home whose deploys take these arguments.
    pub(crate) fn new(arguments: Vec<String>) -> Self {
        let home = Self { directory: tempfile::tempdir().unwrap(), arguments };
        for (path, content) in [
            ("tmp/.keep", Vec::new()),
            ("project/leoflow.yaml", YAML.into()),
            ("project/dag.py", DAG.into()),
            ("project/noise.bin", base::noise(3 << 20)),
        ] {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A deploy of the project.
    pub(crate) fn deploy(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leoflow"));
        command.env_clear().env("HOME", self.path()).env("PATH", "").env("TMPDIR", self.path().join("tmp"));
        command.current_dir(self.path()).args(["deploy", "project", "--output", "json"]).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Forgets all deploys.
    pub(crate) fn reset(&self) {
        for directory in TRACES {
            match fs::remove_dir_all(self.path().join(directory)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{directory}: {error}"),
                _ => {}
            }
        }
    }

    /// Every file below it, but what is noted of each server that was deployed to: every deploy has one of its own.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let files = below(self.path()).into_iter().filter(|path| !is_record(path));
        files.map(|path| path.strip_prefix(self.path()).unwrap().to_owned()).collect()
    }

    /// Deploys up to the end, or dies after `delay`; says whether it died.
    pub(crate) fn is_killed_after(&self, delay: Duration) -> bool {
        let mut child = self.deploy().spawn().unwrap();
        thread::sleep(delay);
        child.kill().unwrap();
        !child.wait().unwrap().success()
    }
}

/// Tells whether a file is a finished part of the record of deploys.
fn is_record(path: &Path) -> bool {
    let is_finished = !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    is_finished && path.components().any(|part| part.as_os_str() == "record")
}

/// Returns the digest that a deploy told, or what it complained of.
pub(crate) fn digest(output: &Output) -> Result<Digest, String> {
    let complaint = || String::from_utf8_lossy(&output.stderr).into_owned();
    let told: Value = serde_json::from_slice(&output.stdout).map_err(|_| complaint())?;
    told["digest"].as_str().and_then(|text| text.parse().ok()).ok_or_else(complaint)
}
