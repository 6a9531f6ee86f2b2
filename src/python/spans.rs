//! The worker's places as spans of the user's files.

use std::path::Path;
use std::sync::Arc;

use super::project_files::{Found, ProjectFiles};
use super::protocol::{Fault, Place, Refused};
use super::{PythonError, RefusedDag, narrow, read_source};
use crate::source::{SourceFile, SourceSpan};

/// Bytes of a message that are shown.
const LONGEST_MESSAGE: usize = 2000;

fn at_most(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
        text.push('…');
    }
    text
}

/// Returns the byte of a 1-based column, in characters, of a line.
fn byte_of(text: &str, line: &SourceSpan, column: usize) -> usize {
    let start = text[..line.range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    text[start..end].char_indices().nth(column.saturating_sub(1)).map_or(end, |(at, _)| start + at)
}

/// Turns the worker's places into spans of the user's files.
pub(super) struct Spans<'a> {
    pub(super) root: &'a Path,
    pub(super) main: (&'a str, &'a Arc<SourceFile>),
}

impl Spans<'_> {
    pub(super) fn refused(&self, dag: Refused) -> RefusedDag {
        RefusedDag { dag_id: dag.dag_id, error: self.fault(dag.fault) }
    }

    pub(super) fn fault(&self, fault: Fault) -> PythonError {
        PythonError::Code {
            code: fault.code,
            span: fault.place.and_then(|place| self.span(&place)).map(|span| narrow::shown(span, &fault.message)),
            trace: fault
                .trace
                .iter()
                .filter_map(|place| self.span(place))
                .map(|span| narrow::shown(span, ""))
                .collect(),
            message: at_most(fault.message, LONGEST_MESSAGE),
            help: fault.help.map(|help| at_most(help, LONGEST_MESSAGE)),
        }
    }

    /// A place is what the code made of it: it can claim to lie in a file that is not the project's.
    fn other(&self, file: &str) -> Option<Arc<SourceFile>> {
        let files = ProjectFiles::new(self.root.canonicalize().ok()?);
        matches!(files.look(file), Found::File(_)).then(|| read_source(self.root, file).ok())?
    }

    pub(super) fn known(&self, place: Option<Place>) -> Option<SourceSpan> {
        self.span(&place?)
    }

    pub(super) fn span(&self, place: &Place) -> Option<SourceSpan> {
        let (main, source) = self.main;
        let file = if place.file == main { Arc::clone(source) } else { self.other(&place.file)? };
        let line = SourceSpan::line(&file, place.line);
        let Some(column) = place.column else { return Some(line) };
        let start = byte_of(&file.text, &line, column);
        let last = place.end_line.map_or(line, |line| SourceSpan::line(&file, line));
        let end = place.end_column.map_or(start, |column| byte_of(&file.text, &last, column)).max(start);
        Some(SourceSpan { file: Arc::clone(&file), range: start..end })
    }
}
