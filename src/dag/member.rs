//! Where a member of a JSON object stands in its text: it can be replaced and every other byte stays what it is.

use std::ops::Range;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Deserializer;

/// Returns where the value of the member `name` of an object stands; `None` of what is no such object.
pub(super) fn value_of(json: &[u8], name: &str) -> Option<Range<usize>> {
    let mut at = after(json, 0, b'{')?;
    loop {
        let (key, end) = value::<String>(json, at)?;
        let start = past_spaces(json, after(json, end, b':')?);
        let (_, end) = value::<IgnoredAny>(json, start)?;
        if key == name {
            return Some(start..end);
        }
        at = after(json, end, b',')?;
    }
}

/// Reads a value, and returns where it ends.
fn value<T: DeserializeOwned>(json: &[u8], at: usize) -> Option<(T, usize)> {
    let mut values = Deserializer::from_slice(json.get(at..)?).into_iter::<T>();
    let value = values.next()?.ok()?;
    Some((value, at + values.byte_offset()))
}

/// Returns what comes after a byte that must be next.
fn after(json: &[u8], at: usize, byte: u8) -> Option<usize> {
    let at = past_spaces(json, at);
    (*json.get(at)? == byte).then_some(at + 1)
}

fn past_spaces(json: &[u8], at: usize) -> usize {
    let spaces = json.iter().skip(at).take_while(|byte| byte.is_ascii_whitespace());
    at + spaces.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_at_the_top_alone() {
        for (json, expected) in [
            (r#"{"image":"a"}"#, Some(r#""a""#)),
            (" {\n \"n\": -1.5e3, \"t\": true,\"image\" :\t\"a\\u0022,\" , \"z\": 1}\n", Some(r#""a\u0022,""#)),
            (r#"{"a": {"image": 1}, "b": ["image", {"image": 2}], "c": "\"image\": 3", "image": 4}"#, Some("4")),
            (r#"{"im\u0061ge": [1, {"x": "}"}], "y": 2}"#, Some(r#"[1, {"x": "}"}]"#)),
            (r#"{"a": {"image": 1}}"#, None),
            (r#"["image", 1]"#, None),
            (r#"{"a" 1, "image": 2}"#, None),
            (r#"{"image": "#, None),
            ("", None),
        ] {
            let found = value_of(json.as_bytes(), "image").map(|range| &json[range]);
            assert_eq!(found, expected, "{json}");
        }
    }
}
