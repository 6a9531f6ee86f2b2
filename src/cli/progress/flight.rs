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
        self.note(|scene, now| scene.activity = Some(Task::new(word, what, amount, now)));
    }

    /// Tells of more bytes packed: of the project, or else of its packages.
    pub fn packed(&self, bytes: u64) {
        self.note(|scene, now| {
            let slot = match scene.activity {
                Some(Task { amount: Amount::Of(..), .. }) => &mut scene.activity,
                _ => &mut scene.layering,
            };
            slot.get_or_insert_with(|| Task::new("Layering", "packages", Amount::Growing(0), now)).add(bytes);
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
        self.note(|scene, _| (scene.lookup, scene.downloads, scene.layering) = (None, None, None));
    }

    /// Shows no activity any more.
    pub fn idle(&self) {
        self.note(|scene, _| scene.activity = None);
    }

    /// Takes note of what is in flight, and sees to it that it is drawn.
    pub(super) fn note(&self, note: impl FnOnce(&mut Scene, Instant)) {
        self.teller.change(note);
        self.teller.keep_telling();
    }
}
