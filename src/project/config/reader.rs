//! Typed reading of a YAML tree, collecting every fault instead of stopping at the first.
//!
//! A [`Section`] knows which keys there are, from the table in `keys` or else from what is asked of it; what is left when it
//! ends is unknown. That all of a table's keys are asked for, and no other, every test that reads one shows.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value as Json;

use super::key::Key;
use super::nearest::nearest;
use super::{ConfigFault, QuantityError};
use crate::code::Code;
use crate::project::Quantity;
use crate::project::yaml::{Node, Resolved, Value as Yaml};
use crate::secret::Secret;
use crate::source::{SourceFile, SourceSpan};

const TRUE_OR_FALSE: &str = "write `true` or `false`";

/// Gathers what is wrong while a tree is read.
pub(crate) struct Reader {
    file: Arc<SourceFile>,
    faults: RefCell<Vec<ConfigFault>>,
    warnings: RefCell<Vec<ConfigFault>>,
}

/// A value and the path of its key, for messages.
#[derive(Clone)]
pub(crate) struct Field<'a> {
    pub(in crate::project) reader: &'a Reader,
    pub(in crate::project) path: String,
    pub(in crate::project) node: &'a Node,
}

/// A mapping whose keys are closed.
pub(crate) struct Section<'a> {
    field: Field<'a>,
    rest: Vec<(&'a Node, &'a Node)>,
    known: Vec<&'static str>,
    table: Option<&'static [Key]>,
}

impl Reader {
    pub(in crate::project) fn new(file: Arc<SourceFile>) -> Self {
        Self { file, faults: RefCell::default(), warnings: RefCell::default() }
    }

    pub(super) fn span(&self, range: &Range<usize>) -> SourceSpan {
        SourceSpan { file: Arc::clone(&self.file), range: range.clone() }
    }

    pub(super) fn fault(
        &self,
        code: Code,
        range: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        let fault = ConfigFault { help: help.into(), ..ConfigFault::new(code, self.span(range), message) };
        self.faults.borrow_mut().push(fault);
    }

    pub(super) fn warn(
        &self,
        code: Code,
        range: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        let warning = ConfigFault { help: help.into(), ..ConfigFault::new(code, self.span(range), message) };
        self.warnings.borrow_mut().push(warning);
    }

    /// Returns the faults and the warnings, each in the order of their places.
    pub(in crate::project) fn finish(self) -> (Vec<ConfigFault>, Vec<ConfigFault>) {
        (sorted(self.faults.into_inner()), sorted(self.warnings.into_inner()))
    }

    /// Records every key that stands twice in one mapping, with both places.
    pub(in crate::project) fn check_duplicates(&self, node: &Node, path: &str) {
        match &node.value {
            Yaml::Scalar(_) => {}
            Yaml::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.check_duplicates(item, &format!("{path}[{index}]"));
                }
            }
            Yaml::Mapping(pairs) => {
                let mut seen: BTreeMap<&str, &Node> = BTreeMap::new();
                for (key, value) in pairs {
                    let name = key.text().unwrap_or_default();
                    let path = join(path, name);
                    match seen.get(name) {
                        Some(first) => self.duplicate(first, key, &path),
                        None => drop(seen.insert(name, key)),
                    }
                    self.check_duplicates(value, &path);
                }
            }
        }
    }

    fn duplicate(&self, first: &Node, second: &Node, path: &str) {
        let first = self.span(&first.range);
        let message = format!("`{path}` is given twice: on line {} already", first.position().0);
        let fault = ConfigFault {
            related: Some((first, "first given here".to_owned())),
            help: Some("keep one of them".to_owned()),
            ..ConfigFault::new(Code::DUPLICATE_KEY, self.span(&second.range), message)
        };
        self.faults.borrow_mut().push(fault);
    }
}

