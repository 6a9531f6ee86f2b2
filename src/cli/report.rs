//! Faults as people read them: what was attempted, why it failed, the place with a caret, one thing to do.

use std::path::{Path, PathBuf};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::exit::Exit;
use crate::code::Code;
use crate::secret::masked;
use crate::source::SourceSpan;

/// One thing to tell.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The kind of fault, of those that have a code.
    pub code: Option<Code>,
    /// What was attempted, on what, and why it failed.
    pub message: String,
    /// The place at fault.
    pub span: Option<SourceSpan>,
    /// Further places, each with what to say about it.
    pub related: Vec<(SourceSpan, String)>,
    /// One concrete thing to do.
    pub help: Option<String>,
}

/// How a command failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// At least one.
    pub reports: Vec<Report>,
}

impl Report {
    /// Tells a message without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Says which of several projects it is about.
    #[must_use]
    pub fn of(&self, name: &str) -> Self {
        Self { message: format!("{name}: {}", self.message), ..self.clone() }
    }

    /// Renders the report under `level`, with colours when `styled`.
    #[must_use]
    pub fn render(&self, level: Level<'static>, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let message = printable(&self.message);
        let mut title = level.primary_title(message);
        if let Some(code) = self.code {
            title = title.id(code.number());
        }
        let mut group = title.elements(self.snippets());
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(printable(help)));
        }
        let report: [Group<'_>; 1] = [group];
        renderer.decor_style(DecorStyle::Ascii).render(&report)
    }

    /// One snippet a file, each with all the places in it.
    fn snippets(&self) -> Vec<Snippet<'_, Annotation<'_>>> {
        let primary = self.span.iter().map(|span| (span, AnnotationKind::Primary, ""));
        let related = self.related.iter().map(|(span, label)| (span, AnnotationKind::Context, label.as_str()));
        let mut snippets: Vec<(&SourceSpan, Snippet<'_, Annotation<'_>>)> = Vec::new();
        for (span, kind, label) in primary.chain(related) {
            let annotation = kind.span(clamped(span)).label((!label.is_empty()).then_some(label));
            match snippets.iter_mut().find(|(other, _)| other.file == span.file) {
                Some((_, snippet)) => *snippet = snippet.clone().annotation(annotation),
                None => snippets.push((span, source(span).annotation(annotation))),
            }
        }
        snippets.into_iter().map(|(_, snippet)| snippet).collect()
    }
}

fn source(span: &SourceSpan) -> Snippet<'_, Annotation<'_>> {
    Snippet::source(masked(&span.file.text)).path(shown(&span.file.path).display().to_string())
}

/// Returns a path as one would type it here: below the working directory without that.
#[must_use]
pub fn shown(path: &Path) -> PathBuf {
    let path: PathBuf = path.components().collect();
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    below.filter(|below| !below.as_os_str().is_empty()).unwrap_or(path)
}

/// Keeps a span inside its text and on character boundaries: a wrong caret is better than a panic.
fn clamped(span: &SourceSpan) -> std::ops::Range<usize> {
    let text = &span.file.text;
    let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = boundary(span.range.start);
    start..boundary(span.range.end).max(start)
}

/// Replaces control characters: what a server or a file says must not drive the terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Returns what the system said, without the temporary file's name that the `tempfile` crate appends.
#[must_use]
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split_once(" at path ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}

impl Failure {
    /// A failure with one message.
    pub fn new(exit: Exit, message: impl Into<String>, help: Option<String>) -> Self {
        Self { exit, reports: vec![Report::new(message).help(help)] }
    }

    /// Adds the code of its one message.
    #[must_use]
    pub fn coded(mut self, code: Code) -> Self {
        self.reports.iter_mut().for_each(|report| report.code = Some(code));
        self
    }

    /// Returns where its errors are explained, when they have codes.
    #[must_use]
    pub fn more(&self) -> Option<String> {
        let mut codes: Vec<&str> = self.reports.iter().filter_map(|report| report.code).map(Code::number).collect();
        codes.sort_unstable();
        codes.dedup();
        (!codes.is_empty()).then(|| format!("for more about an error: leoflow explain {}", codes.join(" ")))
    }

    /// The command line or the settings are at fault.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message, Some(help.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::SourceFile;

    fn file(text: &str) -> Arc<SourceFile> {
        Arc::new(SourceFile { path: "leoflow.yaml".into(), text: text.to_owned() })
    }

    #[test]
    fn a_place_is_shown_with_a_caret_and_what_to_do() {
        let file = file("dag_id: a\nretires: 2\n");
        let report = Report {
            code: Some(Code::UNKNOWN_KEY),
            message: "unknown key `retires`".into(),
            span: Some(SourceSpan { file, range: 10..17 }),
            related: Vec::new(),
            help: Some("did you mean `retries`?".into()),
        };
        let expected = "\
error[E005]: unknown key `retires`
 --> leoflow.yaml:2:1
  |
2 | retires: 2
  | ^^^^^^^
  |
  = help: did you mean `retries`?";
        assert_eq!(report.render(Level::ERROR, false), expected);
    }

    #[test]
    fn a_password_in_a_quoted_line_is_covered_and_the_caret_stays() {
        let file = file("a: https://u:sésame@h/?t=tok\n");
        let report = Report { message: "m".into(), span: Some(SourceSpan { file, range: 3..30 }), ..Report::default() };
        let rendered = report.render(Level::ERROR, false);
        assert!(rendered.contains("1 | a: https://*********@h/?t=***\n  |    ^^^"), "{rendered}");
    }

    #[test]
    fn a_span_outside_its_text_does_not_panic() {
        for (text, range) in [("", 0..9), ("é", 1..2), ("a\n", 7..9)] {
            let span = SourceSpan { file: file(text), range };
            let report = Report { message: "m".into(), span: Some(span), ..Report::default() };
            assert!(report.render(Level::ERROR, false).contains("error: m"), "{text:?}");
        }
    }

    #[test]
    fn what_a_server_says_cannot_drive_the_terminal() {
        let rendered = Report::new("title \u{1b}[2J\u{7}").render(Level::ERROR, false);
        assert!(!rendered.contains('\u{1b}') && !rendered.contains('\u{7}'), "{rendered:?}");
    }
}
