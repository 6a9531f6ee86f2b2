//! What is told of work in flight: noted here, and drawn by [`Teller`](super::teller::Teller) when it is time.

use std::time::Instant;

use super::Progress;
use super::scene::Scene;
use super::task::{Amount, Task};
use crate::cli::report::printable;

impl Progress {
    /// Shows what is being done until something else is, or [`Self::idle`] is told.
    pub fn doing(&self, word: &'static str, what: &str) {
        self.begin(word, &printable(what), Amount::Unknown);
    }

    /// Shows how much of `total` bytes is packed.
    pub fn packing(&self, total: u64) {
        self.begin("Packing", "the project", Amount::Of(0, total));
    }

    fn begin(&self, word: &'static str, what: &str, amount: Amount) {
        self.note(|scene, now| set(scene.activity(self.job), Task::new(word, what, amount, now)));
    }

    /// Tells of more bytes packed: of the project, or else of its packages.
    pub fn packed(&self, bytes: u64) {
        self.note(|scene, now| {
            let slot = match scene.activity(self.job) {
                Some(Some(Task { amount: Amount::Of(..), .. })) => scene.activity(self.job),
                _ if self.job.is_none() => Some(&mut scene.layering),
                _ => scene.activity(self.job),
            };
            let Some(slot) = slot else { return };
            if !slot.as_ref().is_some_and(Task::has_amount) {
                *slot = Some(Task::new("Layering", "packages", Amount::Growing(0), now));
            }
            slot.iter_mut().for_each(|task| task.add(bytes));
        });
    }

    /// Shows how the search for packages goes on.
    pub(in crate::cli) fn resolving(&self, message: String) {
        self.note(|scene, now| {
            let task = scene.lookup.get_or_insert_with(|| Task::new("Resolving", "", Amount::Unknown, now));
            task.what = message;
        });
    }

    /// Shows how downloads go on: `got` of `size` bytes.
    pub(in crate::cli) fn fetching(&self, message: String, got: u64, size: u64) {
        self.note(|scene, now| {
            let task = scene.downloads.get_or_insert_with(|| Task::new("Fetching", "", Amount::Unknown, now));
            (task.what, task.amount) = (message, Amount::Of(got, size));
        });
    }

    /// Shows no search any more.
    pub(in crate::cli) fn resolved(&self) {
        self.note(|scene, _| scene.lookup = None);
    }

    /// Shows no downloads any more.
    pub(in crate::cli) fn arrived(&self) {
        self.note(|scene, _| scene.downloads = None);
    }

    /// Shows nothing of packages any more.
    pub(in crate::cli) fn packages_done(&self) {
        match self.job {
            Some(_) => self.idle(),
            None => self.note(|scene, _| (scene.lookup, scene.downloads, scene.layering) = (None, None, None)),
        }
    }

    /// Shows no activity any more.
    pub fn idle(&self) {
        self.note(|scene, _| {
            if let Some(slot) = scene.activity(self.job) {
                *slot = None;
            }
        });
    }

    /// Takes note of what is in flight, and sees to it that it is drawn.
    pub(super) fn note(&self, note: impl FnOnce(&mut Scene, Instant)) {
        self.teller.change(note);
        self.teller.keep_telling();
    }
}

/// A job that is done shows nothing any more.
fn set(slot: Option<&mut Option<Task>>, task: Task) {
    if let Some(slot) = slot {
        *slot = Some(task);
    }
}
