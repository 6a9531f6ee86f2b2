//! An answer that is no success in, what the registry meant out.

use std::time::{Duration, SystemTime};

use reqwest::header::RETRY_AFTER;
use serde_json::Value;

use super::error::{Refusal, RefusalKind, shown};
use super::transport::Answer;
use crate::reference::Repository;

/// The longest message of a registry that is shown, in characters.
const MESSAGE_LENGTH: usize = 300;

/// Returns the refusal that `answer` is, with the registry's own messages.
pub(super) async fn of(answer: Answer, repository: &Repository, user: Option<String>) -> Refusal {
    let retry_after = answer.header(RETRY_AFTER.as_str()).and_then(|text| delay(text, SystemTime::now()));
    let (attempted, url, status) = (answer.attempted.to_string(), shown(&answer.url), answer.status.as_u16());
    let messages = messages(&answer.error_body().await);
    let kind = RefusalKind::of(status, &messages);
    let repository = repository.clone();
    Refusal { attempted, url, status, messages, repository, user, kind, retry_after }
}

/// Reads `Retry-After`: seconds, or an HTTP date (RFC 9110, section 10.2.3).
fn delay(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// Reads the distribution-spec's error body, `{"errors": [{code, message, detail}]}`, and OAuth2's and Harbor's forms.
fn messages(body: &[u8]) -> Vec<String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let errors = body.get("errors").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![body]);
    errors.iter().filter_map(message).take(5).collect()
}

fn message(error: &Value) -> Option<String> {
    let text = |key: &str| error.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let code = text("code").or_else(|| text("error"));
    let words = text("message").or_else(|| text("error_description")).or_else(|| text("details"));
    let line = match (code, words) {
        (Some(code), Some(words)) => format!("{code}: {words}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => return None,
    };
    // What a registry says must not steer the terminal.
    Some(line.chars().filter(|c| !c.is_control()).take(MESSAGE_LENGTH).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_comes_as_seconds_or_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(delay(text, now), expected.map(Duration::from_secs), "{text}");
        };
        check("0", Some(0));
        check(" 120 ", Some(120));
        check("Sun, 09 Sep 2001 01:46:50 GMT", Some(10));
        check("Sun, 09 Sep 2001 01:46:30 GMT", Some(0));
        check("soon", None);
        check("-1", None);
    }

    #[test]
    fn the_words_of_a_registry_are_shown_but_cannot_steer_a_terminal() {
        let check = |body: &str, expected: &[&str]| assert_eq!(messages(body.as_bytes()), expected, "{body}");
        check(r#"{"errors":[{"code":"DENIED","message":"no"}]}"#, &["DENIED: no"]);
        check(r#"{"errors":[{"code":"DENIED","message":""}]}"#, &["DENIED"]);
        check(r#"{"errors":[{"message":"\u001b[2Jx"}]}"#, &["[2Jx"]);
        check(r#"{"error":"invalid_grant","error_description":"gone"}"#, &["invalid_grant: gone"]);
        check(r#"{"details":"incorrect username or password"}"#, &["incorrect username or password"]);
        check("<html>", &[]);
        check("[]", &[]);
    }
}
