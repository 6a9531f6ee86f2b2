//! What a token service says went wrong, as it may be shown.

use serde_json::Value;

use crate::secret::Presented;

/// The longest message of a service that is shown, in characters.
const MESSAGE: usize = 300;

/// Returns what a service says, without `secrets` and without what would steer the terminal.
pub(super) fn of(body: &[u8], secrets: &Presented) -> Option<String> {
    let line: String = said(body)?.chars().filter(|c| !c.is_control()).collect();
    Some(secrets.clean(&line).chars().take(MESSAGE).collect())
}

/// Reads OAuth2's, Amazon's, Google's and Azure's forms, and STS's XML.
fn said(body: &[u8]) -> Option<String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        let text = String::from_utf8_lossy(body);
        return Some(format!("{}: {}", between(&text, "Code")?, between(&text, "Message").unwrap_or_default()));
    };
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(&body);
    let error = body.get("errors").and_then(|errors| errors.get(0)).unwrap_or(error);
    let text = |keys: &[&str]| {
        keys.iter().filter_map(|key| error.get(key).and_then(Value::as_str)).find(|text| !text.is_empty())
    };
    let (code, words) =
        (text(&["error", "__type", "code", "status", "Code"]), text(&["error_description", "message", "Message"]));
    match (code, words) {
        (Some(code), Some(words)) => Some(format!("{code}: {words}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

/// Returns what stands in the first XML element of this name.
pub(super) fn between<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    Some(rest.split_once(&format!("</{tag}>"))?.0.trim())
}
