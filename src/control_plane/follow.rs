//! A run followed to its end: asked for again and again, gently.
//!
//! Nothing here ends or changes a run. An answer that does not come is asked for again, for a while; what was learnt up
//! to then is kept in [`Followed`], also when the future that follows is dropped.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::exchange::{self, Answer, Call};
use super::retry::too_late;
use super::{ControlPlane, ControlPlaneError, Run, RunOutcome, TaskInstance};
use crate::http;

/// How long one answer is waited for.
const ANSWER: Duration = Duration::from_secs(30);

/// How often a server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The pause after something changed; it doubles while nothing does.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How long a server that does not answer any more is asked again.
    pub patience: Duration,
    /// How long one that has told nothing of the run yet is: it may not be there at all.
    pub first_patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(250),
            longest: Duration::from_secs(5),
            patience: Duration::from_secs(5 * 60),
            first_patience: Duration::from_secs(10),
        }
    }
}

/// What was learnt of a run that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The DAG.
    pub dag_id: String,
    /// The run.
    pub run: Run,
    /// Its tasks, by name; `None` when the server does not tell.
    pub tasks: Option<Vec<TaskInstance>>,
}

/// What is new.
#[derive(Debug)]
pub enum Seen<'a> {
    /// The run has another state.
    Run(&'a Run),
    /// A task has another state.
    Task(&'a TaskInstance),
    /// The server does not tell of tasks; only the run is followed.
    NoTasks(&'a ControlPlaneError),
    /// All that changed since the last time was told.
    Everything(&'a Followed),
}

impl Followed {
    /// Prepares to follow a run of which only the name is known.
    #[must_use]
    pub fn new(dag_id: impl Into<String>, run: Run) -> Self {
        Self { dag_id: dag_id.into(), run, tasks: Some(Vec::new()) }
    }

    /// Follows it to its end; `tell` hears what changes.
    ///
    /// # Errors
    /// When the server refuses to tell, or does not answer for as long as `pace` has patience.
    pub async fn to_end(
        &mut self,
        plane: &ControlPlane,
        pace: Pace,
        tell: &(dyn Fn(Seen<'_>) + Send + Sync),
    ) -> Result<RunOutcome, ControlPlaneError> {
        let (mut quiet, mut failing) = (0, None);
        loop {
            let pause = match self.look(plane, tell).await {
                Ok(Look { outcome: Some(outcome), .. }) => return Ok(outcome),
                Ok(Look { changed, .. }) => {
                    quiet = if changed { 1 } else { quiet + 1 };
                    failing = None;
                    http::pause(pace.first, quiet, pace.longest)
                }
                Err(error) => {
                    let patience = if self.run.state.is_some() { pace.patience } else { pace.first_patience };
                    failing.get_or_insert_with(|| Failing::new(pace, patience)).pause(plane, error)?
                }
            };
            sleep(pause).await;
        }
    }

    async fn look(
        &mut self,
        plane: &ControlPlane,
        tell: &(dyn Fn(Seen<'_>) + Send + Sync),
    ) -> Result<Look, ControlPlaneError> {
        let run = plane.run(&self.dag_id, &self.run.dag_run_id).await?;
        // Asked for after the run: of one that has ended, the tasks are the last word.
        let tasks = self.ask_tasks(plane, tell).await?;
        let mut changed = run != self.run;
        if changed {
            self.run = run;
            tell(Seen::Run(&self.run));
        }
        if let (Some(tasks), Some(known)) = (tasks, &mut self.tasks) {
            changed |= note(known, tasks, tell);
        }
        if changed {
            tell(Seen::Everything(self));
        }
        Ok(Look { outcome: self.run.outcome(), changed })
    }

    /// Returns the tasks, as long as the server tells of them. That it does not is no reason to lose sight of the run.
    async fn ask_tasks(
        &mut self,
        plane: &ControlPlane,
        tell: &(dyn Fn(Seen<'_>) + Send + Sync),
    ) -> Result<Option<Vec<TaskInstance>>, ControlPlaneError> {
        if self.tasks.is_none() {
            return Ok(None);
        }
        match plane.task_instances(&self.dag_id, &self.run.dag_run_id).await {
            Ok(tasks) => Ok(Some(tasks)),
            Err(error) if error.may_pass() || matches!(error, ControlPlaneError::Refused { status: 401, .. }) => {
                Err(error)
            }
            Err(error) => {
                self.tasks = None;
                tell(Seen::NoTasks(&error));
                Ok(None)
            }
        }
    }
}

/// What one look came to.
struct Look {
    outcome: Option<RunOutcome>,
    changed: bool,
}

/// Tells the tasks whose state or attempt is another, and returns whether there are any.
fn note(known: &mut Vec<TaskInstance>, mut tasks: Vec<TaskInstance>, tell: &dyn Fn(Seen<'_>)) -> bool {
    tasks.sort_by_cached_key(|task| (task.task_id.clone(), task.map_index));
    let before: HashMap<_, _> = known.iter().map(|task| (key(task), stage(task))).collect();
    let new: Vec<&TaskInstance> = tasks.iter().filter(|task| before.get(&key(task)) != Some(&stage(task))).collect();
    new.iter().for_each(|task| tell(Seen::Task(task)));
    let changed = !new.is_empty();
    *known = tasks;
    changed
}

fn key(task: &TaskInstance) -> (&str, Option<i64>) {
    (&task.task_id, task.map_index)
}

fn stage(task: &TaskInstance) -> (Option<&str>, Option<u64>) {
    (task.state.as_deref(), task.try_number)
}

/// A server that does not answer.
struct Failing {
    since: Instant,
    failures: u32,
    pace: Pace,
    patience: Duration,
}

impl Failing {
    fn new(pace: Pace, patience: Duration) -> Self {
        Self { since: Instant::now(), failures: 0, pace, patience }
    }

    /// Returns how long to wait before it is asked again, or the error once patience is at its end.
    fn pause(&mut self, plane: &ControlPlane, error: ControlPlaneError) -> Result<Duration, ControlPlaneError> {
        self.failures += 1;
        let pause = http::pause(self.pace.first, self.failures + 1, self.pace.longest);
        let pause = error.retry_after().unwrap_or(pause);
        if !error.may_pass() || self.since.elapsed() + pause > self.patience {
            return Err(error);
        }
        plane.tell(error.attempted().unwrap_or("follow the run"), &error, pause);
        Ok(pause)
    }
}

impl ControlPlane {
    /// Makes a call, and does not make it again: whoever follows a run asks for it again anyway.
    pub(super) async fn asked_once(&self, call: &Call<'_>) -> Result<Answer, ControlPlaneError> {
        let limit = ANSWER.min(self.deadline);
        let answer = timeout(limit, exchange::once(self, call, false)).await;
        answer.unwrap_or_else(|_| Err(too_late(self, &call.attempted, limit)))
    }
}
