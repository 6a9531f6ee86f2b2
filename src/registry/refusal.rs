//! An answer that is no success in, what the registry meant out.

use std::fmt;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use serde_json::Value;

use super::error::{body_limit_help, shown};
use super::login::Login;
use super::transport::Answer;
use crate::credentials::LoginMethod;
use crate::http;
use crate::reference::Repository;
use crate::secret::Presented;

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
    /// How the registry is logged in to, if that is not by configuration files.
    pub method: Option<LoginMethod>,
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
        let registry = self.repository.registry();
        write!(f, "cannot {}: ", self.attempted)?;
        match (self.kind, &self.user) {
            (RefusalKind::Unauthorized, None) => {
                write!(f, "{registry} wants a login, and no credentials for it were found")?;
            }
            (RefusalKind::Unauthorized, Some(user)) => {
                write!(f, "{registry} does not accept the credentials of {user}")?
            }
            (RefusalKind::Forbidden, None) => write!(f, "{registry} does not allow it without a login")?,
            (RefusalKind::Forbidden, Some(user)) => write!(f, "{registry} does not allow it to {user}")?,
            (RefusalKind::RepositoryUnknown, _) => write!(f, "there is no such repository")?,
            (RefusalKind::NotFound, _) => write!(f, "not found")?,
            (RefusalKind::ReadOnly, _) => write!(f, "{registry} does not take pushes")?,
            (RefusalKind::TooLarge, _) => write!(f, "too large for {registry}")?,
            (RefusalKind::TooManyRequests, _) => write!(f, "too many requests to {registry}")?,
            (RefusalKind::Other, _) if self.status >= 500 => write!(f, "{registry} failed")?,
            (RefusalKind::Other, _) => write!(f, "{registry} refused")?,
        }
        write!(f, ": HTTP {}", self.status)?;
        for message in &self.messages {
            write!(f, ", {message}")?;
        }
        // Where the repository's own registry said something known, its name says as much as the URL.
        match self.kind {
            RefusalKind::Other => write!(f, " ({})", self.url),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// Returns whether this is how TLS servers answer plain HTTP: Go's, nginx, Apache and Tomcat, in this order.
    pub(super) fn wants_tls(&self) -> bool {
        const WORDS: [&str; 4] = [
            "HTTP request to an HTTPS server",
            "plain HTTP request was sent to HTTPS port",
            "speaking plain HTTP to an SSL-enabled server port",
            "combination of host and port requires TLS",
        ];
        self.status == 400 && self.messages.iter().any(|text| WORDS.iter().any(|words| text.contains(words)))
    }

    /// Returns one concrete thing to try.
    pub(super) fn help(&self) -> Option<String> {
        let Self { repository, .. } = self;
        let registry = repository.registry();
        match self.kind {
            RefusalKind::Unauthorized => Some(self.login()),
            RefusalKind::Forbidden if self.user.is_none() => Some(self.login()),
            RefusalKind::Forbidden => Some(self.allow()),
            RefusalKind::RepositoryUnknown => Some(self.create()),
            RefusalKind::NotFound => Some("check the name and the tag".to_owned()),
            RefusalKind::ReadOnly => {
                Some(format!("push elsewhere (`registry.url` in leoflow.yaml): {registry} is read-only"))
            }
            RefusalKind::TooLarge => Some(body_limit_help(registry)),
            RefusalKind::TooManyRequests => Some(format!("wait, or for a higher limit {}", self.login())),
            RefusalKind::Other if self.status == 507 => Some(format!("free space where {registry} keeps its blobs")),
            RefusalKind::Other if self.status >= 500 => {
                Some("try again later: layers that have arrived whole are not sent again".to_owned())
            }
            RefusalKind::Other => None,
        }
    }

    /// Says how to log in, by the way that the project has chosen.
    fn login(&self) -> String {
        let registry = self.repository.registry();
        match self.method {
            Some(LoginMethod::Environment) => "check LEOFLOW_REGISTRY_USERNAME and LEOFLOW_REGISTRY_PASSWORD, or \
                                          LEOFLOW_REGISTRY_TOKEN, whichever is set"
                .to_owned(),
            Some(LoginMethod::CloudIdentity) => format!("let this host's cloud identity use {registry}"),
            None if registry == "ghcr.io" => {
                format!("log in with a token that has `write:packages`: {}", docker_or_podman(registry))
            }
            None => format!("log in with {}", docker_or_podman(registry)),
        }
    }

    /// Says how to come to be allowed.
    fn allow(&self) -> String {
        let Self { repository, .. } = self;
        let registry = repository.registry();
        match self.method {
            Some(LoginMethod::Environment) => {
                format!("put someone who may into LEOFLOW_REGISTRY_…, or create the repository {repository} first")
            }
            Some(LoginMethod::CloudIdentity) => format!("let this host's cloud identity push to {repository}"),
            None if registry == "ghcr.io" => self.login(),
            None => {
                let login = docker_or_podman(registry);
                format!("log in as someone who may with {login}, or create the repository {repository} first")
            }
        }
    }

    fn create(&self) -> String {
        let Self { repository, .. } = self;
        let labels: Vec<&str> = repository.registry().split('.').collect();
        match labels[..] {
            [_, "dkr", "ecr", region, ..] => {
                let name = repository.name();
                format!("create it first: `aws ecr create-repository --region {region} --repository-name {name}`")
            }
            _ => format!("create the repository {repository} in the registry first"),
        }
    }
}

