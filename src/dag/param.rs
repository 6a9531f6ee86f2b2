//! A parameter's default against its JSON schema: the keywords of the common cases; others are left to the control plane.

use serde_json::{Map, Value};

use super::suggest::listed;

const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];

/// Checks `{default?, schema}`: the schema's own types, and the default against them. Without a default the parameter
/// has to be given for each run, which is no fault.
pub(super) fn check(param: &Value) -> Result<(), String> {
    let no_schema = Map::new();
    let schema = match param.get("schema") {
        None => &no_schema,
        Some(Value::Object(schema)) => schema,
        Some(_) => return Err("its schema is not an object".to_owned()),
    };
    if let Some(unknown) = types(schema).into_iter().find(|name| !TYPES.contains(name)) {
        return Err(format!("its schema has the type `{unknown}`; types are {}", listed(TYPES)));
    }
    match param.get("default") {
        Some(default) => {
            satisfies(default, schema).map_err(|reason| format!("its default {} {reason}", short(default)))
        }
        None => Ok(()),
    }
}

fn satisfies(value: &Value, schema: &Map<String, Value>) -> Result<(), String> {
    let types = types(schema);
    if !types.is_empty() && !types.iter().any(|name| is_a(value, name)) {
        return Err(format!("is not of type {}", types.join(" or ")));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return Err(format!("is not {}", short(&schema["const"])));
    }
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.contains(value)
    {
        return Err(format!("is not one of {}", short(&schema["enum"])));
    }
    match value {
        Value::Number(number) => number.as_f64().map_or(Ok(()), |number| check_number(number, schema)),
        Value::String(text) => check_count(text.chars().count(), "character", "minLength", "maxLength", schema),
        Value::Array(items) => check_items(items, schema),
        _ => Ok(()),
    }
}

fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_a(value: &Value, name: &str) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::Object(_) => name == "object",
        Value::Array(_) => name == "array",
        Value::String(_) => name == "string",
        Value::Number(number) => name == "number" || name == "integer" && is_whole(&number.to_string()),
    }
}

/// JSON schema, "6.1.1. type": `1.0` is an integer. Digits are looked at, since a float cannot hold every integer.
fn is_whole(number: &str) -> bool {
    let digits = |text: &str| text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let plain = digits(whole) && fraction.bytes().all(|byte| byte == b'0');
    plain || number.parse::<f64>().is_ok_and(|number| number.fract() == 0.0 && number.is_finite())
}

fn check_number(number: f64, schema: &Map<String, Value>) -> Result<(), String> {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let says = |text: &str, limit: f64| Err(format!("{text} {limit}"));
    match (bound("minimum"), bound("maximum"), bound("exclusiveMinimum"), bound("exclusiveMaximum")) {
        (Some(limit), ..) if number < limit => says("is less than the minimum", limit),
        (_, Some(limit), ..) if number > limit => says("is more than the maximum", limit),
        (_, _, Some(limit), _) if number <= limit => says("is not more than", limit),
        (.., Some(limit)) if number >= limit => says("is not less than", limit),
        _ => Ok(()),
    }
}

fn check_items(items: &[Value], schema: &Map<String, Value>) -> Result<(), String> {
    check_count(items.len(), "item", "minItems", "maxItems", schema)?;
    let Some(Value::Object(of_item)) = schema.get("items") else { return Ok(()) };
    items.iter().try_for_each(|item| {
        satisfies(item, of_item).map_err(|reason| format!("holds {}, which {reason}", short(item)))
    })
}

fn check_count(count: usize, what: &str, least: &str, most: &str, schema: &Map<String, Value>) -> Result<(), String> {
    let bound = |key: &str| schema.get(key).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
    match (bound(least), bound(most)) {
        (Some(least), _) if count < least => Err(format!("has {count} {what}s, fewer than {least}")),
        (_, Some(most)) if count > most => Err(format!("has {count} {what}s, more than {most}")),
        _ => Ok(()),
    }
}

