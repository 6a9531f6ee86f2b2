//! What moves, how much, how fast: live lines on a terminal, plain lines elsewhere, all on stderr.

mod live;
mod transfers;
mod wording;

use std::io::Write;
use std::sync::{Arc, Mutex};

use annotate_snippets::Level;
use indicatif::{MultiProgress, ProgressDrawTarget};

use self::live::Live;
pub use self::wording::{human_bytes, short};
use super::audience::Audience;
use super::ci::Severity;
use super::report::{Failure, Report, printable};

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

/// One thing that is told and stays: everything but live lines passes [`Progress::tell`] as this.
#[derive(Debug, Clone)]
pub enum Told<'a> {
    /// A step is done: a word of at most ten letters, and what came of it.
    Step(&'a str, &'a str),
    /// A line of its own.
    Line(&'a str),
    /// A warning, or an error that does not end the command.
    Report(&'a Report, Level<'static>),
    /// An error; even a quiet command says why it failed.
    Error(&'a Report),
}

/// Tells steps and transfers on stderr.
#[derive(Clone)]
pub struct Progress {
    mode: Mode,
    bars: MultiProgress,
    live: Arc<Mutex<Live>>,
    audience: Audience,
}

impl Progress {
    /// Prepares to tell; nothing is drawn yet.
    #[must_use]
    pub fn new(mode: Mode, audience: &Audience) -> Self {
        let target = if mode == Mode::Live { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { mode, bars: MultiProgress::with_draw_target(target), live: Arc::default(), audience: audience.clone() }
    }

    /// Tells that a step is done: a word of at most ten letters, and what came of it.
    pub fn step(&self, word: &str, what: &str) {
        self.tell(Told::Step(word, what));
    }

    /// Tells a line of its own, above what is in flight.
    pub fn line(&self, text: &str) {
        self.tell(Told::Line(text));
    }

    /// Tells a warning, or an error that does not end the command.
    pub fn report(&self, report: &Report, level: Level<'static>) {
        self.tell(Told::Report(report, level));
    }

    /// Tells a failure; even a quiet command says why it failed.
    pub fn failure(&self, failure: &Failure) {
        failure.reports.iter().for_each(|report| self.tell(Told::Error(report)));
        if let Some(more) = failure.more() {
            self.line(&more);
        }
    }

    /// Tells what stays. This is the one way through: who listens in, listens here.
    pub(super) fn tell(&self, told: Told<'_>) {
        let report = told.report();
        if let Some((report, severity)) = report {
            self.audience.report(report, severity);
        }
        if self.mode == Mode::Quiet && !matches!(told, Told::Error(_)) {
            return;
        }
        let annotation = report.and_then(|(report, severity)| self.audience.annotation(report, severity));
        self.bars.suspend(|| {
            to_stderr(&self.audience.harmless(&told.text()));
            annotation.iter().for_each(|line| command(line));
        });
    }

    /// Begins a part of the log that a CI system folds away; it ends with the value.
    #[must_use]
    pub fn group(&self, title: &str) -> Group {
        let line = if self.mode == Mode::Quiet { None } else { self.audience.group(title) };
        line.iter().for_each(|line| command(line));
        Group(line.map(|_| self.audience.clone()))
    }
}

/// A part of the log that a CI system folds away.
pub struct Group(Option<Audience>);

impl Drop for Group {
    fn drop(&mut self) {
        let line = self.0.as_ref().and_then(Audience::group_end);
        line.iter().for_each(|line| command(line));
    }
}

impl<'a> Told<'a> {
    /// Returns the warning or error that it is.
    fn report(&self) -> Option<(&'a Report, Severity)> {
        match self {
            Self::Report(report, level) if *level == Level::ERROR => Some((report, Severity::Error)),
            Self::Report(report, level) if *level == Level::WARNING => Some((report, Severity::Warning)),
            Self::Error(report) => Some((report, Severity::Error)),
            Self::Step(..) | Self::Line(_) | Self::Report(..) => None,
        }
    }

    /// Returns it as people read it, with colours.
    fn text(&self) -> String {
        match self {
            Self::Step(word, what) => format!("{word:>10}  {}", printable(what)),
            Self::Line(text) => (*text).to_owned(),
            Self::Report(report, level) => report.render(level.clone(), true),
            Self::Error(report) => report.render(Level::ERROR, true),
        }
    }
}

/// Writes text with colours, which `anstream` strips where they are not wanted (no terminal, NO_COLOR). A closed stderr
/// is no reason to fail a deploy.
fn to_stderr(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Writes a line for the CI system as it is: escape sequences are its language.
fn command(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
