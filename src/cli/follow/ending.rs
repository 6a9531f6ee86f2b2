//! What following a run came to: for people, for scripts, as an exit code.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::named;
use super::told::attempt;
use crate::cli::building::count;
use crate::cli::exit::Exit;
use crate::cli::pages;
use crate::cli::report::Failure;
use crate::cli::server::shown;
use crate::cli::session::Session;
use crate::cli::time::duration;
use crate::control_plane::{Followed, RunOutcome, TaskInstance};

/// How many tasks that failed are named.
const NAMED: usize = 20;

/// A run that is followed no more.
pub(in crate::cli) struct Ending {
    pub(super) server: Url,
    pub(super) followed: Followed,
    pub(super) end: End,
    pub(super) after: Duration,
    /// How to go on following.
    pub(super) again: String,
    pub(super) is_sandbox: bool,
}

/// Why it is followed no more.
pub(super) enum End {
    /// It has ended.
    Of(RunOutcome),
    /// `--timeout` has passed.
    TimeIsUp,
    /// The server does not tell any more.
    Lost(Failure),
}

impl Ending {
    /// Returns the line that tells of a run that succeeded.
    pub(in crate::cli) fn text(&self) -> String {
        match self.end {
            End::Of(RunOutcome::Success) => {
                let tasks = self.followed.tasks.as_ref().filter(|tasks| !tasks.is_empty());
                let tasks = tasks.map(|tasks| format!(", {}", count(tasks.len(), "task"))).unwrap_or_default();
                let Followed { dag_id, run, .. } = &self.followed;
                let ran = if self.is_sandbox { "  the sandbox ran none of them\n" } else { "" };
                format!("Run {} of {dag_id}: success after {}{tasks}\n{ran}", run.dag_run_id, self.seconds())
            }
            _ => String::new(),
        }
    }

    /// Returns the run as scripts read it.
    pub(in crate::cli) fn json(&self) -> Value {
        let Followed { dag_id, run, tasks } = &self.followed;
        json!({
            "dag_run_id": run.dag_run_id,
            "state": run.state,
            "ended": matches!(self.end, End::Of(_)),
            "seconds": self.after.as_secs(),
            "page": self.page(dag_id, &run.dag_run_id),
            "tasks": tasks.as_ref().map(|tasks| tasks.iter().map(task_json).collect::<Vec<_>>()),
        })
    }

    /// Returns why it is no success, if it is none.
    pub(in crate::cli) fn failure(&self) -> Option<Failure> {
        match &self.end {
            End::Of(RunOutcome::Success) => None,
            End::Of(RunOutcome::Failed) => Some(self.failed()),
            End::TimeIsUp => Some(self.unfinished()),
            End::Lost(failure) => Some(self.lost(failure.clone())),
        }
    }

    /// Tells why it is no success, if it is none, and returns how the command ends.
    pub(in crate::cli) fn tell(&self, session: &Session) -> Exit {
        let Some(failure) = self.failure() else { return Exit::Success };
        session.progress.failure(&failure);
        failure.exit
    }

    /// Says whether anything was learnt of the run.
    pub(in crate::cli) fn has_seen_it(&self) -> bool {
        self.followed.run.state.is_some()
    }

    fn failed(&self) -> Failure {
        let mut message = format!("{} failed after {}", named(&self.followed), self.seconds());
        let failed = |task: &&TaskInstance| matches!(task.state.as_deref(), Some("failed" | "upstream_failed"));
        let tasks: Vec<&TaskInstance> = self.followed.tasks.iter().flatten().filter(failed).collect();
        for task in tasks.iter().take(NAMED) {
            let state = task.state.as_deref().unwrap_or_default();
            message.push_str(&format!("\n{}: {state}{}", task.name(), attempt(task)));
        }
        if tasks.len() > NAMED {
            message.push_str(&format!("\nand {}", count(tasks.len() - NAMED, "more task")));
        }
        let help = match self.is_sandbox {
            true => "the sandbox runs nothing: a task fails there when its `env` in leoflow.yaml says so".to_owned(),
            false => {
                let page = self.page(&self.followed.dag_id, &self.followed.run.dag_run_id);
                format!("look at the logs of its tasks: {page}")
            }
        };
        Failure::new(Exit::RunFailed, message, Some(help))
    }

    fn unfinished(&self) -> Failure {
        let state = self.followed.run.state.as_deref().unwrap_or("not seen yet");
        let message = format!("{} has not ended within {}: {state}", named(&self.followed), self.seconds());
        Failure::new(Exit::RunUnfinished, message, Some(format!("it goes on; to follow it:\n{}", self.again)))
    }

    /// Of a server that is silent or refuses, nobody knows what the run does; it is not ours to end.
    fn lost(&self, mut failure: Failure) -> Failure {
        if self.has_seen_it() {
            for report in &mut failure.reports {
                let help = report.help.take().map(|help| format!("{help}\n")).unwrap_or_default();
                report.message.push_str("\nthe run goes on without being followed");
                report.help = Some(format!("{help}then follow it again:\n{}", self.again));
            }
        }
        failure
    }

    fn seconds(&self) -> String {
        duration(self.after.as_secs())
    }

    fn page(&self, dag_id: &str, run_id: &str) -> String {
        pages::run(&self.server, dag_id, run_id)
    }

    /// Returns the result of `leoflow wait` as scripts read it.
    pub(in crate::cli) fn as_result(&self) -> Value {
        let mut json = self.json();
        json["schema"] = json!("leoflow.wait/v1");
        json["dag_id"] = json!(self.followed.dag_id);
        json["server"] = json!(shown(&self.server));
        json
    }
}

fn task_json(task: &TaskInstance) -> Value {
    json!({"task_id": task.task_id, "map_index": task.map_index, "state": task.state, "try_number": task.try_number,
           "start_date": task.start_date, "end_date": task.end_date})
}
