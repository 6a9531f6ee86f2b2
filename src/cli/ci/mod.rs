//! The CI system around us: what it shows of a deploy, and where it takes what later steps need (`docs/ci.md`).
//!
//! No text of a server or of a file can command it: GitHub reads commands from our lines, so ours are the only ones that
//! are left intact. Secrets are not masked here, because masking one means printing it; none is printed at all.

mod dotenv;
mod github;
mod gitlab;
mod markdown;
mod outputs;
mod summary;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::exit::Exit;
use super::report::{Failure, Report, reason};
use crate::dag::DagSpec;
use crate::graph;

/// Which CI system this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum System {
    /// None that we know.
    #[default]
    None,
    /// GitHub Actions, or what behaves like it (Gitea, Forgejo).
    GitHub,
    /// GitLab CI.
    GitLab,
}

/// What the CI system says of itself.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Which.
    pub system: System,
    /// The root of the checkout: places of errors are relative to it.
    pub workspace: Option<PathBuf>,
    /// Where GitHub takes a step's outputs.
    pub output: Option<PathBuf>,
    /// Where GitHub takes a step's summary.
    pub summary: Option<PathBuf>,
    /// Where variables for later jobs go.
    pub dotenv: Option<PathBuf>,
}

/// How bad a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something to know.
    Warning,
    /// Something that ended what was attempted.
    Error,
}

impl Severity {
    /// Returns `warning` or `error`: so GitHub's commands are called, and so are events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The CI system, and what it was told.
pub(super) struct Ci {
    around: Surroundings,
    /// Where this process works.
    directory: PathBuf,
    /// DAGs as Mermaid draws them, by dag_id.
    drawings: Mutex<BTreeMap<String, String>>,
    /// Whether a part of the log is open; they cannot be nested.
    is_grouped: AtomicBool,
    groups: AtomicU64,
    /// Whether later steps were told anything.
    has_outputs: AtomicBool,
    faults: Mutex<Vec<Report>>,
}

impl Ci {
    pub(super) fn new(around: Surroundings, directory: PathBuf) -> Self {
        Self {
            around,
            directory,
            drawings: Mutex::default(),
            is_grouped: AtomicBool::default(),
            groups: AtomicU64::default(),
            has_outputs: AtomicBool::default(),
            faults: Mutex::default(),
        }
    }

    /// There is none.
    pub(super) fn none() -> Self {
        Self::new(Surroundings::default(), PathBuf::new())
    }

    /// Keeps the drawing of a DAG for the summary.
    pub(super) fn compiled(&self, spec: &DagSpec) {
        if self.around.summary.is_some() {
            let mut drawings = self.drawings.lock().unwrap_or_else(PoisonError::into_inner);
            drawings.insert(spec.dag_id.clone(), graph::mermaid(spec));
        }
    }

    /// Returns the line that shows a report at its place.
    pub(super) fn annotation(&self, report: &Report, severity: Severity) -> Option<String> {
        (self.is_github()).then(|| github::annotation(report, severity, |file| self.in_workspace(file)))
    }

    /// Returns a path as the CI system knows it: relative to the checkout.
    fn in_workspace(&self, file: &Path) -> PathBuf {
        let file: PathBuf = self.directory.join(file).components().collect();
        let workspace = self.around.workspace.as_deref();
        let below = workspace.and_then(|workspace| file.strip_prefix(workspace).ok().map(Path::to_owned));
        let really_below = || {
            let (file, workspace) = (file.canonicalize().ok()?, workspace?.canonicalize().ok()?);
            file.strip_prefix(workspace).ok().map(Path::to_owned)
        };
        below.or_else(really_below).unwrap_or(file)
    }

    pub(super) fn begin_group(&self, title: &str) -> Option<String> {
        if self.around.system == System::None || self.is_grouped.swap(true, Ordering::Relaxed) {
            return None;
        }
        match self.around.system {
            System::GitLab => Some(gitlab::section_start(self.groups.fetch_add(1, Ordering::Relaxed), title)),
            _ => Some(github::group(title)),
        }
    }

    pub(super) fn end_group(&self) -> Option<String> {
        if !self.is_grouped.swap(false, Ordering::Relaxed) {
            return None;
        }
        match self.around.system {
            System::GitLab => Some(gitlab::section_end(self.groups.load(Ordering::Relaxed) - 1)),
            _ => Some(github::ENDGROUP.to_owned()),
        }
    }

    pub(super) fn harmless<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.is_github() { github::harmless(text) } else { Cow::Borrowed(text) }
    }

    pub(super) fn harmless_json(&self, json: String) -> String {
        if self.is_github() { github::harmless_json(json) } else { json }
    }

    /// Tells the result of a command.
    pub(super) fn result(&self, command: &str, text: &str, json: &Value) {
        let parts = || summary::of_result(command, text, json, &self.drawings());
        self.summarize(parts);
        let outputs = outputs::of_result(json);
        if !outputs.is_empty() {
            self.has_outputs.store(true, Ordering::Relaxed);
            self.put_out(&outputs);
        }
    }

    /// Tells how a command failed.
    pub(super) fn failed(&self, command: &str, failure: &Failure) {
        self.has_outputs.store(true, Ordering::Relaxed);
        self.summarize(|| summary::of_failure(command, failure));
    }

    /// Tells how the command ended, if it was one that later steps care for.
    pub(super) fn end(&self, exit: Exit) {
        if self.has_outputs.load(Ordering::Relaxed) {
            self.put_out(&outputs::of_exit(exit));
        }
    }

    /// Returns what could not be told.
    pub(super) fn faults(&self) -> Vec<Report> {
        std::mem::take(&mut *self.faults.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the files that are written to, as far as they are named by the user.
    pub(super) fn files(&self) -> Option<PathBuf> {
        self.around.dotenv.as_ref().map(|path| self.directory.join(path))
    }

    fn is_github(&self) -> bool {
        self.around.system == System::GitHub
    }

    fn drawings(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.drawings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn summarize(&self, parts: impl FnOnce() -> Vec<String>) {
        if let (Some(path), parts) = (&self.around.summary, parts())
            && !parts.is_empty()
        {
            let before = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
            self.append(path, &markdown::fitted(parts, before));
        }
    }

    fn put_out(&self, outputs: &[(String, String)]) {
        if let Some(path) = &self.around.output {
            self.append(path, &github::outputs(outputs));
        }
        if let Some(path) = self.files() {
            let (before, text) = (std::fs::read_to_string(&path).unwrap_or_default(), dotenv::lines(outputs));
            match dotenv::joined(&before, &text) {
                Ok(whole) => self.wrote(&path, std::fs::write(&path, whole)),
                Err(fault) => self.fault(fault),
            }
        }
    }

    fn append(&self, path: &Path, text: &str) {
        let file = OpenOptions::new().append(true).create(true).open(path);
        self.wrote(path, file.and_then(|mut file| file.write_all(text.as_bytes())));
    }

    fn wrote(&self, path: &Path, written: std::io::Result<()>) {
        if let Err(error) = written {
            let message = format!("cannot tell the CI system: cannot write `{}`: {}", path.display(), reason(&error));
            self.fault(Report::new(message).help(Some("the command did its work; later steps miss its facts".into())));
        }
    }

    fn fault(&self, report: Report) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    }
}
