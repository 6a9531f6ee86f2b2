//! A run as it is followed, in words: a line a change; on a terminal only what is final, and what goes on below it.

use tokio::time::Instant;

use crate::cli::building::count;
use crate::cli::session::Session;
use crate::cli::time::duration;
use crate::control_plane::{Followed, Run, Seen, TaskInstance};

/// How many tasks that are running are named at a time.
const NAMED: usize = 3;

/// Tells what happens to a run.
pub(super) struct Told<'a> {
    session: &'a Session,
    began: Instant,
    dag_id: String,
    dag_run_id: String,
}

impl<'a> Told<'a> {
    pub(super) fn begin(session: &'a Session, followed: &Followed) -> Self {
        session.progress.doing("Following", &followed.run.dag_run_id);
        let (dag_id, dag_run_id) = (followed.dag_id.clone(), followed.run.dag_run_id.clone());
        Self { session, began: Instant::now(), dag_id, dag_run_id }
    }

    pub(super) fn tell(&self, seen: &Seen<'_>) {
        match seen {
            Seen::Run(run) => self.run(run),
            Seen::Task(task) => self.task(task),
            Seen::NoTasks(error) => {
                let line = format!("not told by this server ({}): only the run is followed", error.reason());
                self.session.progress.step("Tasks", &line);
            }
            Seen::Everything(followed) => self.session.progress.doing("Following", &in_a_line(followed)),
        }
    }

    fn run(&self, run: &Run) {
        if let Some(state) = &run.state {
            self.session.audience.run_state(&self.dag_id, &run.dag_run_id, state);
            self.step("Run", &format!("{} {state}", run.dag_run_id));
        }
    }

    /// What the scheduler thinks of a task before it starts is not told, and on a terminal nothing that is not final.
    fn task(&self, task: &TaskInstance) {
        let Some(state) = task.state.as_deref() else { return };
        self.session.audience.task_state(&self.dag_id, &self.dag_run_id, &task.name(), state);
        if state == "scheduled" {
            return;
        }
        if task.has_ended() || !self.session.environment.stderr_is_terminal {
            self.step("Task", &format!("{} {state}{}", task.name(), attempt(task)));
        }
    }

    fn step(&self, word: &str, what: &str) {
        self.session.progress.step(word, &format!("{what} ({})", duration(self.began.elapsed().as_secs())));
    }
}

/// Returns `, try 2` of a task that is not at its first.
pub(super) fn attempt(task: &TaskInstance) -> String {
    task.try_number.filter(|number| *number > 1).map(|number| format!(", try {number}")).unwrap_or_default()
}

/// Returns `2 of 5 tasks done, extract and 2 more running`.
fn in_a_line(followed: &Followed) -> String {
    let Some(tasks) = followed.tasks.as_ref().filter(|tasks| !tasks.is_empty()) else {
        return followed.run.dag_run_id.clone();
    };
    let done = tasks.iter().filter(|task| task.has_ended()).count();
    let running: Vec<String> =
        tasks.iter().filter(|task| task.state.as_deref() == Some("running")).map(TaskInstance::name).collect();
    let of = format!("{done} of {} done", count(tasks.len(), "task"));
    match running.len() {
        0 => of,
        several => {
            let named = running.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if several > NAMED { format!(" and {} more", several - NAMED) } else { String::new() };
            format!("{of}, {named}{more} running")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_fits_in_a_line() {
        let task = |name: usize, state: &str| TaskInstance {
            task_id: format!("t{name}"),
            map_index: None,
            state: Some(state.to_owned()),
            try_number: Some(1),
            start_date: None,
            end_date: None,
        };
        let check = |tasks: Option<Vec<TaskInstance>>, expected: &str| {
            let run = Run { dag_run_id: "manual__1".into(), state: None };
            assert_eq!(in_a_line(&Followed { tasks, ..Followed::new("etl", run) }), expected);
        };
        check(None, "manual__1");
        check(Some(Vec::new()), "manual__1");
        check(Some(vec![task(1, "success")]), "1 of 1 task done");
        check(Some(vec![task(1, "failed"), task(2, "running")]), "1 of 2 tasks done, t2 running");
        let many = (0..9).map(|number| task(number, "running")).collect();
        check(Some(many), "0 of 9 tasks done, t0, t1, t2 and 6 more running");
    }
}
