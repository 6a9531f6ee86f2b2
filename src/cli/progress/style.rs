//! Colours: one decision for all that is written to stderr (https://no-color.org, https://bixense.com/clicolors).

use anstream::{AutoStream, ColorChoice};
use anstyle::AnsiColor;

/// What a text is, as its colour says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Style {
    /// A step that is done.
    Done,
    /// What is being done.
    Doing,
    /// What is told beside the steps.
    Detail,
}

/// Returns a text with the colours of its style.
pub(super) fn painted(style: Style, text: &str) -> String {
    let style = match style {
        Style::Done => AnsiColor::Green.on_default().bold(),
        Style::Doing => AnsiColor::Cyan.on_default().bold(),
        Style::Detail => anstyle::Style::new().dimmed(),
    };
    if text.trim().is_empty() { text.to_owned() } else { format!("{style}{text}{style:#}") }
}

/// Tells whether stderr gets colours: as `NO_COLOR`, `CLICOLOR_FORCE` and `CLICOLOR` say, in this order; else where it is
/// a terminal whose `TERM` knows them.
pub(super) fn are_wanted() -> bool {
    AutoStream::choice(&std::io::stderr()) != ColorChoice::Never
}
