//! What moves, how much, how fast: live lines on a terminal, plain lines elsewhere, all on stderr.
//!
//! What stays is told at once ([`Progress::tell`]). What is in flight is only noted; a thread draws it ten times a second,
//! or writes a line of it into a log every now and then, so that telling costs next to nothing.

mod blobs;
mod fit;
mod flight;
mod job;
mod pace;
mod row;
mod scene;
mod screen;
mod speed;
mod style;
mod task;
mod teller;
mod told;
mod transfers;
mod wording;

use std::io::Write;
use std::sync::Arc;

use annotate_snippets::Level;

pub use self::job::Job;
use self::teller::Teller;
pub use self::told::Told;
pub use self::wording::{human_bytes, short, with_short_digests};
use super::report::{Failure, Report};

/// How much is told while something runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Quiet,
    /// One line a step, and a line now and then while something takes long.
    Plain,
    /// One line a step, and live lines for what is in flight.
    Live,
}

/// Tells steps and transfers on stderr. Copies tell in one place.
#[derive(Clone)]
pub struct Progress {
    teller: Arc<Teller>,
    /// The project that is told of, where several are in flight.
    job: Option<u64>,
}

impl Progress {
    /// Prepares to tell on stderr, `verbose` with details; nothing is drawn yet.
    #[must_use]
    pub fn new(mode: Mode, verbose: bool) -> Self {
        Self::writing(Box::new(std::io::stderr()), mode, verbose, style::are_wanted())
    }

    fn writing(to: Box<dyn Write + Send>, mode: Mode, verbose: bool, colours: bool) -> Self {
        Self { teller: Arc::new(Teller::new(to, mode, verbose, colours)), job: None }
    }

    /// Tells that a step is done: a word of at most ten letters, and what came of it.
    pub fn step(&self, word: &str, what: &str) {
        self.tell(&Told::Step(word, what));
    }

    /// Tells what only `--verbose` shows: a word of at most ten letters, and what there is to say.
    pub fn detail(&self, word: &str, what: &str) {
        self.tell(&Told::Detail(word, what));
    }

    /// Tells a line of its own, above what is in flight.
    pub fn line(&self, text: &str) {
        self.tell(&Told::Line(text));
    }

    /// Tells a warning, or an error that does not end the command.
    pub fn report(&self, report: &Report, level: Level<'static>) {
        self.tell(&Told::Report(report, level));
    }

    /// Tells a failure; even a quiet command says why it failed.
    pub fn failure(&self, failure: &Failure) {
        failure.reports.iter().for_each(|report| self.tell(&Told::Error(report)));
        if let Some(more) = failure.more() {
            self.line(&more);
        }
    }

    /// Tells what stays. This is the one way through: who listens in, listens here.
    pub(super) fn tell(&self, told: &Told<'_>) {
        match self.job {
            Some(job) => self.teller.tell_of_job(job, told),
            None => self.teller.tell(told),
        }
    }

    /// Tells whether live lines are drawn.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.teller.mode == Mode::Live
    }

    /// Tells whether details are told.
    #[must_use]
    pub fn is_verbose(&self) -> bool {
        self.teller.verbose
    }

    /// Removes everything live from the screen, and forgets it.
    pub fn clear(&self) {
        self.teller.clear();
    }

    /// Does the same, and wipes out the `^C` that a terminal shows.
    pub fn interrupted(&self) {
        self.clear();
        self.teller.wipe();
    }

    /// Does something while nothing live is on the screen; what is in flight is shown again thereafter.
    pub fn aside<T>(&self, something: impl FnOnce() -> T) -> T {
        self.teller.aside(something)
    }

    /// Begins to tell of one of several projects that are in flight at once.
    #[must_use]
    pub fn job(&self, name: &str) -> Job {
        Job::begin(self, name)
    }
}
