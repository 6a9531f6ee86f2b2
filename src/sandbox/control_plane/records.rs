//! What the stand-in knows, in files that people can read:
//!
//! ```text
//! dags/<dag_id>/versions/<version>.json         the spec, as it was received
//! dags/<dag_id>/versions/<version>.record.json  what was answered to it
//! dags/<dag_id>/current.json                    the record of the version registered last
//! dags/<dag_id>/runs/<dag_run_id>.json          a run
//! dags/<dag_id>/tasks/<dag_run_id>.json         its tasks, once somebody has looked at them
//! connections.json                              the connections there are, `["warehouse", …]`; yours to write
//! _temporary/                                   what was not finished; the next start throws it away
//! ```

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::instances;
use super::problem::Problem;
use crate::dag::PinnedDagSpec;

/// No part of a record's path is called so.
const TEMPORARY: &str = "_temporary";

/// The connections there are, where somebody wants them to be others than are needed.
const CONNECTIONS: &str = "connections.json";

/// The least length of a version, in hexadecimal digits of the spec's hash.
const VERSION_DIGITS: usize = 7;

/// The files, changed by one request at a time.
pub(super) struct Records {
    root: PathBuf,
    lock: Mutex<()>,
}

/// A run that is asked for.
pub(super) struct NewRun {
    pub(super) dag_run_id: String,
    pub(super) logical_date: Value,
    pub(super) conf: Value,
    pub(super) note: Value,
}

/// Returns the file that holds a registered spec.
pub(in crate::sandbox) fn record(root: &Path, dag_id: &str, version: &str) -> PathBuf {
    root.join("dags").join(dag_id).join("versions").join(format!("{version}.json"))
}

/// Returns the file of connections that somebody may write.
pub(in crate::sandbox) fn connections(root: &Path) -> PathBuf {
    root.join(CONNECTIONS)
}

/// Says whether a run may be called so: as Airflow has it, and fit to be a file name.
pub(super) fn is_run_id(id: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_.:+~-".contains(&b);
    (1..=200).contains(&id.len()) && !id.starts_with('.') && id.bytes().all(fits)
}

/// Says whether a DAG may be called so (contract section 1).
fn is_dag_id(id: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (1..=200).contains(&id.len()) && !id.starts_with('-') && id.bytes().all(fits)
}

