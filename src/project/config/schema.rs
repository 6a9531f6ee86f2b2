//! The keys of leoflow.yaml as a JSON Schema for editors.
//!
//! Draft 7, which every language server reads: yaml-language-server knows the later drafts only in part.

use serde_json::{Map, Value, json};

use super::forms::QUANTITY;
use super::key::{Deprecated, Form, Key, Kind};
use super::keys;

/// Returns the schema of leoflow.yaml, with a line feed at its end.
#[must_use]
pub fn schema() -> String {
    let mut schema = closed(keys::TOP);
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!("leoflow.yaml"));
    schema.insert(
        "description".to_owned(),
        json!("A project of leoflow: which DAG it is, and what its image is made of"),
    );
    format!("{:#}\n", Value::Object(schema))
}

fn closed(keys: &[Key]) -> Map<String, Value> {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = object(json!({"type": "object", "properties": properties, "additionalProperties": false}));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

fn property(key: &Key) -> Value {
    let mut schema = of_kind(&key.kind);
    schema.insert("description".to_owned(), json!(key.about));
    if let Some(default) = key.default.and_then(parsed) {
        schema.insert("default".to_owned(), default);
    }
    if let Some(example) = key.example.and_then(parsed) {
        schema.insert("examples".to_owned(), json!([example]));
    }
    Value::Object(schema)
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

fn of_kind(kind: &Kind) -> Map<String, Value> {
    match kind {
        Kind::Text => object(json!({"type": "string"})),
        Kind::Matching(form) => matching(form),
        Kind::Bool => object(json!({"type": "boolean"})),
        Kind::Whole(least) => object(json!({"type": "integer", "minimum": least, "maximum": i32::MAX})),
        Kind::OneOf(names) => object(json!({"type": "string", "enum": names()})),
        Kind::Version(names, deprecated) => object(json!({"anyOf": versions(&names(), deprecated)})),
        Kind::Quantity => object(json!({"anyOf": [matching(&QUANTITY), {"type": "number", "minimum": 0}]})),
        Kind::List(item) => object(json!({"type": "array", "items": of_kind(item)})),
        Kind::Some(item) => object(json!({"type": "array", "items": of_kind(item), "minItems": 1})),
        Kind::Map { of, names, values } => {
            let mut names = matching(names);
            names.insert("title".to_owned(), json!(of));
            object(json!({"type": "object", "propertyNames": names, "additionalProperties": of_kind(values)}))
        }
        Kind::Section(keys) => closed(keys),
        Kind::Object => object(json!({"type": "object"})),
    }
}

fn matching(form: &Form) -> Map<String, Value> {
    let mut schema = object(json!({"type": "string", "pattern": form.pattern}));
    // yaml-language-server and VS Code say this instead of the expression.
    schema.insert("patternErrorMessage".to_owned(), json!(format!("must be {}", form.words)));
    if let Some(never) = form.never {
        schema.insert("not".to_owned(), json!({"pattern": never}));
    }
    schema
}

/// A version without quotes is a number to every reader of YAML but ours.
fn versions(names: &[&str], deprecated: &[Deprecated]) -> Vec<Value> {
    let number = |name: &&str| name.parse::<f64>().ok();
    let is_sound = |name: &&str| deprecated.iter().all(|(old, _)| old != name);
    let (sound, _): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| is_sound(name));
    let mut ways = vec![json!({"enum": sound}), json!({"enum": sound.iter().filter_map(number).collect::<Vec<_>>()})];
    for (old, reason) in deprecated {
        // `deprecationMessage` is what VS Code and yaml-language-server show; `deprecated` is of the drafts since 2019-09.
        let both = json!([old, number(old)]);
        ways.push(json!({"enum": both, "deprecated": true, "deprecationMessage": reason}));
    }
    ways
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod conform;
#[cfg(test)]
mod page;
#[cfg(test)]
pub(super) mod tests;
