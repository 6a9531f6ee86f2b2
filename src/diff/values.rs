//! Two JSON values into the fields that differ, each by its path.

use std::collections::BTreeSet;

use serde_json::Value;

/// A field that differs; it is there on one side at least.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Its path, e.g. `resources.limits.memory`; a name that holds a dot stands in quotes.
    pub path: String,
    /// Its value before, if it was there.
    pub before: Option<Value>,
    /// Its value now, if it is there.
    pub now: Option<Value>,
}

/// Returns the fields that differ: of objects each field by itself, of everything else the whole. Those in `order` come
/// first, in that order.
#[must_use]
pub fn fields(before: &Value, now: &Value, order: &[&str]) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare("", Some(before), Some(now), &mut found);
    let rank = |change: &FieldChange| order.iter().position(|name| first(&change.path) == *name);
    found.sort_by_key(|change| rank(change).unwrap_or(order.len()));
    found
}

/// Nesting is bounded by whoever parsed the values.
fn compare(path: &str, before: Option<&Value>, now: Option<&Value>, found: &mut Vec<FieldChange>) {
    if before == now {
        return;
    }
    let names = names(before, now);
    if names.is_empty() {
        found.push(FieldChange { path: path.to_owned(), before: before.cloned(), now: now.cloned() });
    }
    for name in names {
        let (before, now) = (before.and_then(|value| value.get(name)), now.and_then(|value| value.get(name)));
        compare(&joined(path, name), before, now, found);
    }
}

/// Returns the names of the fields on both sides; none unless each side is an object or absent.
fn names<'a>(before: Option<&'a Value>, now: Option<&'a Value>) -> BTreeSet<&'a str> {
    let sides = [before, now];
    if sides.iter().flatten().any(|side| !side.is_object()) {
        return BTreeSet::new();
    }
    sides
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(|fields| fields.keys().map(String::as_str))
        .collect()
}

fn joined(path: &str, name: &str) -> String {
    let name = if name.contains('.') || name.is_empty() { format!("\"{name}\"") } else { name.to_owned() };
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

/// Returns the first name of a path.
fn first(path: &str) -> &str {
    path.split_once('.').map_or(path, |(first, _)| first)
}
