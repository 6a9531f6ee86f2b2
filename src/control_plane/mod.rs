//! The control plane's HTTP API (contract section 5): tokens, registering, triggering.
//!
//! A call is made again while the server is busy or cannot be reached, within one deadline: registering the same bytes
//! twice is one registration, and a run that the client named is one run. Redirects are not followed, so that the
//! token only ever goes where the user said.

mod connections;
mod error;
mod exchange;
mod follow;
mod pages;
mod retry;
mod runs;
mod token;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::dag::PinnedDagSpec;
use crate::secret::Secret;

use crate::http::HttpClient;
pub use crate::http::{Cause, ProxyError, ProxySettings};
pub use error::ControlPlaneError;
pub use follow::{Followed, Pace, Seen};
pub use runs::{Run, RunOutcome, TaskInstance};
pub use token::token_expiry;

use exchange::{Answer, Call};

/// The pause before the first repetition.
const BACKOFF: Duration = Duration::from_millis(250);

/// A control plane and who we are to it.
pub struct ControlPlane {
    server: Url,
    token: Option<Secret>,
    deadline: Duration,
    backoff: Duration,
    client: HttpClient,
    observer: Observer,
    /// What the last answer was dated, in seconds since the Unix epoch; 0 before one says.
    date: AtomicU64,
}

/// Is told of each call that is made again; must not block.
pub type Observer = Arc<dyn Fn(Retry) + Send + Sync>;

/// A call failed and is made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// What was attempted.
    pub attempted: String,
    /// Why it failed.
    pub reason: String,
    /// How long until the next attempt.
    pub after: Duration,
}

/// What the control plane said to a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The DAG.
    pub dag_id: String,
    /// The server's name for this version.
    pub version: String,
    /// SHA-256 over the spec.
    pub spec_hash: String,
    /// Whether it was new (201) or known (200).
    pub created: bool,
}

/// What the control plane has of a DAG; the contract leaves open how much it tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveDag {
    /// The server's name for the live version.
    pub version: Option<String>,
    /// SHA-256 over its spec, as the server computes it.
    pub spec_hash: Option<String>,
    /// The pinned image.
    pub image: Option<String>,
}

/// A token as the control plane issued it.
#[derive(Debug, Clone)]
pub struct Token {
    /// The JWT.
    pub access_token: Secret,
    /// How long it lives, in seconds.
    pub expires_in: Option<u64>,
}

/// Who logs in.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// Of which tenant, on servers that have several.
    pub tenant: Option<String>,
}

impl ControlPlane {
    /// Prepares a client for the server at `url`; nothing is sent yet. `deadline` bounds each call, retries included.
    ///
    /// # Errors
    /// When the URL is no server's, the token cannot be sent, or TLS cannot be set up.
    pub fn new(
        url: Url,
        token: Option<Secret>,
        deadline: Duration,
        proxies: &ProxySettings,
    ) -> Result<Self, ControlPlaneError> {
        let server = exchange::server(url)?;
        if let Some(token) = &token {
            exchange::bearer(token)?;
        }
        let client = exchange::client(proxies)?;
        let (backoff, observer, date) = (BACKOFF, Arc::new(|_| {}), AtomicU64::default());
        Ok(Self { server, token, deadline, backoff, client, observer, date })
    }

    /// Sets the bound on each call, retries included.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Has `observer` told of each call that is made again.
    #[must_use]
    pub fn with_observer(mut self, observer: Observer) -> Self {
        self.observer = observer;
        self
    }

    /// Returns what time the server said it was in its last answer, in seconds since the Unix epoch.
    #[must_use]
    pub fn date(&self) -> Option<u64> {
        Some(self.date.load(Ordering::Relaxed)).filter(|date| *date > 0)
    }

    /// Sets the pause before the first repetition; each further one doubles it.
    #[must_use]
    pub fn with_backoff(mut self, backoff: Duration) -> Self {
        self.backoff = backoff;
        self
    }

    /// Registers a pinned spec.
    ///
    /// # Errors
    /// When the server refuses it or cannot be reached.
    pub async fn register(&self, spec: &PinnedDagSpec) -> Result<Registration, ControlPlaneError> {
        let call = Call {
            attempted: format!("register `{}`", spec.dag_id()),
            method: Method::POST,
            path: &["api", "v2", "dags", spec.dag_id(), "versions"],
            query: Vec::new(),
            body: Some(spec.json().to_vec()),
            secrets: self.token.iter().collect(),
        };
        let answer = self.call(&call).await?;
        answer.must_agree("dag_id", spec.dag_id())?;
        Ok(Registration {
            dag_id: spec.dag_id().to_owned(),
            version: answer.text("version")?,
            spec_hash: answer.text("spec_hash")?,
            created: answer.json["created"].as_bool().unwrap_or(answer.status == 201),
        })
    }

