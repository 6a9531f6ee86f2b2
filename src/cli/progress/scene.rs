//! Everything that is in flight, as lines for a terminal or as one line for a log; nothing is written here.

use std::time::Instant;

use super::row::Row;
use super::task::Task;
use super::transfers::Transfers;

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
}

impl Scene {
    /// Measures how fast everything goes.
    pub(super) fn look(&mut self, now: Instant) {
        let tasks = [&mut self.activity, &mut self.downloads, &mut self.layering].into_iter().flatten();
        tasks.for_each(|task| task.look(now));
        self.transfers.look(now);
    }

    /// Returns the live lines, at most `height` of them, none wider than `columns`.
    pub(super) fn lines(&self, now: Instant, columns: usize, height: usize) -> Vec<String> {
        let mut rows: Vec<Row> = self.activity.iter().map(|task| task.row(now)).collect();
        rows.extend(self.transfers.overall());
        rows.extend([&self.lookup, &self.downloads, &self.layering].into_iter().flatten().map(|task| task.row(now)));
        rows.extend(self.transfers.rows(now));
        rows.iter().take(height).map(|row| row.drawn(columns)).collect()
    }

    /// Returns what takes so long, as a line of a log.
    pub(super) fn in_a_line(&self, now: Instant) -> Option<(&'static str, String)> {
        let mut tasks = [&self.downloads, &self.layering, &self.lookup, &self.activity].into_iter().flatten();
        let task = || tasks.next().map(|task| task.in_a_line(now));
        self.transfers.in_a_line().or_else(task)
    }
}
