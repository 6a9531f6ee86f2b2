//! What can go wrong with a control plane. Tokens and passwords are cut out of whatever a server says.

use std::time::Duration;

use crate::http::{Cause, ProxyError};

/// Why the control plane did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlPlaneError {
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Setup(String),
    /// The URL is not one that a control plane can have.
    #[error("`{url}` cannot be a control plane's URL: {reason}")]
    Url {
        /// The URL as given, without credentials.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The token holds characters that no token has; nothing was sent.
    #[error("the token cannot be sent: it holds spaces, line breaks or other characters that no token has")]
    UnusableToken,
    /// No connection came about.
    #[error("cannot {attempted} at {server}: {cause}{}", .reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default())]
    Unreachable {
        /// What was attempted.
        attempted: String,
        /// The server.
        server: String,
        /// Why.
        cause: Cause,
        /// What the system said besides.
        reason: Option<String>,
    },
    /// A proxy is in the way.
    #[error("cannot {attempted} at {server}: {error}")]
    Proxy {
        /// What was attempted.
        attempted: String,
        /// The server.
        server: String,
        /// Which proxy, and what is wrong.
        error: Box<ProxyError>,
    },
    /// The connection ended before the answer did.
    #[error("cannot {attempted} at {server}: {reason}")]
    Interrupted {
        /// What was attempted.
        attempted: String,
        /// The server.
        server: String,
        /// What the system said.
        reason: String,
    },
    /// The deadline passed without an answer.
    #[error("cannot {attempted} at {server}: no answer within {seconds} s")]
    Timeout {
        /// What was attempted.
        attempted: String,
        /// The server.
        server: String,
        /// The deadline, in seconds.
        seconds: u64,
    },
    /// The server said no.
    #[error("cannot {attempted} at {server}: {status} {title}{}", .detail.as_ref().map(|d| format!(": {d}")).unwrap_or_default())]
    Refused {
        /// What was attempted.
        attempted: String,
        /// The server.
        server: String,
        /// The HTTP status.
        status: u16,
        /// The problem's title, or the status in words.
        title: String,
        /// The problem's detail.
        detail: Option<String>,
        /// When the server wants to be asked again.
        retry_after: Option<Duration>,
        /// Whether an attempt before this one may have arrived.
        repeated: bool,
        /// Whether a token was presented.
        with_token: bool,
    },
    /// The server wants us elsewhere; we do not follow.
    #[error("cannot {attempted} at {server}: it redirects to {to}")]
    Redirected {
        /// What was attempted.
        attempted: String,
        /// The server.
        server: String,
        /// Where it points.
        to: String,
    },
    /// The answer is not one of a control plane.
    #[error(
        "cannot {attempted} at {server}: the server answered {status} with {found}: is this the control plane's URL?"
    )]
    NotTheApi {
        /// What was attempted.
        attempted: String,
        /// The server.
        server: String,
        /// The HTTP status.
        status: u16,
        /// What came, e.g. `HTML`.
        found: String,
    },
    /// The server speaks of something else than it was asked about.
    #[error("cannot {attempted} at {server}: it answered with the {field} `{found}`, expected `{expected}`")]
    Disagrees {
        /// What was attempted.
        attempted: String,
        /// The server.
        server: String,
        /// The field.
        field: &'static str,
        /// What was asked about.
        expected: String,
        /// What was answered.
        found: String,
    },
}