/// A value as JSON, cut where it would fill the screen.
fn short(value: &Value) -> String {
    let json = value.to_string();
    match json.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &json[..at]),
        None => json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_param(param: &str, expected: Result<(), &str>) {
        let found = check(&serde_json::from_str(param).unwrap());
        match (&found, expected) {
            (Ok(()), Ok(())) => {}
            (Err(found), Err(expected)) if found.contains(expected) => {}
            _ => panic!("{param}: {found:?}"),
        }
    }

    #[test]
    fn a_default_satisfies_its_schema() {
        for param in [
            r#"{"schema": {"type": "integer"}}"#,
            r#"{"default": 3, "schema": {}}"#,
            r#"{"default": 3, "schema": {"type": "integer", "minimum": 3, "maximum": 3}}"#,
            r#"{"default": 3.0, "schema": {"type": "integer"}}"#,
            r#"{"default": 1e3, "schema": {"type": "integer"}}"#,
            r#"{"default": 123456789012345678901234567890, "schema": {"type": "integer"}}"#,
            r#"{"default": 3, "schema": {"type": "number"}}"#,
            r#"{"default": null, "schema": {"type": ["null", "string"]}}"#,
            r#"{"default": "é", "schema": {"type": "string", "minLength": 1, "maxLength": 1}}"#,
            r#"{"default": "a", "schema": {"enum": ["a", 1]}}"#,
            r#"{"default": [1, 2], "schema": {"type": "array", "items": {"type": "integer"}, "minItems": 2}}"#,
            r#"{"default": {"a": 1}, "schema": {"type": "object", "oneOf": 7, "format": "x"}}"#,
            r#"{"default": 5, "schema": {"minimum": "low"}}"#,
        ] {
            check_param(param, Ok(()));
        }
    }

    #[test]
    fn a_default_that_does_not_is_told_with_the_reason() {
        check_param(
            r#"{"default": "3", "schema": {"type": "integer"}}"#,
            Err("its default \"3\" is not of type integer"),
        );
        check_param(r#"{"default": true, "schema": {"type": "integer"}}"#, Err("not of type integer"));
        check_param(r#"{"default": 1.5, "schema": {"type": "integer"}}"#, Err("not of type integer"));
        check_param(r#"{"default": 1.5, "schema": {"type": ["null", "string"]}}"#, Err("type null or string"));
        check_param(r#"{"default": null, "schema": {"type": "string"}}"#, Err("not of type string"));
        check_param(r#"{"default": 2, "schema": {"minimum": 3}}"#, Err("less than the minimum 3"));
        check_param(r#"{"default": 4, "schema": {"maximum": 3}}"#, Err("more than the maximum 3"));
        check_param(r#"{"default": 3, "schema": {"exclusiveMinimum": 3}}"#, Err("not more than 3"));
        check_param(r#"{"default": 3, "schema": {"exclusiveMaximum": 3}}"#, Err("not less than 3"));
        check_param(r#"{"default": "", "schema": {"minLength": 1}}"#, Err("has 0 characters, fewer than 1"));
        check_param(r#"{"default": "abc", "schema": {"maxLength": 2}}"#, Err("more than 2"));
        check_param(r#"{"default": "c", "schema": {"enum": ["a", "b"]}}"#, Err("not one of [\"a\",\"b\"]"));
        check_param(r#"{"default": 1, "schema": {"const": 2}}"#, Err("is not 2"));
        check_param(r#"{"default": [1, "x"], "schema": {"items": {"type": "integer"}}}"#, Err("holds \"x\""));
        check_param(r#"{"default": [], "schema": {"minItems": 1}}"#, Err("0 items"));
        check_param(r#"{"default": 1, "schema": {"type": "int"}}"#, Err("the type `int`"));
        check_param(r#"{"default": 1, "schema": 3}"#, Err("not an object"));
    }
}
