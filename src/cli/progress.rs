//! What moves, how much, how fast: live lines on a terminal, plain lines elsewhere, all on stderr.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use annotate_snippets::Level;
use indicatif::{
    HumanBytes, HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};

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
    live: Arc<Mutex<Live>>,
}

/// The lines that are drawn at the moment.
#[derive(Default)]
struct Live {
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
    transfers: HashMap<Digest, ProgressBar>,
}

/// Something goes on; nobody knows for how long.
const GOES_ON: &str = "{prefix:>10}  {msg}  {elapsed}";
/// Bytes move; it is known how many there are.
const MOVES: &str = "{prefix:>10}  {msg}{bytes} of {total_bytes}{speed}";
/// Bytes move; nobody knows how many there are.
const GROWS: &str = "{prefix:>10}  {msg}  {bytes} packed  {elapsed}";
/// How often a live line is drawn anew although nothing was told.
const TICK: Duration = Duration::from_millis(120);

impl Progress {
    /// Prepares to tell; nothing is drawn yet.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        let target = if mode == Mode::Live { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { mode, bars: MultiProgress::with_draw_target(target), live: Arc::default() }
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
    pub(super) fn resolving(&self, message: String) {
        if self.mode != Mode::Live {
            return;
        }
        let mut live = self.live();
        let new = || self.draw(ProgressBar::new_spinner().with_message(message.clone()), "Resolving", GOES_ON);
        live.lookup.get_or_insert_with(new).set_message(message);
    }

    /// Shows how downloads go on: `got` of `size` bytes.
    pub(super) fn fetching(&self, message: String, got: u64, size: u64) {
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
    pub(super) fn resolved(&self) {
        let lookup = self.live().lookup.take();
        lookup.iter().for_each(ProgressBar::finish_and_clear);
    }

    /// Shows no downloads any more.
    pub(super) fn arrived(&self) {
        let downloads = self.live().downloads.take();
        downloads.iter().for_each(ProgressBar::finish_and_clear);
    }

    /// Shows nothing of packages any more.
    pub(super) fn packages_done(&self) {
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
    fn draw(&self, bar: ProgressBar, word: &'static str, template: &str) -> ProgressBar {
        let bar = self.bars.add(bar.with_prefix(word));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("speed", speed));
        }
        bar.enable_steady_tick(TICK);
        bar
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
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
        if let Some(more) = failure.more() {
            self.line(&more);
        }
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
            Event::Resumed { digest, at } => self.resumed(digest, at),
            Event::Uploaded { digest, .. } | Event::Present { digest, .. } | Event::Mounted { digest, .. } => {
                self.finished(digest);
            }
            Event::Retry { attempted, reason, after } => self.retry(&attempted, &reason, after),
            Event::MirrorFailed { mirror, reason } => {
                self.step("Passing", &format!("over the mirror {mirror}: {reason}"))
            }
            Event::RecordIgnored { record, reason } => {
                self.report(&unremembered(&record, &reason), Level::WARNING);
            }
            Event::RecordNotKept { record, reason } => {
                self.report(&not_remembered(&record, &reason), Level::WARNING);
            }
            Event::KeyExposed { path } => self.report(&exposed_key(&path), Level::WARNING),
        }
    }

    fn started(&self, digest: Digest, size: u64, streamed: bool) {
        if self.mode != Mode::Live {
            return;
        }
        let word = if streamed { "Copying" } else { "Uploading" };
        let bar = ProgressBar::new(size).with_message(format!("{}  ", short(&digest)));
        let bar = self.draw(bar, word, MOVES);
        if let Some(previous) = self.live().transfers.insert(digest, bar) {
            previous.finish_and_clear();
        }
    }

    fn sent(&self, digest: Digest, bytes: u64) {
        if let Some(bar) = self.live().transfers.get(&digest) {
            bar.inc(bytes);
        }
    }

    fn resumed(&self, digest: Digest, at: u64) {
        if let Some(bar) = self.live().transfers.get(&digest) {
            bar.set_position(at);
        }
    }

    fn finished(&self, digest: Digest) {
        if let Some(bar) = self.live().transfers.remove(&digest) {
            bar.finish_and_clear();
        }
    }

    /// Tells that something is tried again.
    pub(super) fn retry(&self, attempted: &str, reason: &str, after: Duration) {
        self.step("Retrying", &retry(attempted, reason, after));
    }
}

fn exposed_key(path: &Path) -> Report {
    let path = path.display();
    Report::new(format!("other users of this machine can read the key `{path}`"))
        .help(Some(format!("chmod 600 {path}")))
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

/// A deploy without it is as good, and takes longer.
fn unremembered(record: &str, reason: &str) -> Report {
    Report::new(format!("what {record} remembers of package layers is not used: {reason}"))
        .help(Some("delete that tag if it is not yours; --no-remote-cache leaves it alone".to_owned()))
}

fn not_remembered(record: &str, reason: &str) -> Report {
    Report::new(format!("the package layers cannot be remembered as {record}: {reason}"))
        .help(Some("allow that tag to be written again, or leave it alone with --no-remote-cache".to_owned()))
}

/// Says what is tried again, and why; what was attempted and where is not said twice.
fn retry(attempted: &str, reason: &str, after: Duration) -> String {
    let reason = reason.strip_prefix("cannot ").unwrap_or(reason);
    let reason = reason.strip_prefix(attempted).map_or(reason, |rest| rest.trim_start_matches(": "));
    let reason = reason.rsplit_once(" (http").map_or(reason, |(reason, _)| reason);
    let reason = reason.split_once(" refused: ").map_or(reason, |(_, status)| status);
    let (attempted, _) = attempted.split_once(" to ").unwrap_or((attempted, ""));
    with_short_digests(&format!("in {:.1} s: {attempted}: {reason}", after.as_secs_f64()))
}

/// Shortens the digests in a text that only people read.
fn with_short_digests(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(part.len());
        short.push_str(&part[..digits.min(SHORT)]);
        short.push_str(&part[digits..]);
    }
    short
}

/// Digits of a digest, as container tools show it.
const SHORT: usize = 12;

/// Returns the first twelve digits of a digest, as container tools show it.
#[must_use]
pub fn short(digest: &Digest) -> String {
    digest.hex()[..SHORT].to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_is_told_in_a_line_and_says_nothing_twice() {
        let digest = format!("sha256:{}", "0123456789ab".repeat(6).split_at(64).0);
        let attempted = format!("upload the layer {digest} to registry.example.com/team/demo");
        let reason =
            format!("cannot {attempted}: registry.example.com refused: HTTP 500 (https://registry.example.com/v2/)");
        let told = retry(&attempted, &reason, Duration::from_millis(300));
        assert_eq!(told, "in 0.3 s: upload the layer 0123456789ab: HTTP 500");
        assert_eq!(retry("read x", "other", Duration::from_secs(2)), "in 2.0 s: read x: other");
    }
}