/// In the order of the file, each told once, however often its value was looked at.
fn sorted(mut faults: Vec<ConfigFault>) -> Vec<ConfigFault> {
    faults.sort_by(|one, other| (one.span.range.start, &one.message).cmp(&(other.span.range.start, &other.message)));
    faults.dedup();
    faults
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl<'a> Section<'a> {
    /// Returns the value of a key; a key without a value counts as missing.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<Field<'a>> {
        self.known.push(key);
        let at = self.rest.iter().position(|(name, _)| name.text() == Some(key))?;
        let (_, node) = self.rest.remove(at);
        // Of a duplicate key the first is read; the second is a fault already.
        self.rest.retain(|(name, _)| name.text() != Some(key));
        let field = Field { reader: self.field.reader, path: join(&self.field.path, key), node };
        (!node.is_null()).then_some(field)
    }

    /// Returns the value of a key that must be there.
    pub(crate) fn require(&mut self, key: &'static str, help: &str) -> Option<Field<'a>> {
        let found = self.get(key);
        if found.is_none() {
            let path = join(&self.field.path, key);
            let range = &self.field.node.range;
            let point = range.start..range.start;
            self.field.reader.fault(Code::MISSING_KEY, &point, format!("`{path}` is missing"), help.to_owned());
        }
        found
    }

    /// Records a key as a fault of its own if it is there.
    pub(super) fn refuse(&mut self, code: Code, key: &str, message: &str, help: &str) {
        self.rest.retain(|(name, _)| {
            let found = name.text() == Some(key);
            if found {
                self.field.reader.fault(code, &name.range, message, help.to_owned());
            }
            !found
        });
    }

    /// Ends the section: every key that nobody asked for is a fault.
    pub(crate) fn end(self) {
        debug_assert!(self.table.is_none_or(|table| is_whole(&self.known, table)), "{:?} is not the table", self.known);
        for (key, _) in &self.rest {
            let name = key.text().unwrap_or_default();
            let message = format!("unknown key `{}`", join(&self.field.path, name));
            let help = match nearest(name, &self.known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys here: {}", self.known.join(", ")),
            };
            self.field.reader.fault(Code::UNKNOWN_KEY, &key.range, message, help);
        }
    }
}

/// Whether exactly the keys of a table were asked for.
fn is_whole(asked: &[&str], table: &[Key]) -> bool {
    let names: BTreeSet<&str> = table.iter().map(|key| key.name).collect();
    asked.iter().copied().collect::<BTreeSet<_>>() == names
}

impl<'a> Field<'a> {
    /// Records a fault of this value; the message follows its path.
    pub(crate) fn fault(&self, code: Code, message: impl AsRef<str>, help: impl Into<Option<String>>) {
        self.reader.fault(code, &self.node.range, format!("`{}` {}", self.path, message.as_ref()), help);
    }

    /// Returns the bytes of a part of this text; all of it where the file has it written otherwise (escapes, folded lines).
    pub(super) fn within(&self, text: &str, part: &Range<usize>) -> Range<usize> {
        let whole = &self.node.range;
        let raw = self.reader.file.text.get(whole.clone()).unwrap_or_default();
        raw.find(text).map_or_else(|| whole.clone(), |at| whole.start + at + part.start..whole.start + at + part.end)
    }

    fn expected<T>(&self, what: &str, help: impl Into<Option<String>>) -> Option<T> {
        self.fault(Code::WRONG_TYPE, format!("must be {what}, not {}", describe(self.node)), help);
        None
    }

    fn as_mapping(&self) -> String {
        let key = self.path.rsplit('.').next().unwrap_or(&self.path);
        format!("write `key: value` lines below `{key}:`, indented")
    }

    /// Returns the closed mapping that this value must be.
    pub(crate) fn section(&self) -> Option<Section<'a>> {
        let Yaml::Mapping(pairs) = &self.node.value else {
            return self.expected("a mapping", self.as_mapping());
        };
        let rest = pairs.iter().map(|(key, value)| (key, value)).collect();
        Some(Section { field: self.clone(), rest, known: Vec::new(), table: None })
    }

    /// Returns the closed mapping of these keys that this value must be.
    pub(super) fn keys(&self, table: &'static [Key]) -> Option<Section<'a>> {
        Some(Section { table: Some(table), ..self.section()? })
    }

    /// Returns the document's own section, which has no path to name in a fault.
    pub(super) fn mapping_root(&self, table: &'static [Key]) -> Option<Section<'a>> {
        matches!(self.node.value, Yaml::Mapping(_)).then(|| self.keys(table)).flatten()
    }

    pub(super) fn is_empty_list(&self) -> bool {
        matches!(&self.node.value, Yaml::Sequence(items) if items.is_empty())
    }

    /// Returns each key and value of an open mapping; the first field of a pair is the key.
    pub(crate) fn pairs(&self) -> Vec<(Field<'a>, Field<'a>)> {
        let Yaml::Mapping(pairs) = &self.node.value else {
            return self.expected("a mapping", self.as_mapping()).unwrap_or_default();
        };
        let field = |path: &str, node| Field { reader: self.reader, path: path.to_owned(), node };
        let mut seen = BTreeSet::new();
        let first = pairs.iter().filter(|(key, _)| seen.insert(key.text()));
        let both = first.map(|(key, value)| (join(&self.path, key.text().unwrap_or_default()), key, value));
        both.map(|(path, key, value)| (field(&path, key), field(&path, value))).collect()
    }

    /// Returns whether this value is a list.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.node.value, Yaml::Sequence(_))
    }

    pub(crate) fn items(&self) -> Vec<Field<'a>> {
        let Yaml::Sequence(items) = &self.node.value else {
            let help = self
                .node
                .text()
                .map_or("write a `- ` before each of its items".to_owned(), |text| format!("write `[{text}]`"));
            return self.expected("a list", help).unwrap_or_default();
        };
        let field = |(index, node)| Field { reader: self.reader, path: format!("{}[{index}]", self.path), node };
        items.iter().enumerate().map(field).collect()
    }

    /// Returns the text that this value must be.
    pub(crate) fn string(&self) -> Option<String> {
        match &self.node.value {
            Yaml::Scalar(scalar) if scalar.resolve() == Resolved::Text => Some(scalar.text.clone()),
            Yaml::Scalar(scalar) => self.expected("text", format!("write `\"{}\"`", scalar.text)),
            _ => self.expected("text", "write one text, in quotes".to_owned()),
        }
    }

    /// Returns the scalar that this value must be, whatever it resolves to; a fault does not repeat it.
    pub(crate) fn secret(&self) -> Option<Secret> {
        match self.node.text() {
            Some(text) => Some(Secret::new(text)),
            None => self.expected("text", "write one text, in quotes".to_owned()),
        }
    }

    /// Returns a text that is not empty and holds no control characters.
    pub(crate) fn name(&self) -> Option<String> {
        let text = self.string()?;
        if text.trim().is_empty() {
            self.fault(Code::BAD_TEXT, "is empty", "write a name, or remove it".to_owned());
            return None;
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            self.fault(
                Code::BAD_TEXT,
                "has white space at its ends or a control character in it",
                "remove that".to_owned(),
            );
            return None;
        }
        Some(text)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.items().iter().filter_map(Field::name).collect()
    }

    pub(crate) fn bool(&self) -> Option<bool> {
        let Yaml::Scalar(scalar) = &self.node.value else {
            return self.expected("`true` or `false`", TRUE_OR_FALSE.to_owned());
        };
        let meant = match (scalar.resolve(), scalar.text.to_ascii_lowercase().as_str()) {
            (Resolved::Bool(value), _) => return Some(value),
            (_, "yes" | "on" | "y" | "true" | "1") => Some("write `true`".to_owned()),
            (_, "no" | "off" | "n" | "false" | "0") => Some("write `false`".to_owned()),
            _ => Some(TRUE_OR_FALSE.to_owned()),
        };
        self.expected("`true` or `false`", meant)
    }

    /// Returns a whole number of at least `minimum`.
    pub(super) fn whole(&self, minimum: u64) -> Option<u64> {
        let found = match &self.node.value {
            Yaml::Scalar(scalar) => scalar.resolve(),
            _ => Resolved::Text,
        };
        let unquoted =
            self.node.text().filter(|text| text.parse::<u64>().is_ok()).map(|text| format!("write `{text}`"));
        match found {
            Resolved::Integer(Some(value)) if value >= i128::from(minimum) && value <= i128::from(i32::MAX) => {
                u64::try_from(value).ok()
            }
            Resolved::Integer(Some(value)) if value < i128::from(minimum) => {
                let help = format!("write a whole number, {minimum} or more");
                self.fault(Code::OUT_OF_RANGE, format!("must be at least {minimum}, not {value}"), help);
                None
            }
            Resolved::Integer(_) => {
                self.fault(
                    Code::OUT_OF_RANGE,
                    format!("must be at most {}", i32::MAX),
                    "write a smaller number".to_owned(),
                );
                None
            }
            _ => self.expected("a whole number", unquoted.unwrap_or("write digits alone, e.g. `3`".to_owned())),
        }
    }

    /// Returns what one of a few words stands for.
    pub(crate) fn one_of<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.string()?;
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
            return Some(*value);
        }
        let names: Vec<&'static str> = choices.iter().map(|(name, _)| *name).collect();
        let near = nearest(&text, &names).map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| format!("write one of them, e.g. `{}`", names.first().unwrap_or(&"")));
        self.fault(Code::NOT_ONE_OF, format!("must be one of {}, not `{text}`", list(&names)), help);
        None
    }

    /// Returns a quantity; a bare number is one too.
    pub(super) fn quantity(&self) -> Option<Quantity> {
        let number = match &self.node.value {
            Yaml::Scalar(scalar) => !matches!(scalar.resolve(), Resolved::Null | Resolved::Bool(_)),
            _ => false,
        };
        let Some(text) = self.node.text().filter(|_| number) else {
            return self.expected("a Kubernetes quantity", "write it like `500m`, `2` or `2Gi`".to_owned());
        };
        match text.parse() {
            Ok(quantity) => Some(quantity),
            Err(QuantityError { text, help }) => {
                self.fault(Code::BAD_QUANTITY, format!("must be a Kubernetes quantity, not `{text}`"), help);
                None
            }
        }
    }

    /// Returns any value as JSON.
    pub(super) fn json(&self) -> Option<Json> {
        match &self.node.value {
            Yaml::Scalar(scalar) => self.json_scalar(&scalar.text, scalar.resolve()),
            Yaml::Sequence(_) => self.items().iter().map(Field::json).collect::<Option<Vec<_>>>().map(Json::Array),
            Yaml::Mapping(_) => {
                let pair = |(key, value): &(Field<'a>, Field<'a>)| Some((key.node.text()?.to_owned(), value.json()?));
                self.pairs().iter().map(pair).collect::<Option<_>>().map(Json::Object)
            }
        }
    }

    fn json_scalar(&self, text: &str, resolved: Resolved) -> Option<Json> {
        match resolved {
            Resolved::Null => Some(Json::Null),
            Resolved::Bool(value) => Some(Json::Bool(value)),
            Resolved::Text => Some(Json::String(text.to_owned())),
            Resolved::Integer(Some(value)) => i64::try_from(value).ok().map(Json::from),
            Resolved::Integer(None) => None,
            Resolved::Float(value) => serde_json::Number::from_f64(value).map(Json::Number),
        }
        .or_else(|| {
            self.expected("a number that JSON can hold", "write a smaller number, or quotes around it".to_owned())
        })
    }
}

/// Says what a node is, for "must be X, not Y".
fn describe(node: &Node) -> String {
    let text = node.text().unwrap_or_default();
    match &node.value {
        Yaml::Sequence(_) => "a list".to_owned(),
        Yaml::Mapping(_) => "a mapping".to_owned(),
        Yaml::Scalar(scalar) => match scalar.resolve() {
            Resolved::Null => "empty".to_owned(),
            Resolved::Bool(_) => format!("the boolean `{text}`"),
            Resolved::Integer(_) | Resolved::Float(_) => format!("the number {text}"),
            Resolved::Text => format!("the text `{text}`"),
        },
    }
}

pub(super) fn list(names: &[&str]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let _ = write!(text, "{separator}`{name}`");
    }
    text
}
