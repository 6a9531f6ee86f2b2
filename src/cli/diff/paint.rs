//! Colours for differences, where stdout takes them.

use anstream::{AutoStream, ColorChoice};
use serde_json::Value;

use crate::cli::args::OutputFormat;
use crate::cli::report::{Failure, printable};
use crate::cli::session::{Session, write_stdout};

const GREEN: &str = "\u{1b}[32m";
const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
const RESET: &str = "\u{1b}[0m";

/// Prints differences: in colour on a terminal, unless NO_COLOR says otherwise, or one JSON object.
///
/// # Errors
/// When stdout cannot be written to.
pub(in crate::cli) fn print(session: &Session, text: &str, json: &Value) -> Result<(), Failure> {
    match session.format {
        OutputFormat::Text if AutoStream::choice(&std::io::stdout()) != ColorChoice::Never => {
            write_stdout(painted(&printable(text)).as_bytes())
        }
        _ => session.print(text, json),
    }
}

/// Paints each line that begins with a mark.
fn painted(text: &str) -> String {
    let paint = |line: &str| match line.trim_start().split_once(' ').and_then(|(mark, _)| colour(mark)) {
        Some(colour) => format!("{colour}{line}{RESET}\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(paint).collect()
}

fn colour(mark: &str) -> Option<&'static str> {
    match mark {
        "+" => Some(GREEN),
        "-" => Some(RED),
        "~" => Some(YELLOW),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_with_a_mark_are_painted() {
        let painted = painted("Images differ\n  + task b  bash\n      - 1\n  = layer\n");
        let expected = format!("Images differ\n{GREEN}  + task b  bash{RESET}\n{RED}      - 1{RESET}\n  = layer\n");
        assert_eq!(painted, expected);
    }
}