impl ControlPlaneError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Setup(_) => Some("check `SSL_CERT_FILE` and `SSL_CERT_DIR` if they are set".to_owned()),
            Self::Url { .. } => Some("give a URL such as --server https://leoflow.example.com".to_owned()),
            Self::UnusableToken => Some("paste the token again, or get one with `leoflow auth login`".to_owned()),
            Self::Unreachable { cause, server, .. } => unreachable_help(*cause, server),
            Self::Proxy { server, error, .. } => Some(error.help(host(server))),
            Self::Interrupted { .. } | Self::Timeout { .. } => Some("run the same command again".to_owned()),
            Self::Refused { status, with_token, server, .. } => refusal_help(*status, *with_token, server),
            Self::Redirected { to, .. } => Some(format!("if you trust it, use --server {to}")),
            Self::NotTheApi { .. } => {
                Some("check --server and LEOFLOW_SERVER_URL; `leoflow auth status` shows which one is used".to_owned())
            }
            Self::Disagrees { .. } => Some("check --server: a proxy may be answering in its place".to_owned()),
        }
    }

    /// Says whether the same call may succeed later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { cause, .. } => cause.is_transient(),
            Self::Proxy { error, .. } => error.is_transient(),
            Self::Interrupted { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 502 | 503 | 504),
            _ => false,
        }
    }

    /// Says whether the same question may be answered later; one that only asks may also wait for longer.
    pub(super) fn may_pass(&self) -> bool {
        self.is_transient() || matches!(self, Self::Timeout { .. } | Self::Refused { status: 500, .. })
    }

    /// Returns why it failed, without what was attempted and where.
    #[must_use]
    pub fn reason(&self) -> String {
        let text = self.to_string();
        let reason = text.strip_prefix("cannot ").and_then(|rest| rest.strip_prefix(self.attempted()?));
        let reason = reason.and_then(|rest| Some(rest.strip_prefix(" at ")?.split_once(": ")?.1.to_owned()));
        reason.unwrap_or(text)
    }

    /// Returns what was attempted, where something was.
    pub(super) fn attempted(&self) -> Option<&str> {
        match self {
            Self::Setup(_) | Self::Url { .. } | Self::UnusableToken => None,
            Self::Unreachable { attempted, .. }
            | Self::Proxy { attempted, .. }
            | Self::Interrupted { attempted, .. }
            | Self::Timeout { attempted, .. }
            | Self::Refused { attempted, .. }
            | Self::Redirected { attempted, .. }
            | Self::NotTheApi { attempted, .. }
            | Self::Disagrees { attempted, .. } => Some(attempted),
        }
    }

    /// Says whether this is the server's last word, so that another call may still be answered.
    #[must_use]
    pub fn is_final_answer(&self) -> bool {
        match self {
            Self::Refused { .. } => !self.is_transient(),
            Self::NotTheApi { .. } | Self::Disagrees { .. } | Self::Redirected { .. } => true,
            _ => false,
        }
    }

    /// Says whether the server may have done what was asked: without a connection, or when it said to come back, it has
    /// not.
    pub(super) fn may_have_arrived(&self) -> bool {
        !matches!(self, Self::Unreachable { .. } | Self::Proxy { .. } | Self::Refused { status: 429, .. })
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Returns the `host[:port]` of a server's URL.
fn host(server: &str) -> &str {
    let (_, rest) = server.split_once("://").unwrap_or(("", server));
    rest.split('/').next().unwrap_or(rest)
}

fn unreachable_help(cause: Cause, server: &str) -> Option<String> {
    match cause {
        Cause::Dns => Some(format!("check the host name in {server}, given by --server or LEOFLOW_SERVER_URL")),
        Cause::PlainHttp => Some(format!("use --server {}", server.replacen("https://", "http://", 1))),
        Cause::NotPlainHttp => Some(format!("use --server {}", server.replacen("http://", "https://", 1))),
        Cause::Tls => Some("check that --server names the port that speaks TLS".to_owned()),
        Cause::ConnectionRefused | Cause::ConnectTimeout | Cause::Other => {
            Some(format!("is the control plane running at {server}? --server and LEOFLOW_SERVER_URL say where it is"))
        }
        certificate => certificate.certificate_help(server),
    }
}

fn refusal_help(status: u16, with_token: bool, server: &str) -> Option<String> {
    match status {
        401 if with_token => Some(format!("the token is wrong or has expired: `leoflow auth login --server {server}`")),
        401 => Some(format!("`leoflow auth login --server {server}`, or set LEOFLOW_TOKEN")),
        403 => Some(format!("ask whoever runs {server} for the right to do this")),
        404 => Some("the server does not know it: check --server, or deploy the DAG first".to_owned()),
        400 | 422 => Some("correct what the server names, in dag.py or leoflow.yaml, and deploy again".to_owned()),
        408 | 409 | 429 | 500..=599 => Some("run the same command again in a while".to_owned()),
        _ => None,
    }
}
