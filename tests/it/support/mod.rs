//! What several modules need: the program in a home of its own, and projects.

pub mod bases;
pub mod fake_registry;
pub mod front;
pub mod package_index;
pub mod proxy;
pub mod scripted;
pub mod terminal;
pub mod tls;
pub mod web_proxy;
pub mod wheels;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A home directory, with nothing of the machine's user in it.
pub struct Home {
    directory: TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The program, with a cleared environment and this home; no other program is on its PATH.
    pub fn leoflow(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leoflow"));
        command.env_clear().env("HOME", self.path()).env("PATH", "").current_dir(self.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program and waits for it.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.leoflow().args(arguments).output().unwrap())
    }

    /// Writes a file below the home and returns its path.
    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Copies a project of `testdata/projects` below the home.
    pub fn project(&self, name: &str) -> PathBuf {
        let target = self.path().join(name);
        copy(&testdata(name), &target);
        target
    }
}

/// `leoflow sandbox` in a process of its own; it ends with this value.
pub struct SandboxProcess {
    child: Child,
    pub control_plane: String,
    pub registry: String,
    pub base: String,
}

impl SandboxProcess {
    pub fn start(home: &Home) -> Self {
        let mut child = home.leoflow().args(["sandbox", "--quiet"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = || lines.next().expect("the sandbox prints three lines").unwrap();
        let (control_plane, registry, base) = (line(), line(), line());
        Self { child, control_plane, registry, base }
    }

    /// The arguments that send a deploy here.
    pub fn arguments(&self) -> [&str; 8] {
        ["--server", &self.control_plane, "--token", "t", "--registry", &self.registry, "--base", &self.base]
    }
}

impl Drop for SandboxProcess {
    fn drop(&mut self) {
        // It may have ended already; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a run of the program left behind.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Fails unless the program exited with `code`, showing what it said.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails unless stderr holds every one of `texts`.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "`{text}` is missing in:\n{}", self.stderr);
        }
        self
    }

    /// Returns stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout))
    }
}

/// A project as it stands in the repository.
pub fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/projects").join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
