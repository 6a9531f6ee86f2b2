//! Where in a user's file a fault lies.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A text file of the user's, as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path to show, as the user knows it.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
}

/// A range of bytes in a [`SourceFile`], to be shown with a caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSpan {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The bytes at fault, in the file's text; empty means a point.
    pub range: Range<usize>,
}

impl SourceSpan {
    /// Marks the whole of a 1-based line, without its indentation and line end; the last line when there are fewer.
    #[must_use]
    pub fn line(file: &Arc<SourceFile>, line: usize) -> Self {
        let mut start = 0;
        let mut found = "";
        for (index, text) in file.text.split_inclusive('\n').enumerate() {
            found = text;
            if index + 1 >= line {
                break;
            }
            start += text.len();
        }
        let start = start.min(file.text.len());
        let indent = found.len() - found.trim_start_matches([' ', '\t']).len();
        let end = start + found.trim_end().len().max(indent);
        Self { file: Arc::clone(file), range: start + indent..end.min(file.text.len()).max(start + indent) }
    }

    /// Returns the 1-based line and column (in characters) of the first byte.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        let before = &self.file.text[..self.range.start.min(self.file.text.len())];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}