fn docker_or_podman(registry: &str) -> String {
    format!("`docker login {registry}` or `podman login {registry}`")
}

/// Returns the refusal that `answer` is, with the registry's own messages, in which nothing is repeated of what was
/// `presented`.
pub(super) async fn of(answer: Answer, repository: &Repository, login: Login, presented: &Presented) -> Refusal {
    let retry_after = answer.header(RETRY_AFTER.as_str()).and_then(http::retry_after);
    let (attempted, url, status) = (answer.attempted.to_string(), shown(&answer.url), answer.status.as_u16());
    let clean = |text: String| harmless(&presented.clean(&printable(&text)));
    let messages: Vec<String> = messages(&answer.error_body().await).into_iter().map(clean).collect();
    let kind = RefusalKind::of(status, &messages);
    let (repository, Login { user, method }) = (repository.clone(), login);
    Refusal { attempted, url, status, messages, repository, user, method, kind, retry_after }
}

/// Reads the distribution-spec's error body, `{"errors": [{code, message, detail}]}`, and OAuth2's and Harbor's forms;
/// of a proxy's page its title, of plain text its first line.
fn messages(body: &[u8]) -> Vec<String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return words(&String::from_utf8_lossy(body)).map(str::to_owned).into_iter().collect();
    };
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
    Some(line)
}

fn words(text: &str) -> Option<&str> {
    let text = text.trim();
    let words = match text.starts_with('<') {
        true => text.split_once("<title>")?.1.split_once("</title>")?.0,
        false => text.lines().next()?,
    };
    Some(words.trim()).filter(|words| !words.is_empty())
}

/// Returns `text` as it may be shown: cut, and without what would steer the terminal.
pub(super) fn harmless(text: &str) -> String {
    printable(text).chars().take(MESSAGE_LENGTH).collect()
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_registry_are_shown_but_cannot_steer_a_terminal() {
        let check = |body: &str, expected: &[&str]| {
            let shown: Vec<String> = messages(body.as_bytes()).iter().map(|text| harmless(text)).collect();
            assert_eq!(shown, expected, "{body}");
        };
        check(r#"{"errors":[{"code":"DENIED","message":"no"}]}"#, &["DENIED: no"]);
        check(r#"{"errors":[{"code":"DENIED","message":""}]}"#, &["DENIED"]);
        check(r#"{"errors":[{"message":"\u001b[2Jx"}]}"#, &["[2Jx"]);
        check(r#"{"error":"invalid_grant","error_description":"gone"}"#, &["invalid_grant: gone"]);
        check(r#"{"details":"incorrect username or password"}"#, &["incorrect username or password"]);
        check("<html>", &[]);
        check("[]", &[]);
    }
}
