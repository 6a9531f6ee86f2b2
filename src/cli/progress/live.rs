//! Live lines on a terminal: what is being done, and what is looked for, downloaded, packed and sent.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use super::{Mode, Progress};
use crate::cli::report::printable;
use crate::layers::Digest;

/// The lines that are drawn at the moment.
#[derive(Default)]
pub(super) struct Live {
    /// What is being done.
    activity: Option<ProgressBar>,
    /// Whether that is packing the project's files.
    packs_project: bool,
    /// Packages are looked for.
    lookup: Option<ProgressBar>,
    /// Wheels are downloaded.
    downloads: Option<ProgressBar>,
    /// Packages are packed.
    layering: Option<ProgressBar>,
    /// What is being sent.
    pub(super) transfers: HashMap<Digest, ProgressBar>,
}

/// Something goes on; nobody knows for how long.
const GOES_ON: &str = "{prefix:>10}  {msg}  {elapsed}";
/// Bytes move; it is known how many there are.
pub(super) const MOVES: &str = "{prefix:>10}  {msg}{bytes} of {total_bytes}{speed}";
/// Bytes move; nobody knows how many there are.
const GROWS: &str = "{prefix:>10}  {msg}  {bytes} packed  {elapsed}";
/// How often a live line is drawn anew although nothing was told.
const TICK: Duration = Duration::from_millis(120);

impl Progress {
    /// Shows what is being done until something else is, or [`Self::idle`] is told.
    pub fn doing(&self, word: &'static str, what: &str) {
        let bar = ProgressBar::new_spinner().with_message(printable(what));
        self.show(bar, word, GOES_ON);
    }

    /// Shows how much of `total` bytes is packed.
    pub fn packing(&self, total: u64) {
        self.show(ProgressBar::new(total), "Packing", MOVES);
        self.live().packs_project = true;
    }

    /// Tells of more bytes packed: of the project, or else of its packages.
    pub fn packed(&self, bytes: u64) {
        if self.mode != Mode::Live {
            return;
        }
        let mut live = self.live();
        if let (true, Some(bar)) = (live.packs_project, &live.activity) {
            bar.inc(bytes);
            return;
        }
        let new = || self.draw(ProgressBar::new_spinner().with_message("packages"), "Layering", GROWS);
        live.layering.get_or_insert_with(new).inc(bytes);
    }

    /// Shows how the search for packages goes on.
    pub(in crate::cli) fn resolving(&self, message: String) {
        if self.mode != Mode::Live {
            return;
        }
        let mut live = self.live();
        let new = || self.draw(ProgressBar::new_spinner().with_message(message.clone()), "Resolving", GOES_ON);
        live.lookup.get_or_insert_with(new).set_message(message);
    }

    /// Shows how downloads go on: `got` of `size` bytes.
    pub(in crate::cli) fn fetching(&self, message: String, got: u64, size: u64) {
        if self.mode != Mode::Live {
            return;
        }
        let (mut live, message) = (self.live(), format!("{message}  "));
        let new = || {
            let bar = ProgressBar::new(size).with_position(got).with_message(message.clone());
            self.draw(bar, "Fetching", MOVES)
        };
        let bar = live.downloads.get_or_insert_with(new);
        bar.set_length(size);
        bar.set_position(got);
        bar.set_message(message);
    }

    /// Shows no search any more.
    pub(in crate::cli) fn resolved(&self) {
        let lookup = self.live().lookup.take();
        lookup.iter().for_each(ProgressBar::finish_and_clear);
    }

    /// Shows no downloads any more.
    pub(in crate::cli) fn arrived(&self) {
        let downloads = self.live().downloads.take();
        downloads.iter().for_each(ProgressBar::finish_and_clear);
    }

    /// Shows nothing of packages any more.
    pub(in crate::cli) fn packages_done(&self) {
        self.resolved();
        self.arrived();
        let layering = self.live().layering.take();
        layering.iter().for_each(ProgressBar::finish_and_clear);
    }

    /// Shows no activity any more.
    pub fn idle(&self) {
        let mut live = self.live();
        live.packs_project = false;
        if let Some(bar) = live.activity.take() {
            bar.finish_and_clear();
        }
    }

    fn show(&self, bar: ProgressBar, word: &'static str, template: &str) {
        if self.mode == Mode::Live {
            self.idle();
            self.live().activity = Some(self.draw(bar, word, template));
        }
    }

    /// Draws a line of its own.
    pub(super) fn draw(&self, bar: ProgressBar, word: &'static str, template: &str) -> ProgressBar {
        let bar = self.bars.add(bar.with_prefix(word));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("speed", speed));
        }
        bar.enable_steady_tick(TICK);
        bar
    }

    pub(super) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes everything live from the screen.
    pub fn clear(&self) {
        self.idle();
        self.packages_done();
        for (_, bar) in self.live().transfers.drain() {
            bar.finish_and_clear();
        }
        // A terminal that is gone needs no clearing.
        let _ = self.bars.clear();
    }

    /// Does the same, and wipes out the `^C` that a terminal shows.
    pub fn interrupted(&self) {
        self.clear();
        if self.mode == Mode::Live {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}

/// Writes how fast it goes and how long it will take, once anybody can say.
fn speed(state: &ProgressState, to: &mut dyn std::fmt::Write) {
    let bytes = state.per_sec();
    if bytes >= 1.0 {
        let (speed, left) = (HumanBytes(bytes as u64), HumanDuration(state.eta()));
        // Nothing comes of a line that cannot be written.
        let _ = write!(to, "  {speed}/s  {left:#} left");
    }
}