    /// Returns what is live of a DAG, `None` when the server does not know it.
    ///
    /// # Errors
    /// When the server refuses to tell or cannot be reached.
    pub async fn dag(&self, dag_id: &str) -> Result<Option<LiveDag>, ControlPlaneError> {
        let path = &["api", "v2", "dags", dag_id];
        let call = self.get(format!("ask for `{dag_id}`"), path);
        match self.call(&call).await {
            Ok(answer) => {
                let text = |field| answer.text(field).ok();
                Ok(Some(LiveDag { version: text("version"), spec_hash: text("spec_hash"), image: text("image") }))
            }
            Err(ControlPlaneError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Exchanges a password for a token.
    ///
    /// # Errors
    /// When the server refuses it or cannot be reached.
    pub async fn login(&self, login: &Login) -> Result<Token, ControlPlaneError> {
        let mut body = json!({ "username": login.username, "password": login.password.expose() });
        if let Some(tenant) = &login.tenant {
            body["tenant"] = json!(tenant);
        }
        let call = Call {
            attempted: format!("log in as `{}`", login.username),
            method: Method::POST,
            path: &["auth", "token"],
            query: Vec::new(),
            body: Some(body.to_string().into_bytes()),
            secrets: vec![&login.password],
        };
        let answer = self.call(&call).await?;
        let access_token = Secret::new(answer.text("access_token")?);
        exchange::bearer(&access_token)?;
        Ok(Token { access_token, expires_in: answer.json["expires_in"].as_u64() })
    }

    /// Asks whether the server is there and well.
    ///
    /// # Errors
    /// When it is not well or cannot be reached.
    pub async fn health(&self) -> Result<(), ControlPlaneError> {
        let path = &["healthz"];
        let attempted = "ask for its health".to_owned();
        let call = Call { secrets: Vec::new(), ..self.get(attempted, path) };
        match self.call(&call).await {
            // What a healthy server says beside its status is its own business, as long as it is no web page.
            Err(ControlPlaneError::NotTheApi { status: 200, found, .. }) if found != exchange::HTML => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    async fn call(&self, call: &Call<'_>) -> Result<Answer, ControlPlaneError> {
        retry::within(self, &call.attempted, async |repeated| exchange::once(self, call, repeated).await).await
    }

    /// Prepares to ask for what lies at `path`.
    fn get<'a>(&'a self, attempted: String, path: &'a [&'a str]) -> Call<'a> {
        let secrets = self.token.iter().collect();
        Call { attempted, method: Method::GET, path, query: Vec::new(), body: None, secrets }
    }

    fn tell(&self, attempted: &str, error: &ControlPlaneError, after: Duration) {
        (self.observer)(Retry { attempted: attempted.to_owned(), reason: error.reason(), after });
    }
}

/// Returns whether a server is on this machine, where nobody else hears what is said to it.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    crate::http::is_loopback(url)
}

impl Answer {
    /// Returns a field that must be there; a number counts as its text.
    fn text(&self, field: &str) -> Result<String, ControlPlaneError> {
        match &self.json[field] {
            Value::String(text) if !text.is_empty() => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.not_the_api(&format!("an answer without `{field}`"))),
        }
    }

    /// Fails unless the server speaks of what it was asked about.
    fn must_agree(&self, field: &'static str, expected: &str) -> Result<(), ControlPlaneError> {
        let found = self.text(field)?;
        if found == expected {
            return Ok(());
        }
        Err(ControlPlaneError::Disagrees {
            attempted: self.attempted.clone(),
            server: self.server.clone(),
            field,
            expected: expected.to_owned(),
            found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_this_machine_and_nothing_else() {
        for (url, expected) in [
            ("http://localhost:8080", true),
            ("http://leoflow.localhost/", true),
            ("http://127.0.0.1:1/x", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:8080", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
            ("https://example.com", false),
        ] {
            assert_eq!(Url::parse(url).map(|url| is_loopback(&url)), Ok(expected), "{url}");
        }
    }
}
