//! What was deployed from this machine: of each DAG on each control plane the last deploys, and the specs that were
//! registered, so that an earlier one can be made the live one again although the control plane's API lists none.
//!
//! ```text
//! <server>/<dag>/deploys.ndjson     one entry a line, the oldest first
//! <server>/<dag>/specs/<sha256>.json  the pinned dag.json of entries, each once
//! <server>/<dag>/lock                 held while either is changed
//! ```
//!
//! Files appear whole or not at all, and only their owner reads them: a dag.json holds the text of dag.py. Nothing that
//! goes wrong here is an error of the deploy that is recorded: it is told, and what is damaged is passed over. It holds
//! no tokens, and nothing is ever taken from it that is not checked against its sha256.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod directory;
mod entry;
mod error;
mod text;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

pub use entry::{Entry, RecordedPlatform, Way};
pub use error::RecordError;

use crate::dag::PinnedDagSpec;
use crate::layers::Digest;
use directory::Directory;

/// How many deploys of one DAG to one control plane are kept.
pub const MOST_ENTRIES: usize = 100;

/// Is told what goes wrong.
pub type OnFault = Arc<dyn Fn(&RecordError) + Send + Sync>;

/// The record of deploys, or none; clones share it.
#[derive(Clone)]
pub struct Records(Option<Open>);

#[derive(Clone)]
struct Open {
    root: PathBuf,
    on_fault: OnFault,
}

impl Records {
    /// Returns a record that keeps nothing.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Opens the record at `root`, which need not exist yet.
    #[must_use]
    pub fn open(root: PathBuf, on_fault: OnFault) -> Self {
        Self(Some(Open { root, on_fault }))
    }

    /// Notes a deploy, unless the last one left the same version behind already. A fault is told and is none of the
    /// deploy's.
    pub fn append(&self, entry: &Entry, spec: &PinnedDagSpec) {
        self.told(|open| open.append(entry, spec));
    }

    /// Returns the deploys of a DAG to a server, the newest first; damaged ones are told and passed over.
    #[must_use]
    pub fn entries(&self, server: &str, dag_id: &str) -> Vec<Entry> {
        self.told(|open| open.entries(server, dag_id)).unwrap_or_default()
    }

    /// Returns the last deploy of a DAG to a server.
    #[must_use]
    pub fn last(&self, server: &str, dag_id: &str) -> Option<Entry> {
        self.entries(server, dag_id).into_iter().next()
    }

    /// Returns the servers that a DAG was deployed to.
    #[must_use]
    pub fn servers(&self, dag_id: &str) -> Vec<String> {
        let Some(open) = &self.0 else { return Vec::new() };
        let all = Directory::all_of(&open.root, dag_id);
        // Whatever cannot be read is told once its server is asked for.
        let last =
            all.iter().filter_map(|directory| directory.lines().ok()?.iter().rev().find_map(|line| Entry::parse(line)));
        let mut servers: Vec<String> = last.map(|entry| entry.server).collect();
        servers.sort();
        servers
    }

    /// Returns the dag.json that an entry is of, byte for byte; one that is gone or damaged is told and is none.
    #[must_use]
    pub fn spec(&self, entry: &Entry) -> Option<Vec<u8>> {
        self.told(|open| open.spec(entry))
    }

    fn told<T>(&self, work: impl FnOnce(&Open) -> Result<T, RecordError>) -> Option<T> {
        let open = self.0.as_ref()?;
        work(open).inspect_err(|error| (open.on_fault)(error)).ok()
    }
}

impl Open {
    fn directory(&self, server: &str, dag_id: &str) -> Directory {
        Directory::new(&self.root, server, dag_id)
    }

    fn append(&self, entry: &Entry, spec: &PinnedDagSpec) -> Result<(), RecordError> {
        let directory = self.directory(&entry.server, &entry.dag_id);
        let _lock = directory.lock()?;
        let mut lines = directory.lines()?;
        let last = lines.iter().rev().find_map(|line| Entry::parse(line));
        if last.is_some_and(|last| last.is_same_version(entry)) && directory.spec(&entry.spec).is_ok() {
            return Ok(());
        }
        lines.push(entry.to_line());
        lines.drain(..lines.len().saturating_sub(MOST_ENTRIES));
        directory.put_spec(&entry.spec, spec.json())?;
        directory.put_lines(&lines)?;
        directory.sweep(&lines)
    }

    fn entries(&self, server: &str, dag_id: &str) -> Result<Vec<Entry>, RecordError> {
        let directory = self.directory(server, dag_id);
        let lines = directory.lines()?;
        let is_ours = |entry: &Entry| entry.server == server && entry.dag_id == dag_id;
        let read: Vec<Entry> = lines.iter().rev().filter_map(|line| Entry::parse(line).filter(is_ours)).collect();
        if let damaged @ 1.. = lines.len() - read.len() {
            (self.on_fault)(&RecordError::Damaged { file: directory.deploys(), entries: damaged });
        }
        Ok(read)
    }

    fn spec(&self, entry: &Entry) -> Result<Vec<u8>, RecordError> {
        let directory = self.directory(&entry.server, &entry.dag_id);
        let bytes = directory.spec(&entry.spec)?;
        match Digest::of(&bytes) == entry.spec {
            true => Ok(bytes),
            false => Err(RecordError::WrongSpec { file: directory.spec_file(&entry.spec) }),
        }
    }
}
