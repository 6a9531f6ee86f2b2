//! YAML with places: a tree of nodes, each of which knows its bytes in the file.
//!
//! One document, scalars by the core schema of YAML 1.2 (so `yes` and `on` are text), aliases expanded up to a cap,
//! merge keys and tags refused. Nothing here knows what leoflow.yaml means.

mod build;
mod explain;
mod scalar;

use std::ops::Range;
use std::sync::Arc;

pub(super) use scalar::{Resolved, Scalar};

use super::ConfigFault;
use crate::code::Code;
use crate::source::{SourceFile, SourceSpan};

/// The most bytes that a leoflow.yaml may have.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// One node of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Its bytes in the file.
    pub(super) range: Range<usize>,
    pub(super) value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    /// In the order of the file; a duplicate key stands here twice.
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    /// Returns the text of a scalar, whatever it resolves to.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// Returns whether nothing was written here (or `null`, or `~`).
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.resolve() == Resolved::Null)
    }
}

/// Turns the bytes of a file into text, without its byte order mark; a fault marks what cannot be text.
pub(super) fn decode(path: &std::path::Path, bytes: Vec<u8>) -> (Arc<SourceFile>, Option<ConfigFault>) {
    let (bytes, message) = if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        (Vec::new(), Some((Code::NOT_YAML, 0..0, "the file is UTF-16", "save it as UTF-8")))
    } else if bytes.len() > MAX_BYTES {
        (
            Vec::new(),
            Some((
                Code::YAML_TOO_LARGE,
                0..0,
                "the file has more than 1 MiB",
                "a leoflow.yaml needs some hundred lines",
            )),
        )
    } else {
        (bytes, None)
    };
    let (text, message) = match String::from_utf8(bytes) {
        Ok(text) => (text, message),
        Err(error) => {
            // Up to the fault, the lossy text has the same bytes, so that the place still holds.
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            (
                text,
                Some((
                    Code::NOT_YAML,
                    at..at + '\u{FFFD}'.len_utf8(),
                    "these bytes are not UTF-8",
                    "save the file as UTF-8",
                )),
            )
        }
    };
    let marked = text.starts_with('\u{FEFF}');
    let text = if marked { text['\u{FEFF}'.len_utf8()..].to_owned() } else { text };
    let shift = if marked { '\u{FEFF}'.len_utf8() } else { 0 };
    let file = Arc::new(SourceFile { path: path.to_owned(), text });
    let fault = message.map(|(code, range, message, help)| {
        let range = range.start.saturating_sub(shift)..range.end.saturating_sub(shift);
        let span = SourceSpan { file: Arc::clone(&file), range };
        ConfigFault { help: Some(help.to_owned()), ..ConfigFault::new(code, span, message) }
    });
    (file, fault)
}

/// Returns the tree of the file's one document.
///
/// # Errors
/// With the first place that is not YAML, or not the YAML that is read here.
pub(super) fn parse(file: &Arc<SourceFile>) -> Result<Node, Box<ConfigFault>> {
    if let Some((at, control)) = file.text.char_indices().find(|(_, c)| c.is_control() && !"\t\n\r\u{85}".contains(*c))
    {
        let span = SourceSpan { file: Arc::clone(file), range: at..at + control.len_utf8() };
        let message =
            format!("the file holds the control character U+{:04X}, which YAML does not allow", control as u32);
        return Err(Box::new(ConfigFault {
            help: Some("remove it".to_owned()),
            ..ConfigFault::new(Code::NOT_YAML, span, message)
        }));
    }
    build::build(file)
}

#[cfg(test)]
mod tests;
