//! The top level of any YAML mapping with places, for files whose other keys are somebody else's.

use std::ops::Range;
use std::sync::Arc;

use super::ConfigFault;
use super::config::reader::{Field, Reader};
use super::yaml::{self, Node, Value};
use crate::code::Code;
use crate::source::{SourceFile, SourceSpan};

/// A key of a YAML file, with its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlEntry {
    /// The key; an item of a list has its number instead.
    pub key: String,
    /// Its value's text, when that is a scalar; an empty one is an empty text.
    pub value: Option<String>,
    /// What stands below it, when that is a mapping or a list.
    pub below: Vec<YamlEntry>,
    /// The bytes of the value, so that it can be replaced; an empty range behind the key when none is written.
    pub value_range: Range<usize>,
    /// The bytes of key and value.
    pub range: Range<usize>,
}

/// Reads the keys at the top of a YAML file, and what is below them; an empty file has none.
///
/// # Errors
/// When the file is not YAML or its top is not a mapping.
pub fn top_level(file: &Arc<SourceFile>) -> Result<Vec<YamlEntry>, Box<ConfigFault>> {
    let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if file.text.lines().all(blank) {
        return Ok(Vec::new());
    }
    let root = yaml::parse(file)?;
    match &root.value {
        Value::Mapping(_) => Ok(entries(&root)),
        _ => {
            let span = SourceSpan { file: Arc::clone(file), range: root.range };
            Err(Box::new(ConfigFault::new(Code::NO_MAPPING, span, "expected `key: value` lines")))
        }
    }
}

/// Returns what stands below a node.
fn entries(node: &Node) -> Vec<YamlEntry> {
    match &node.value {
        Value::Scalar(_) => Vec::new(),
        Value::Sequence(items) => {
            items.iter().enumerate().map(|(at, item)| entry(at.to_string(), &item.range, item)).collect()
        }
        Value::Mapping(pairs) => {
            pairs.iter().filter_map(|(key, value)| Some(entry(key.text()?.to_owned(), &key.range, value))).collect()
        }
    }
}

fn entry(key: String, key_range: &Range<usize>, value: &Node) -> YamlEntry {
    // A value that is not written stands nowhere, whatever the parser has for its place.
    let value_range = if value.range.is_empty() { key_range.end..key_range.end } else { value.range.clone() };
    YamlEntry {
        key,
        value: if value.is_null() { Some(String::new()) } else { value.text().map(str::to_owned) },
        below: entries(value),
        range: key_range.start..value_range.end.max(key_range.end),
        value_range,
    }
}

/// Reads the value of one key at the top of a YAML file whose other keys are somebody else's.
///
/// # Errors
/// With everything that is wrong with it.
pub(crate) fn read_key<T>(
    file: &Arc<SourceFile>,
    key: &str,
    read: impl FnOnce(&Field<'_>) -> T,
) -> Result<Option<T>, Vec<ConfigFault>> {
    let root = yaml::parse(file).map_err(|fault| vec![*fault])?;
    let Value::Mapping(entries) = &root.value else { return Ok(None) };
    let Some((_, node)) = entries.iter().find(|(name, value)| name.text() == Some(key) && !value.is_null()) else {
        return Ok(None);
    };
    let reader = Reader::new(Arc::clone(file));
    reader.check_duplicates(node, key);
    let value = read(&Field { reader: &reader, path: key.to_owned(), node });
    match reader.finish() {
        (faults, _) if faults.is_empty() => Ok(Some(value)),
        (faults, _) => Err(faults),
    }
}
