//! JSON read strictly: a key that stands twice in an object is an error, and nesting is bounded.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Parses a document; depth is bounded by `serde_json` itself (128).
pub(super) fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice::<Strict>(bytes).map(|strict| strict.0)
}

struct Strict(Value);

struct StrictVisitor;

/// With `arbitrary_precision`, `serde_json` hands a number over as a map with this one key.
const NUMBER: &str = "$serde_json::private::Number";

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            if key == NUMBER && object.is_empty() {
                let digits: String = fields.next_value()?;
                return digits.parse::<Number>().map(Value::Number).map_err(A::Error::custom);
            }
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} stands twice")));
            }
            let Strict(value) = fields.next_value()?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let found = parse(text.as_bytes());
        match expected {
            Ok(json) => assert_eq!(found.unwrap().to_string(), json, "{text}"),
            Err(message) => {
                let error = found.expect_err(text).to_string();
                assert!(error.contains(message), "{text}: {error}");
            }
        }
    }

    #[test]
    fn values_are_kept_and_duplicates_are_refused() {
        check(r#"[null, true, "a\n", {}, [1, -2]]"#, Ok(r#"[null,true,"a\n",{},[1,-2]]"#));
        check("123456789012345678901234567890", Ok("123456789012345678901234567890"));
        check("1.000000000000000000001", Ok("1.000000000000000000001"));
        check(r#"{"b": 1, "a": 2}"#, Ok(r#"{"a":2,"b":1}"#));
        check(r#"{"a": 1, "a": 1}"#, Err(r#"the key "a" stands twice at line 1"#));
        check(r#"{"x": [{"a": {}, "b": 2, "a": 3}]}"#, Err("stands twice"));
        check("{\"a\": 1,\n \"\\u0061\": 1}", Err("line 2"));
        check("NaN", Err("expected value"));
        check("{} {}", Err("trailing"));
        check("", Err("EOF"));
        check(&"[".repeat(100_000), Err("recursion limit"));
        check(r#"{"$serde_json::private::Number": "x"}"#, Err(""));
    }
}
