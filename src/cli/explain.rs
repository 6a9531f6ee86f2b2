//! `leoflow explain`: what the code of an error means, and what to do.

use serde_json::json;

use super::args::ExplainArgs;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;
use crate::code::Code;

/// What stands in an error, and how it is said here.
const FENCE: &str = "```";

pub(super) fn run(session: &Session, args: &ExplainArgs) -> Result<Exit, Failure> {
    let asked = args.codes.iter().map(|text| find(text)).collect::<Result<Vec<Code>, Failure>>()?;
    let text = if asked.is_empty() { list() } else { asked.iter().map(explained).collect::<Vec<_>>().join("\n\n") };
    let codes = if asked.is_empty() { Code::ALL } else { &asked };
    let errors = codes.iter().map(|code| {
        json!({"code": code, "title": code.title(), "explanation": code.explanation(), "warning": code.is_warning()})
    });
    session.print(&text, &json!({"schema": "leoflow.explain/v1", "errors": errors.collect::<Vec<_>>()}))?;
    Ok(Exit::Success)
}

/// `E012`, and whoever is in a hurry writes `e12` or `12`.
fn find(text: &str) -> Result<Code, Failure> {
    let (letter, digits) = match text.trim().split_at_checked(1) {
        Some((letter @ ("e" | "E" | "w" | "W"), digits)) => (letter.to_ascii_uppercase(), digits),
        _ => ("E".to_owned(), text.trim()),
    };
    let number = digits.parse::<u16>().ok();
    number.and_then(|number| Code::find(&format!("{letter}{number:03}"))).ok_or_else(|| unknown(text, &letter, number))
}

fn unknown(text: &str, letter: &str, number: Option<u16>) -> Failure {
    let distance = |code: &Code| code.number()[1..].parse().unwrap_or(u16::MAX).abs_diff(number.unwrap_or(u16::MAX));
    let of_letter = Code::ALL.iter().filter(|code| code.number().starts_with(letter));
    let near = number.and_then(|_| of_letter.min_by_key(|code| distance(code)));
    let near = near.map(|code| format!("the nearest is {code} ({}); ", code.title())).unwrap_or_default();
    Failure::usage(format!("there is no error `{text}`"), format!("{near}`leoflow explain` lists them all"))
}

fn list() -> String {
    Code::ALL.iter().map(|code| format!("{code}  {}\n", code.title())).collect()
}

/// The text as a terminal shows it: examples are indented instead of fenced.
fn explained(code: &Code) -> String {
    let mut text = format!("{code}: {}\n\n", code.title());
    let mut in_example = false;
    for line in code.explanation().lines() {
        match line.strip_prefix(FENCE) {
            Some(_) => in_example = !in_example,
            None if in_example && !line.is_empty() => text.push_str(&format!("    {line}\n")),
            None => text.push_str(&format!("{line}\n")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for text in ["E005", "e005", "5", "05", "e5", " E005 "] {
            assert_eq!(find(text).ok(), Some(Code::UNKNOWN_KEY), "{text}");
        }
        assert_eq!(find("w1").ok(), Some(Code::DEPRECATED_PYTHON));
    }

    #[test]
    fn an_unknown_code_leads_to_one_that_is_there() {
        for (text, help) in [
            ("E099", "the nearest is E090"),
            ("29", "the nearest is E0"),
            ("W009", "the nearest is W0"),
            ("retries", "`leoflow explain` lists them all"),
            ("", "lists them all"),
            ("é", "lists them all"),
        ] {
            let failure = find(text).expect_err(text);
            assert!(failure.reports[0].help.as_ref().is_some_and(|found| found.contains(help)), "{text}: {failure:?}");
        }
    }

    #[test]
    fn examples_are_indented() {
        let text = explained(&Code::UNKNOWN_KEY);
        assert!(text.starts_with("E005: ") && !text.contains(FENCE), "{text}");
        assert!(text.lines().any(|line| line.starts_with("    dag_id: ")), "{text}");
    }
}