impl Records {
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        let temporary = root.join(TEMPORARY);
        match fs::remove_dir_all(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&temporary)?,
        }
        fs::create_dir_all(root.join("dags"))?;
        Ok(Self { root, lock: Mutex::default() })
    }

    /// Keeps a spec; returns its record and whether it was new.
    pub(super) fn register(&self, dag_id: &str, image: &str, spec: &[u8]) -> io::Result<(Value, bool)> {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let hash: String = Sha256::digest(spec).iter().map(|byte| format!("{byte:02x}")).collect();
        let versions = self.dag_directory(dag_id).join("versions");
        fs::create_dir_all(&versions)?;
        for digits in VERSION_DIGITS..=hash.len() {
            let version = &hash[..digits];
            let record_file = versions.join(format!("{version}.record.json"));
            let record = match read(&record_file)? {
                Some(record) if record["spec_hash"] == hash.as_str() => (record, false),
                Some(_) => continue,
                None => (json!({ "dag_id": dag_id, "version": version, "spec_hash": hash, "image": image }), true),
            };
            if record.1 {
                self.write(&record_file.with_file_name(format!("{version}.json")), spec)?;
                self.write_value(&record_file, &record.0)?;
            }
            self.write_value(&self.dag_directory(dag_id).join("current.json"), &record.0)?;
            return Ok(record);
        }
        Err(io::Error::other("two specs have one hash"))
    }

    /// Returns the record of the version that was registered last.
    pub(super) fn dag(&self, dag_id: &str) -> Result<Value, Problem> {
        let unknown = || Problem::not_found(format!("there is no DAG `{dag_id}`"));
        if !is_dag_id(dag_id) {
            return Err(unknown());
        }
        read(&self.dag_directory(dag_id).join("current.json"))?.ok_or_else(unknown)
    }

    /// Notes a run of a DAG that is known; nothing will run it.
    pub(super) fn trigger(&self, dag_id: &str, run: NewRun) -> Result<Value, Problem> {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let dag = self.dag(dag_id)?;
        let file = self.run_file(dag_id, &run.dag_run_id);
        if file.exists() {
            return Err(Problem::conflict(format!("the DAG `{dag_id}` has a run `{}` already", run.dag_run_id)));
        }
        let run = json!({
            "dag_id": dag_id, "dag_run_id": run.dag_run_id, "dag_version": dag["version"],
            "logical_date": run.logical_date, "conf": run.conf, "note": run.note, "state": "queued",
        });
        self.write_value(&file, &run)?;
        Ok(run)
    }

    /// Returns a run, which gets on by one state each time it is looked at; once its tasks are looked at, it ends with
    /// them.
    pub(super) fn poll(&self, dag_id: &str, run_id: &str) -> Result<Value, Problem> {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let mut run = self.run(dag_id, run_id)?;
        let tasks = read(&self.tasks_file(dag_id, run_id))?;
        let outcome = match &tasks {
            Some(tasks) => instances::outcome_of_run(tasks.as_array().map(Vec::as_slice).unwrap_or_default()),
            None => Some("success"),
        };
        match run["state"].as_str() {
            Some("queued") => run["state"] = json!("running"),
            Some("running") => run["state"] = json!(outcome.unwrap_or("running")),
            _ => {}
        }
        self.write_value(&self.run_file(dag_id, run_id), &run)?;
        Ok(run)
    }

    /// Returns the tasks of a run, which get on by one step each time they are looked at, as long as the run does.
    pub(super) fn poll_tasks(&self, dag_id: &str, run_id: &str, now: u64) -> Result<Vec<Value>, Problem> {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let run = self.run(dag_id, run_id)?;
        let file = self.tasks_file(dag_id, run_id);
        let spec = fs::read(record(&self.root, dag_id, run["dag_version"].as_str().unwrap_or_default()))?;
        let spec: Value = serde_json::from_slice(&spec).map_err(io::Error::from)?;
        let mut tasks = match read(&file)? {
            Some(Value::Array(tasks)) => tasks,
            _ => instances::begin(dag_id, run_id, &spec),
        };
        if run["state"] == "running" {
            instances::advance(&mut tasks, &spec, now);
        }
        self.write_value(&file, &json!(tasks))?;
        Ok(tasks)
    }

    fn run(&self, dag_id: &str, run_id: &str) -> Result<Value, Problem> {
        self.dag(dag_id)?;
        let unknown = || Problem::not_found(format!("the DAG `{dag_id}` has no run `{run_id}`"));
        if !is_run_id(run_id) {
            return Err(unknown());
        }
        read(&self.run_file(dag_id, run_id))?.ok_or_else(unknown)
    }

    /// Returns the connections that somebody wrote down, or else all that the DAGs need, so that none is missing.
    pub(super) fn connections(&self) -> io::Result<Vec<String>> {
        match read(&connections(&self.root))? {
            Some(given) => Ok(serde_json::from_value(given)?),
            None => self.needed_connections(),
        }
    }

    /// Returns the connections that the DAGs need, sorted.
    fn needed_connections(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.root.join("dags"))? {
            let dag_id = entry?.file_name().to_string_lossy().into_owned();
            let Some(current) = read(&self.dag_directory(&dag_id).join("current.json"))? else { continue };
            let spec = fs::read(record(&self.root, &dag_id, current["version"].as_str().unwrap_or_default()))?;
            names.extend(PinnedDagSpec::from_json(spec).iter().flat_map(|spec| spec.connections().to_vec()));
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn dag_directory(&self, dag_id: &str) -> PathBuf {
        self.root.join("dags").join(dag_id)
    }

    fn run_file(&self, dag_id: &str, run_id: &str) -> PathBuf {
        self.dag_directory(dag_id).join("runs").join(format!("{run_id}.json"))
    }

    fn tasks_file(&self, dag_id: &str, run_id: &str) -> PathBuf {
        self.dag_directory(dag_id).join("tasks").join(format!("{run_id}.json"))
    }

    fn write_value(&self, file: &Path, value: &Value) -> io::Result<()> {
        self.write(file, format!("{value:#}\n").as_bytes())
    }

    /// Replaces a file as a whole; it can be read by its owner only.
    fn write(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(file.parent().unwrap_or(file))?;
        let mut temporary = NamedTempFile::new_in(self.root.join(TEMPORARY))?;
        temporary.write_all(bytes)?;
        temporary.persist(file).map(drop).map_err(|error| error.error)
    }
}

fn read(file: &Path) -> io::Result<Option<Value>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
