//! Runs: started under a name of ours, and looked at.

use reqwest::Method;
use serde_json::{Value, json};

use super::exchange::Call;
use super::{Answer, ControlPlane, ControlPlaneError};

/// How many names are tried for a run: each is another second's.
const NAMES: u64 = 10;

/// A run, as the server last told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// `manual__<unix seconds>`
    pub dag_run_id: String,
    /// `queued`, `running`…
    pub state: Option<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// `success`
    Success,
    /// `failed`
    Failed,
}

/// A task of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskInstance {
    /// The task.
    pub task_id: String,
    /// Which instance of a mapped task.
    pub map_index: Option<i64>,
    /// `queued`, `running`, `success`, `up_for_retry`…; nothing before the scheduler has looked at it.
    pub state: Option<String>,
    /// Which attempt, from 1.
    pub try_number: Option<u64>,
    /// When it began, as the server wrote it (RFC 3339).
    pub start_date: Option<String>,
    /// When it ended, as the server wrote it.
    pub end_date: Option<String>,
}

impl Run {
    /// Returns how it ended, `None` while it goes on.
    #[must_use]
    pub fn outcome(&self) -> Option<RunOutcome> {
        match self.state.as_deref()? {
            "success" => Some(RunOutcome::Success),
            "failed" => Some(RunOutcome::Failed),
            _ => None,
        }
    }
}

impl TaskInstance {
    /// Returns `task_id`, or `task_id[0]` of a mapped task.
    #[must_use]
    pub fn name(&self) -> String {
        self.map_index.map_or_else(|| self.task_id.clone(), |index| format!("{}[{index}]", self.task_id))
    }

    /// Returns whether nothing more comes of it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.state.as_deref(), Some("success" | "failed" | "skipped" | "upstream_failed" | "removed"))
    }

    fn of(entry: &Value) -> Option<Self> {
        let text = |field: &str| entry[field].as_str().map(str::to_owned);
        Some(Self {
            task_id: text("task_id")?,
            // Airflow calls an instance that is not mapped -1.
            map_index: entry["map_index"].as_i64().filter(|index| *index >= 0),
            state: text("state"),
            try_number: entry["try_number"].as_u64(),
            start_date: text("start_date"),
            end_date: text("end_date"),
        })
    }
}

impl ControlPlane {
    /// Starts a run called `run_id`.
    ///
    /// # Errors
    /// When the server refuses it or cannot be reached.
    pub async fn trigger(&self, dag_id: &str, run_id: &str) -> Result<Run, ControlPlaneError> {
        let call = Call {
            attempted: format!("start the run `{run_id}` of `{dag_id}`"),
            method: Method::POST,
            path: &["api", "v2", "dags", dag_id, "dagRuns"],
            query: Vec::new(),
            body: Some(json!({ "dag_run_id": run_id }).to_string().into_bytes()),
            secrets: self.token.iter().collect(),
        };
        match self.call(&call).await {
            Ok(answer) => answer.run(run_id),
            // The first attempt arrived although its answer did not: the name is ours.
            Err(ControlPlaneError::Refused { status: 409, repeated: true, .. }) => {
                Ok(Run { dag_run_id: run_id.to_owned(), state: None })
            }
            Err(error) => Err(error),
        }
    }

    /// Starts a run called `manual__<seconds>`, or by one of the next seconds when that name is taken: somebody else
    /// started one in the same second.
    ///
    /// # Errors
    /// When the server refuses it or cannot be reached.
    pub async fn trigger_at(&self, dag_id: &str, seconds: u64) -> Result<Run, ControlPlaneError> {
        let mut name = seconds;
        loop {
            match self.trigger(dag_id, &format!("manual__{name}")).await {
                Err(ControlPlaneError::Refused { status: 409, .. }) if name - seconds + 1 < NAMES => name += 1,
                outcome => return outcome,
            }
        }
    }

    /// Returns a run.
    ///
    /// # Errors
    /// When there is no such run, or the server refuses to tell or cannot be reached.
    pub async fn run(&self, dag_id: &str, run_id: &str) -> Result<Run, ControlPlaneError> {
        let path = &["api", "v2", "dags", dag_id, "dagRuns", run_id];
        self.asked_once(&self.get(of_run("ask for", dag_id, run_id), path)).await?.run(run_id)
    }

    /// Returns the tasks of a run, in the server's order.
    ///
    /// # Errors
    /// When the server does not know how, refuses to tell or cannot be reached.
    pub async fn task_instances(&self, dag_id: &str, run_id: &str) -> Result<Vec<TaskInstance>, ControlPlaneError> {
        let path = &["api", "v2", "dags", dag_id, "dagRuns", run_id, "taskInstances"];
        let call = self.get(of_run("list the tasks of", dag_id, run_id), path);
        let entries = self.entries(call, "task_instances", async |call| self.asked_once(call).await).await?;
        Ok(entries.iter().filter_map(TaskInstance::of).collect())
    }
}

fn of_run(attempted: &str, dag_id: &str, run_id: &str) -> String {
    format!("{attempted} the run `{run_id}` of `{dag_id}`")
}

impl Answer {
    fn run(&self, run_id: &str) -> Result<Run, ControlPlaneError> {
        self.must_agree("dag_run_id", run_id)?;
        Ok(Run { dag_run_id: run_id.to_owned(), state: self.json["state"].as_str().map(str::to_owned) })
    }
}
