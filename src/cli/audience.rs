//! Who listens to what happens, beside whoever sits at the terminal: the file of `--events`, and the CI system around us.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::account::Account;
use super::args::OutputArgs;
use super::ci::{Ci, Severity, Surroundings};
use super::environment::Environment;
use super::events::Events;
use super::exit::Exit;
use super::report::{Failure, Report};
use super::run::report_json;
use crate::deploy::Step;
use crate::packages::index::IndexEvent;
use crate::registry::Event;

tokio::task_local! {
    /// The DAG that is worked on.
    static DAG: String;
}

/// Does what belongs to one DAG: whatever is told meanwhile carries its `dag_id`.
pub async fn about<T>(dag_id: &str, work: impl Future<Output = T>) -> T {
    DAG.scope(dag_id.to_owned(), work).await
}

/// Passes on what happens; all copies are of one.
#[derive(Clone)]
pub struct Audience(Arc<Listening>);

struct Listening {
    /// What was typed, without arguments: those may hold secrets.
    command: String,
    begun: Instant,
    events: Events,
    ci: Ci,
}

impl Audience {
    /// Opens what is to be written, and tells that the command begins.
    ///
    /// # Errors
    /// When the file of `--events` cannot be opened, or `LEOFLOW_CI` means nothing.
    pub fn begin(command: String, environment: &Environment, output: &OutputArgs) -> Result<Self, Failure> {
        let events = match &output.events {
            Some(path) => Events::open(environment.directory.join(path))?,
            None => Events::none(),
        };
        let ci = Ci::new(environment.ci()?, environment.directory.clone());
        let audience = Self(Arc::new(Listening { command, begun: Instant::now(), events, ci }));
        let (command, version) = (&audience.0.command, env!("CARGO_PKG_VERSION"));
        audience.emit("started", json!({"command": command, "version": version}));
        Ok(audience)
    }

    /// Nobody listens.
    #[must_use]
    pub fn none() -> Self {
        let (events, ci) = (Events::none(), Ci::none());
        Self(Arc::new(Listening { command: String::new(), begun: Instant::now(), events, ci }))
    }

    /// Only the CI system listens, and no command runs.
    #[must_use]
    pub fn outside(around: Surroundings) -> Self {
        let (events, ci) = (Events::none(), Ci::new(around, PathBuf::new()));
        Self(Arc::new(Listening { command: String::new(), begun: Instant::now(), events, ci }))
    }

    /// Tells that a step is done.
    pub fn step(&self, step: &Step<'_>, account: &Account) {
        if let Step::Compiled(compiled) = step {
            self.0.ci.compiled(&compiled.spec);
        }
        if let Some((event, facts)) = super::events::step(step, account) {
            self.emit(event, facts);
        }
    }

    /// Tells of blobs on their way to a registry.
    pub fn transfer(&self, event: &Event) {
        if let Some((event, facts)) = self.0.events.transfer(event, self.0.begun.elapsed()) {
            self.emit(event, facts);
        }
    }

    /// Tells of wheels on their way here.
    pub fn download(&self, event: &IndexEvent) {
        if let Some((event, facts)) = self.0.events.download(event, self.0.begun.elapsed()) {
            self.emit(event, facts);
        }
    }

    /// Tells that a call to the control plane is made again.
    pub fn retry(&self, attempted: &str, reason: &str, after: Duration) {
        let (event, facts) = super::events::retry(attempted, reason, after);
        self.emit(event, facts);
    }

    /// Tells what came of one of several DAGs.
    pub fn outcome(&self, dag_id: &str, status: &str, phase: &str, seconds: f64) {
        let facts = json!({"dag_id": dag_id, "status": status, "phase": phase, "seconds": seconds});
        self.emit("outcome", facts);
    }

    /// Tells the state that a run has now: `queued`, `running`, `success`, `failed`.
    pub fn run_state(&self, dag_id: &str, dag_run_id: &str, state: &str) {
        self.emit("run_state", json!({"dag_id": dag_id, "dag_run_id": dag_run_id, "state": state}));
    }

    /// Tells the state that a task of a run has now.
    pub fn task_state(&self, dag_id: &str, dag_run_id: &str, task_id: &str, state: &str) {
        let facts = json!({"dag_id": dag_id, "dag_run_id": dag_run_id, "task_id": task_id, "state": state});
        self.emit("task_state", facts);
    }

    /// Tells a warning or an error.
    pub fn report(&self, report: &Report, severity: Severity) {
        self.emit(severity.name(), report_json(report));
    }

    /// Returns the lines that make the CI system show a warning or an error where it belongs.
    #[must_use]
    pub fn annotation(&self, report: &Report, severity: Severity) -> Option<String> {
        self.0.ci.annotation(report, severity)
    }

    /// Tells the result of the command: as people read it, and as scripts do.
    pub fn result(&self, text: &str, json: &Value) {
        self.emit("result", json!({"result": json}));
        self.0.ci.result(&self.0.command, text, json);
    }

    /// Tells that the command failed; the errors were told before.
    pub fn failed(&self, failure: &Failure) {
        self.0.ci.failed(&self.0.command, failure);
    }

    /// Tells that the command has ended, and returns what could not be told.
    #[must_use]
    pub fn end(&self, exit: Exit) -> Vec<Report> {
        let seconds = self.0.begun.elapsed().as_millis() as f64 / 1000.0;
        self.emit("ended", json!({"exit_code": exit as u8, "kind": exit.kind(), "seconds": seconds}));
        self.0.ci.end(exit);
        self.0.events.fault().into_iter().chain(self.0.ci.faults()).collect()
    }

    /// Returns the line that begins a part of the log that can be folded away, unless it lies in another.
    #[must_use]
    pub fn group(&self, title: &str) -> Option<String> {
        self.0.ci.begin_group(title)
    }

    /// Returns the line that ends it.
    #[must_use]
    pub fn group_end(&self) -> Option<String> {
        self.0.ci.end_group()
    }

    /// Returns text that cannot command the CI system, whoever wrote it.
    #[must_use]
    pub fn harmless<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.0.ci.harmless(text)
    }

    /// Returns a JSON text that cannot command the CI system and means the same.
    #[must_use]
    pub fn harmless_json(&self, json: String) -> String {
        self.0.ci.harmless_json(json)
    }

    /// Returns the files that are written to: they are no part of any project.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        self.0.events.path().into_iter().chain(self.0.ci.files()).collect()
    }

    fn emit(&self, event: &str, facts: Value) {
        self.0.events.emit(event, facts, DAG.try_with(String::clone).ok());
    }
}
