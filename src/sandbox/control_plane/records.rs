//! What the stand-in knows, in files that people can read:
//!
//! ```text
//! dags/<dag_id>/versions/<version>.json         the spec, as it was received
//! dags/<dag_id>/versions/<version>.record.json  what was answered to it
//! dags/<dag_id>/current.json                    the record of the version registered last
//! dags/<dag_id>/runs/<dag_run_id>.json          a run
//! _temporary/                                   what was not finished; the next start throws it away
//! ```

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::problem::Problem;
use crate::dag::PinnedDagSpec;

/// No part of a record's path is called so.
const TEMPORARY: &str = "_temporary";

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

    /// Returns a run, which gets on by one state each time it is looked at.
    pub(super) fn poll(&self, dag_id: &str, run_id: &str) -> Result<Value, Problem> {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.dag(dag_id)?;
        let unknown = || Problem::not_found(format!("the DAG `{dag_id}` has no run `{run_id}`"));
        if !is_run_id(run_id) {
            return Err(unknown());
        }
        let file = self.run_file(dag_id, run_id);
        let mut run = read(&file)?.ok_or_else(unknown)?;
        run["state"] = json!(if run["state"] == "queued" { "running" } else { "success" });
        self.write_value(&file, &run)?;
        Ok(run)
    }

    /// Returns the connections that the DAGs need, sorted.
    pub(super) fn connections(&self) -> io::Result<Vec<String>> {
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
