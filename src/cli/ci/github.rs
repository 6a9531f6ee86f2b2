//! GitHub's workflow commands: lines of ours that its runner reads, and lines of others that it must not.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>; how the runner reads them stands in
//! `src/Runner.Common/ActionCommand.cs` of `actions/runner`. It reads stdout and stderr alike.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::Severity;
use crate::cli::report::{Report, printable};
use crate::layers::Digest;
use crate::secret::masked;

/// Ends the part of the log that [`group`] began.
pub(super) const ENDGROUP: &str = "::endgroup::";

/// Begins a part of the log that can be folded away.
pub(super) fn group(title: &str) -> String {
    format!("::group::{}", data(title))
}

/// Shows a report in the summary of the run, and at its place in the changes.
pub(super) fn annotation(report: &Report, severity: Severity, in_workspace: impl Fn(&Path) -> PathBuf) -> String {
    let mut properties = Vec::new();
    if let Some(span) = &report.span {
        let (line, column) = span.position();
        let file = in_workspace(&span.file.path);
        properties.push(format!("file={}", property(&file.to_string_lossy())));
        properties.push(format!("line={line},col={column}"));
    }
    let title = report.code.map_or("leoflow".to_owned(), |code| format!("leoflow {}", code.number()));
    properties.push(format!("title={}", property(&title)));
    let help = report.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    format!("::{} {}::{}", severity.name(), properties.join(","), data(&masked(&format!("{}{help}", report.message))))
}

/// Returns what is appended to the file of `GITHUB_OUTPUT`.
pub(super) fn outputs(outputs: &[(String, String)]) -> String {
    outputs.iter().map(|(name, value)| output(name, value)).collect()
}

/// A value of several lines stands between two lines that do not occur in it: they have its digest.
fn output(name: &str, value: &str) -> String {
    if !value.contains(['\n', '\r']) {
        return format!("{name}={value}\n");
    }
    let mark = format!("leoflow_{}", Digest::of(value.as_bytes()).hex());
    format!("{name}<<{mark}\n{value}\n{mark}\n")
}

/// Escapes what a command says.
fn data(text: &str) -> String {
    printable(text).replace("##[", "## [").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns text that holds no command: `::error::` at the beginning of a line is one, and so is `##[error]` anywhere.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let lines = text.split_inclusive(['\n', '\r']).map(|line| match first_seen(line) {
        Some(at) if line[at..].starts_with("::") => format!("{}: {}", &line[..at], &line[at + 1..]),
        _ => line.to_owned(),
    });
    Cow::Owned(lines.collect::<String>().replace("##[", "## ["))
}

/// Returns JSON that means the same and holds no command: a line of it never begins with a colon.
pub(super) fn harmless_json(json: String) -> String {
    if json.contains("##[") { json.replace("##[", "#\\u0023[") } else { json }
}

/// Returns where the first character stands that is seen: blanks are skipped by the runner, and colours are taken out
/// before a line reaches it.
fn first_seen(line: &str) -> Option<usize> {
    let mut characters = line.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\u{1b}' => drop(characters.by_ref().find(|(_, c)| c.is_ascii_alphabetic())),
            c if c.is_ascii_graphic() || c.is_alphanumeric() => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::code::Code;
    use crate::source::{SourceFile, SourceSpan};

    #[test]
    fn a_report_is_shown_at_its_place_and_nothing_in_it_is_read_as_a_command() {
        let file =
            Arc::new(SourceFile { path: "/w/a,b:c/leoflow.yaml".into(), text: "dag_id: a\nretires: 2\n".into() });
        let report = Report {
            code: Some(Code::UNKNOWN_KEY),
            message: "unknown key `100%`\n::stop-commands::x".into(),
            span: Some(SourceSpan { file, range: 10..17 }),
            related: Vec::new(),
            help: Some("did you mean\r`retries`?".into()),
        };
        let relative = |path: &Path| path.strip_prefix("/w").unwrap().to_owned();
        let expected = "::error file=a%2Cb%3Ac/leoflow.yaml,line=2,col=1,title=leoflow E005::\
                        unknown key `100%25`%0A::stop-commands::x%0Ahelp: did you mean\u{fffd}`retries`?";
        assert_eq!(annotation(&report, Severity::Error, relative), expected);
        let plain = annotation(&Report::new("m"), Severity::Warning, relative);
        assert_eq!(plain, "::warning title=leoflow::m");
        let secret = annotation(&Report::new("cannot ask https://ada:sesame@h/"), Severity::Error, relative);
        assert!(!secret.contains("sesame"), "{secret}");
    }

    #[test]
    fn a_title_cannot_begin_a_second_line() {
        assert_eq!(group("a\n::error::b"), "::group::a%0A::error::b");
    }

    #[test]
    fn a_value_of_several_lines_cannot_end_itself() {
        let written = outputs(&[("a".into(), "one".into()), ("b".into(), "x\nEOF\nc=evil".into())]);
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines[0], "a=one");
        let mark = lines[1].strip_prefix("b<<").unwrap();
        assert_eq!(lines[2..], ["x", "EOF", "c=evil", mark]);
        assert!(mark.len() > 60);
    }

    #[test]
    fn what_others_say_is_no_command() {
        for (text, expected) in [
            ("fine :: here\na::b", "fine :: here\na::b"),
            ("::set-output name=a::b", ": :set-output name=a::b"),
            ("x\n \t::error::y\n", "x\n \t: :error::y\n"),
            ("x\r::error::y", "x\r: :error::y"),
            ("\u{200b}::error::y", "\u{200b}: :error::y"),
            ("\u{1b}[1m\u{1b}[0m::error::y", "\u{1b}[1m\u{1b}[0m: :error::y"),
            (":::error::", ": ::error::"),
            ("help: ##[error]y", "help: ## [error]y"),
            ("###[error]", "### [error]"),
            ("\u{1b}[1m", "\u{1b}[1m"),
        ] {
            assert_eq!(harmless(text), expected, "{text:?}");
        }
    }

    #[test]
    fn json_keeps_its_meaning_without_commands() {
        let json = serde_json::json!({"message": "##[error]x"});
        let written = harmless_json(json.to_string());
        assert!(!written.contains("##["), "{written}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), json);
    }
}
