//! Everything that is in flight, as lines for a terminal or as one line for a log; nothing is written here.

use std::collections::BTreeMap;
use std::time::Instant;

use super::row::Row;
use super::task::Task;
use super::transfers::Transfers;
use crate::cli::report::printable;

/// How many projects have a line of their own; the others are counted.
const JOBS: usize = 8;

/// Everything that is in flight.
#[derive(Debug, Default)]
pub(super) struct Scene {
    /// What is being done.
    pub(super) activity: Option<Task>,
    /// Packages are looked for.
    pub(super) lookup: Option<Task>,
    /// Wheels are downloaded.
    pub(super) downloads: Option<Task>,
    /// Packages are packed.
    pub(super) layering: Option<Task>,
    /// What is sent.
    pub(super) transfers: Transfers,
    /// Projects, by the order in which they were begun.
    pub(super) jobs: BTreeMap<u64, JobTask>,
    /// How many were begun.
    begun: u64,
}

/// One of several projects that are in flight at once.
#[derive(Debug)]
pub(super) struct JobTask {
    pub(super) name: String,
    pub(super) activity: Option<Task>,
}

impl Scene {
    /// Takes note of one more project, and returns its number.
    pub(super) fn begin_job(&mut self, name: &str) -> u64 {
        self.begun += 1;
        self.jobs.insert(self.begun, JobTask { name: printable(name), activity: None });
        self.begun
    }

    /// Forgets everything but other projects.
    pub(super) fn clear(&mut self) {
        let (jobs, begun) = (std::mem::take(&mut self.jobs), self.begun);
        *self = Self { jobs, begun, ..Self::default() };
    }

    /// Returns where the activity of a project stands, or that of the command.
    pub(super) fn activity(&mut self, job: Option<u64>) -> Option<&mut Option<Task>> {
        match job {
            Some(job) => self.jobs.get_mut(&job).map(|job| &mut job.activity),
            None => Some(&mut self.activity),
        }
    }

    /// Measures how fast everything goes.
    pub(super) fn look(&mut self, now: Instant) {
        let jobs = self.jobs.values_mut().filter_map(|job| job.activity.as_mut());
        let tasks = [&mut self.activity, &mut self.downloads, &mut self.layering].into_iter().flatten();
        tasks.chain(jobs).for_each(|task| task.look(now));
        self.transfers.look(now);
    }

    /// Returns the live lines, at most `height` of them, none wider than `columns`.
    pub(super) fn lines(&self, now: Instant, columns: usize, height: usize) -> Vec<String> {
        let mut rows = self.jobs(now);
        rows.extend(self.activity.iter().map(|task| task.row(now)));
        rows.extend(self.transfers.overall());
        rows.extend([&self.lookup, &self.downloads, &self.layering].into_iter().flatten().map(|task| task.row(now)));
        rows.extend(self.transfers.rows(now));
        rows.iter().take(height).map(|row| row.drawn(columns)).collect()
    }

    fn jobs(&self, now: Instant) -> Vec<Row> {
        let mut rows: Vec<Row> = self.jobs.values().take(JOBS).map(|job| job.row(now)).collect();
        if let Some(others @ 1..) = self.jobs.len().checked_sub(JOBS) {
            rows.push(Row { what: format!("and {others} more"), ..Row::default() });
        }
        rows
    }

    /// Returns what takes so long, as a line of a log.
    pub(super) fn in_a_line(&self, now: Instant) -> Option<(&'static str, String)> {
        let mut tasks = [&self.downloads, &self.layering, &self.lookup, &self.activity].into_iter().flatten();
        let task = || tasks.next().map(|task| task.in_a_line(now));
        self.transfers.in_a_line().or_else(task).or_else(|| self.jobs_in_a_line())
    }

    fn jobs_in_a_line(&self) -> Option<(&'static str, String)> {
        let names: Vec<&str> = self.jobs.values().take(JOBS).map(|job| job.name.as_str()).collect();
        let others = self.jobs.len() - names.len();
        let more = if others > 0 { format!(" and {others} more") } else { String::new() };
        (!names.is_empty()).then(|| ("Working", format!("on {}{more}", names.join(", "))))
    }
}

impl JobTask {
    fn row(&self, now: Instant) -> Row {
        match &self.activity {
            Some(task) => {
                let Row { word, what, mut facts } = task.row(now);
                facts.insert(0, what);
                Row { word, what: self.name.clone(), facts: facts.into_iter().filter(|fact| !fact.is_empty()).collect() }
            }
            None => Row { word: "Waiting".to_owned(), what: self.name.clone(), facts: Vec::new() },
        }
    }
}
