//! What is told and stays on the screen or in the log.

use annotate_snippets::Level;

use super::fit;
use super::row::INDENT;
use super::style::{Style, painted};
use crate::cli::report::{Report, printable};

/// One thing that is told and stays: everything but what is live is told as this.
#[derive(Debug, Clone)]
pub enum Told<'a> {
    /// A step is done: a word of at most ten letters, and what came of it.
    Step(&'a str, &'a str),
    /// What only `--verbose` shows, in the same form.
    Detail(&'a str, &'a str),
    /// A line of its own.
    Line(&'a str),
    /// A warning, or an error that does not end the command.
    Report(&'a Report, Level<'static>),
    /// An error; even a quiet command says why it failed.
    Error(&'a Report),
}

/// How many columns there are, where that matters.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Room {
    /// What steps are shortened to.
    pub(super) steps: Option<usize>,
    /// What sentences are broken to.
    pub(super) sentences: Option<usize>,
}

impl Told<'_> {
    /// Returns it as people read it, with colours.
    pub(super) fn text(&self, room: Room) -> String {
        match self {
            Self::Step(word, what) => step(Style::Done, word, what, room.steps),
            Self::Detail(word, what) => step(Style::Detail, word, what, None),
            Self::Line(text) => (*text).to_owned(),
            Self::Report(report, level) => rendered(report, level.clone(), room),
            Self::Error(report) => rendered(report, Level::ERROR, room),
        }
    }
}

fn rendered(report: &Report, level: Level<'static>, room: Room) -> String {
    match room.sentences {
        Some(columns) => report.render_within(level, columns),
        None => report.render(level, true),
    }
}

fn step(style: Style, word: &str, what: &str, columns: Option<usize>) -> String {
    let what = printable(what);
    let what = match columns {
        Some(columns) => fit::line(&what, columns.saturating_sub(INDENT)),
        None => what,
    };
    format!("{}  {what}", painted(style, &format!("{word:>10}")))
}
