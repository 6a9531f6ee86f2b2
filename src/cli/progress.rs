//! What moves, how much, how fast: live lines on a terminal, plain lines elsewhere, all on stderr.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use annotate_snippets::Level;
use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::report::{Failure, Report, printable};
use crate::layers::Digest;
use crate::registry::{Event, Observer};

/// How much is told while something runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Quiet,
    /// One line a step.
    Plain,
    /// One line a step, and a live line for each transfer.
    Live,
}

/// Tells steps and transfers on stderr.
#[derive(Clone)]
pub struct Progress {
    mode: Mode,
    bars: MultiProgress,
    transfers: Arc<Mutex<HashMap<Digest, ProgressBar>>>,
}

impl Progress {
    /// Prepares to tell; nothing is drawn yet.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        let target = if mode == Mode::Live { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { mode, bars: MultiProgress::with_draw_target(target), transfers: Arc::default() }
    }

    /// Tells that a step is done: a word of at most ten letters, and what came of it.
    pub fn step(&self, word: &str, what: &str) {
        self.line(&format!("{word:>10}  {}", printable(what)));
    }

    /// Tells a line of its own, above what is in flight.
    pub fn line(&self, text: &str) {
        match self.mode {
            Mode::Quiet => {}
            Mode::Plain => to_stderr(text),
            Mode::Live => self.bars.suspend(|| to_stderr(text)),
        }
    }

    /// Tells a warning, or an error that does not end the command.
    pub fn report(&self, report: &Report, level: Level<'static>) {
        if self.mode != Mode::Quiet {
            self.bars.suspend(|| eprint_styled(&report.render(level, true)));
        }
    }

    /// Tells a failure; even a quiet command says why it failed.
    pub fn failure(&self, failure: &Failure) {
        for report in &failure.reports {
            self.bars.suspend(|| eprint_styled(&report.render(Level::ERROR, true)));
        }
    }

    /// Removes everything live from the screen.
    pub fn clear(&self) {
        for (_, bar) in self.transfers.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            bar.finish_and_clear();
        }
        // Without a terminal there is nothing to clear, so a failure to do so says nothing.
        let _ = self.bars.clear();
    }

    /// Returns an observer that tells of transfers.
    #[must_use]
    pub fn observer(&self) -> Observer {
        let progress = self.clone();
        Arc::new(move |event| progress.transfer(event))
    }

    fn transfer(&self, event: Event) {
        match event {
            Event::Started { digest, size, streamed } => self.started(digest, size, streamed),
            Event::Sent { digest, bytes } => self.sent(digest, bytes),
            Event::Uploaded { digest, .. } | Event::Present { digest, .. } | Event::Mounted { digest, .. } => {
                self.finished(digest);
            }
            Event::Retry { attempted, reason, after } => self.retry(&attempted, &reason, after),
        }
    }

    fn started(&self, digest: Digest, size: u64, streamed: bool) {
        let bar = self.bars.add(ProgressBar::new(size));
        if let Ok(style) =
            ProgressStyle::with_template("{msg:>10}  {prefix} {bytes:>10}/{total_bytes:10} {bytes_per_sec}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(short(&digest));
        bar.set_message(if streamed { "Copying" } else { "Uploading" });
        let previous = self.transfers.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, bar);
        if let Some(previous) = previous {
            previous.finish_and_clear();
        }
    }

    fn sent(&self, digest: Digest, bytes: u64) {
        if let Some(bar) = self.transfers.lock().unwrap_or_else(PoisonError::into_inner).get(&digest) {
            bar.inc(bytes);
        }
    }

    fn finished(&self, digest: Digest) {
        if let Some(bar) = self.transfers.lock().unwrap_or_else(PoisonError::into_inner).remove(&digest) {
            bar.finish_and_clear();
        }
    }

    fn retry(&self, attempted: &str, reason: &str, after: Duration) {
        self.step("Retrying", &format!("{attempted} in {:.1} s: {reason}", after.as_secs_f64()));
    }
}

/// Returns the first twelve digits of a digest, as container tools show it.
#[must_use]
pub fn short(digest: &Digest) -> String {
    digest.hex()[..12].to_owned()
}

/// Returns `816 KiB` and the like.
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}

/// A closed stderr is no reason to fail a deploy.
fn to_stderr(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes text with colours, which `anstream` strips where they are not wanted (no terminal, NO_COLOR).
fn eprint_styled(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}
