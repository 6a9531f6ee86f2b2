//! An answer that is no success in, what the registry meant out.

use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::header::RETRY_AFTER;
use serde_json::Value;

use super::error::shown;
use super::transport::Answer;
use crate::reference::Repository;

/// The longest message of a registry that is shown, in characters.
const MESSAGE_LENGTH: usize = 300;

/// A status that is no success, with what the registry said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was attempted.
    pub attempted: String,
    /// On which URL.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// `CODE: message`, as the registry put it.
    pub messages: Vec<String>,
    /// The repository that was spoken to.
    pub repository: Repository,
    /// Who was presented: nobody when it is `None`.
    pub user: Option<String>,
    /// What it comes to.
    pub kind: RefusalKind,
    /// How long the registry wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// What a status comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalKind {
    /// 401, even with the credentials there are.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404 for the repository itself.
    RepositoryUnknown,
    /// 404.
    NotFound,
    /// 405: the registry, or this repository, takes no pushes.
    ReadOnly,
    /// 413.
    TooLarge,
    /// 429, still after waiting.
    TooManyRequests,
    /// Anything else.
    Other,
}

impl RefusalKind {
    /// Returns what `status`, with the registry's `messages`, comes to.
    fn of(status: u16, messages: &[String]) -> Self {
        let code = |code: &str| messages.iter().any(|message| message.starts_with(code));
        match status {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 if code("NAME_UNKNOWN") => Self::RepositoryUnknown,
            404 => Self::NotFound,
            405 => Self::ReadOnly,
            413 => Self::TooLarge,
            429 => Self::TooManyRequests,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempted, repository, .. } = self;
        write!(f, "cannot {attempted}: ")?;
        match (self.kind, &self.user) {
            (RefusalKind::Unauthorized, None) => {
                write!(f, "{} wants a login, and no credentials for it were found", repository.registry())?;
            }
            (RefusalKind::Unauthorized, Some(user)) => {
                write!(f, "{} does not accept the credentials of {user}", repository.registry())?;
            }
            (RefusalKind::Forbidden, user) => {
                write!(f, "{} may not do this in {repository}", user.as_deref().unwrap_or("nobody without a login"))?;
            }
            (RefusalKind::RepositoryUnknown, _) => write!(f, "{repository} does not exist")?,
            (RefusalKind::NotFound, _) => write!(f, "not found")?,
            (RefusalKind::ReadOnly, _) => write!(f, "{} does not take pushes", repository.registry())?,
            (RefusalKind::TooLarge, _) => write!(f, "too large for {}", repository.registry())?,
            (RefusalKind::TooManyRequests, _) => write!(f, "too many requests to {}", repository.registry())?,
            (RefusalKind::Other, _) => write!(f, "{} refused", repository.registry())?,
        }
        write!(f, ": HTTP {}", self.status)?;
        for message in &self.messages {
            write!(f, ", {message}")?;
        }
        write!(f, " ({})", self.url)
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// Returns one concrete thing to try.
    pub(super) fn help(&self) -> Option<String> {
        let Self { repository, .. } = self;
        let registry = repository.registry();
        let login = format!("`docker login {registry}` or `podman login {registry}`");
        match self.kind {
            RefusalKind::Unauthorized => Some(format!("log in with {login}")),
            RefusalKind::Forbidden if self.user.is_none() => Some(format!("log in with {login}")),
            RefusalKind::Forbidden => {
                Some(format!("log in as someone who may with {login}, or create the repository {repository} first"))
            }
            RefusalKind::RepositoryUnknown => Some(format!("create the repository {repository} in the registry first")),
            RefusalKind::NotFound => Some(format!("check the name: {repository}")),
            RefusalKind::ReadOnly => {
                Some(format!("push elsewhere (`registry.url` in leoflow.yaml): {registry} is read-only"))
            }
            RefusalKind::TooLarge => Some(format!(
                "raise the limit of request bodies of {registry} or of the proxy before it (nginx: `client_max_body_size 0`)"
            )),
            RefusalKind::TooManyRequests => Some(format!("wait, or log in for a higher limit with {login}")),
            RefusalKind::Other if self.status >= 500 => {
                Some("try again later: what has arrived is not sent a second time".to_owned())
            }
            RefusalKind::Other => None,
        }
    }
}

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
