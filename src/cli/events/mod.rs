//! `--events FILE`: what happens, as it happens, one JSON object a line (`docs/events.md`).

mod steps;
mod transfers;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use self::transfers::Transfers;
use super::report::{Failure, Report, reason};
use crate::packages::index::IndexEvent;
use crate::registry::Event;
use crate::time::rfc3339_milliseconds;

pub(super) use steps::step;

/// The name of an event, and its facts.
pub(super) type Named = (&'static str, Value);

/// Writes events to a file, or nowhere.
pub(super) struct Events(Option<Listener>);

struct Listener {
    path: PathBuf,
    writing: Mutex<Writing>,
    transfers: Mutex<Transfers>,
}

enum Writing {
    To(File),
    /// Nothing more is written: half a line may be there.
    Failed(std::io::Error),
}

impl Events {
    /// Nobody asked for them.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Opens the file, and empties it unless it is a pipe, a device, or another process's (`/dev/fd/3`).
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(path: PathBuf) -> Result<Self, Failure> {
        if path.file_name().is_some_and(|name| name == "-") {
            return Err(Failure::usage(
                "--events cannot go to stdout, which has the result",
                "name a file or a pipe: `--events /dev/fd/3 3>events.ndjson`, or `--events /dev/stderr --quiet`",
            ));
        }
        let file = opened(&path).map_err(|error| {
            let message = format!("cannot write events to `{}`: {}", path.display(), reason(&error));
            Failure::usage(message, "name a file in a directory that you can write to")
        })?;
        let (writing, transfers) = (Mutex::new(Writing::To(file)), Mutex::default());
        Ok(Self(Some(Listener { path, writing, transfers })))
    }

    /// Writes an event; every one says when, and which DAG it is about where that is known.
    pub(super) fn emit(&self, event: &str, mut facts: Value, dag_id: Option<String>) {
        let Some(listener) = &self.0 else { return };
        facts["schema"] = "leoflow.event/v1".into();
        facts["event"] = event.into();
        if let (Some(dag_id), None) = (dag_id, facts.get("dag_id")) {
            facts["dag_id"] = dag_id.into();
        }
        listener.write(facts);
    }

    /// Returns what there is to tell of blobs on their way; `now` counts from any fixed point.
    pub(super) fn transfer(&self, event: &Event, now: Duration) -> Option<Named> {
        self.0.as_ref()?.transfers().blob(event, now)
    }

    /// Returns what there is to tell of wheels on their way.
    pub(super) fn download(&self, event: &IndexEvent, now: Duration) -> Option<Named> {
        self.0.as_ref()?.transfers().wheel(event, now)
    }

    /// Returns why events are missing, if some are.
    pub(super) fn fault(&self) -> Option<Report> {
        let listener = self.0.as_ref()?;
        let Writing::Failed(error) = &*listener.writing() else { return None };
        let message = format!("cannot write events to `{}`: {}", listener.path.display(), reason(error));
        let help = "the command went on without them; only its events are incomplete".to_owned();
        Some(Report::new(message).help(Some(help)))
    }

    /// Returns the file.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.0.as_ref().map(|listener| listener.path.clone())
    }
}

impl Listener {
    /// The time is taken while nobody else writes: lines are in its order.
    fn write(&self, mut facts: Value) {
        let mut writing = self.writing();
        let Writing::To(file) = &mut *writing else { return };
        facts["time"] = now().into();
        // A log that GitHub reads may be where they go: no text in them is a command of it.
        let line = format!("{facts}\n").replace("##[", "#\\u0023[");
        if let Err(error) = file.write_all(line.as_bytes()) {
            *writing = Writing::Failed(error);
        }
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn transfers(&self) -> MutexGuard<'_, Transfers> {
        self.transfers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn opened(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    let is_another_s = path.starts_with("/dev") || path.starts_with("/proc");
    if file.metadata()?.is_file() && !is_another_s {
        file.set_len(0)?;
    }
    Ok(file)
}

fn now() -> String {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    rfc3339_milliseconds(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

/// What is tried again, of any kind.
pub(super) fn retry(attempted: &str, reason: &str, after: Duration) -> Named {
    ("retry", json!({"attempted": attempted, "reason": reason, "after_seconds": after.as_millis() as f64 / 1000.0}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_anew_and_a_line_says_what_when_and_of_which_dag() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.ndjson");
        std::fs::write(&path, "old\n").unwrap();
        let events = Events::open(path.clone()).unwrap();
        events.emit("a", json!({"x": "two\nlines"}), Some("etl".to_owned()));
        events.emit("b", json!({"dag_id": "own"}), Some("etl".to_owned()));
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(
            (&lines[0]["event"], &lines[0]["dag_id"], &lines[0]["x"]),
            (&json!("a"), &json!("etl"), &json!("two\nlines"))
        );
        assert_eq!(lines[1]["dag_id"], "own");
        assert_eq!(lines[0]["time"].as_str().unwrap().len(), "2026-11-23T03:34:00.123Z".len());
        assert!(events.fault().is_none());
    }

    #[test]
    fn what_cannot_be_written_is_told_once_and_nothing_is_written_after_it() {
        let events = Events::open("/dev/full".into()).unwrap();
        events.emit("a", json!({}), None);
        events.emit("b", json!({}), None);
        let fault = events.fault().unwrap();
        assert!(fault.message.starts_with("cannot write events to `/dev/full`: No space"), "{}", fault.message);
    }

    #[test]
    fn what_cannot_be_opened_is_a_fault_of_the_command_line() {
        for path in ["/nowhere/events.ndjson", "/tmp", "/tmp/-"] {
            let failure = Events::open(path.into()).err().unwrap();
            assert_eq!(failure.exit, crate::cli::exit::Exit::Usage, "{path}");
        }
    }
}
