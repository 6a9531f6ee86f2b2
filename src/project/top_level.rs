//! The top level of any YAML mapping with places, for files whose other keys are somebody else's.

use std::ops::Range;
use std::sync::Arc;

use super::ConfigFault;
use super::config::reader::{Field, Reader};
use super::yaml::{self, Value};
use crate::code::Code;
use crate::source::{SourceFile, SourceSpan};

/// A key at the top of a YAML file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopLevelEntry {
    /// The key.
    pub key: String,
    /// Its value's text, when that is a scalar; an empty one is an empty text.
    pub value: Option<String>,
    /// The bytes of the value, so that it can be replaced.
    pub value_range: Range<usize>,
    /// The bytes of key and value.
    pub range: Range<usize>,
}

/// Reads the keys at the top of a YAML file; an empty file has none.
///
/// # Errors
/// When the file is not YAML or its top is not a mapping.
pub fn top_level(file: &Arc<SourceFile>) -> Result<Vec<TopLevelEntry>, Box<ConfigFault>> {
    let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if file.text.lines().all(blank) {
        return Ok(Vec::new());
    }
    let root = yaml::parse(file)?;
    let Value::Mapping(entries) = root.value else {
        let span = SourceSpan { file: Arc::clone(file), range: root.range };
        return Err(Box::new(ConfigFault::new(Code::NO_MAPPING, span, "expected `key: value` lines")));
    };
    let entries = entries.into_iter().filter_map(|(key, value)| {
        Some(TopLevelEntry {
            key: key.text()?.to_owned(),
            value: if value.is_null() { Some(String::new()) } else { value.text().map(str::to_owned) },
            range: key.range.start..value.range.end.max(key.range.end),
            value_range: value.range,
        })
    });
    Ok(entries.collect())
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
