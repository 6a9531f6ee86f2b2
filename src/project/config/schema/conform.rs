//! As much of a JSON Schema validator as our schema needs; a keyword that it does not know fails a test.

use regex::Regex;
use serde_json::Value;

/// Returns what of a value breaks the schema, with its path.
pub(super) fn breaks(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let keywords = schema.as_object().expect("a schema");
    keywords.iter().flat_map(|(keyword, rule)| keyword_breaks(schema, keyword, rule, value, at)).collect()
}

fn keyword_breaks(schema: &Value, keyword: &str, rule: &Value, value: &Value, at: &str) -> Vec<String> {
    let holds = match keyword {
        "type" => is_of_type(rule.as_str().expect("a type"), value),
        "enum" => rule.as_array().expect("a list").iter().any(|word| equal(word, value)),
        "pattern" => value.as_str().is_none_or(|text| regex(rule).is_match(text)),
        "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().expect("a number")),
        "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().expect("a number")),
        "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().expect("a number")),
        "anyOf" => rule.as_array().expect("a list").iter().any(|way| breaks(way, value, at).is_empty()),
        "not" => !breaks(rule, value, at).is_empty(),
        "required" => rule.as_array().expect("a list").iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
        "propertyNames" => names(value).all(|name| breaks(rule, &name.into(), at).is_empty()),
        "items" => {
            let each = value.as_array().into_iter().flatten().enumerate();
            return each.flat_map(|(index, item)| breaks(rule, item, &format!("{at}[{index}]"))).collect();
        }
        "properties" => {
            let known = names(value).filter_map(|name| Some((name, rule.get(name)?)));
            return known.flat_map(|(name, rule)| breaks(rule, &value[name], &format!("{at}.{name}"))).collect();
        }
        "additionalProperties" => {
            let others = names(value).filter(|name| schema["properties"].get(name).is_none());
            return match rule {
                Value::Bool(_) => others.map(|name| format!("{at}.{name} is not allowed")).collect(),
                rule => others.flat_map(|name| breaks(rule, &value[name], &format!("{at}.{name}"))).collect(),
            };
        }
        "$schema" | "title" | "description" | "default" | "examples" => true,
        "deprecated" | "deprecationMessage" | "patternErrorMessage" => true,
        other => panic!("`{other}` is no keyword that is known here"),
    };
    if holds { Vec::new() } else { vec![format!("{at}: {keyword} {rule} does not hold of {value}")] }
}

fn regex(rule: &Value) -> Regex {
    Regex::new(rule.as_str().expect("an expression")).expect("an expression")
}

fn names(value: &Value) -> impl Iterator<Item = &str> {
    value.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str))
}

fn is_of_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("`{other}` is no type that is known here"),
    }
}

/// 1 and 1.0 are one number.
fn equal(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-9,
        _ => one == other,
    }
}
