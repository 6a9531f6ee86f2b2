//! Where in a user's file a fault lies.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;

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

/// Reads at most `limit` bytes of a regular file; a FIFO or device in its place would never end.
///
/// # Errors
/// When it is something else, or the system refuses.
pub fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
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
