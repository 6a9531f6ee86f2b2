//! What can go wrong between us and an index.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pep508_rs::PackageName;
use url::Url;

use super::LeastRate;
use crate::http::{Cause, ProxyError};
use crate::layers::Digest;
use crate::tls::CertificateError;

/// Why an index or one of its files is of no use. URLs are without what may be secret in them: user info and query.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// TLS or the HTTP client cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Setup(String),
    /// No source has the project.
    #[error("there is no package `{name}` {}", places(asked))]
    NoSuchProject {
        /// What was looked for.
        name: PackageName,
        /// The indexes and directories that were asked.
        asked: Vec<String>,
        /// A well-known package of nearly that name.
        meant: Option<String>,
    },
    /// The index knows the project, and has nothing of it.
    #[error("{url} lists no files of `{name}`")]
    NoFiles {
        /// What was looked for.
        name: PackageName,
        /// The page.
        url: String,
    },
    /// The server wants credentials, or others (401, 403).
    #[error("cannot {attempted}: {} (HTTP {status}, {url})", denial(*presented, *status))]
    Denied {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// 401 or 403.
        status: u16,
        /// Whether credentials were presented.
        presented: bool,
    },
    /// The server has no such thing, although the index says so (404, 410).
    #[error("cannot {attempted}: it is not there (HTTP {status}, {url})")]
    Missing {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// 404 or 410.
        status: u16,
    },
    /// The server answered with another status that is no success.
    #[error("cannot {attempted}: the server answers HTTP {status}{} ({url})", phrase(*status))]
    Status {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// The status.
        status: u16,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// No connection came about.
    #[error("cannot {attempted}: cannot reach {host}: {cause}{}", reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default())]
    Unreachable {
        /// What was attempted.
        attempted: String,
        /// The `host[:port]`.
        host: String,
        /// The kind of failure.
        cause: Cause,
        /// What the system said beyond that.
        reason: Option<String>,
    },
    /// A proxy is in the way.
    #[error("cannot {attempted}: cannot reach {host}: {error}")]
    Proxy {
        /// What was attempted.
        attempted: String,
        /// The `host[:port]` behind the proxy.
        host: String,
        /// Which proxy, and what is wrong.
        error: Box<ProxyError>,
    },
    /// The certificates that are configured for a host cannot be used.
    #[error("cannot {attempted}: cannot speak TLS to {host}: {error}")]
    Certificate {
        /// What was attempted.
        attempted: String,
        /// The `host[:port]`.
        host: String,
        /// Which file, and what is wrong.
        error: Box<CertificateError>,
    },
    /// The connection broke in the middle of an exchange.
    #[error("cannot {attempted}: {reason} ({url})")]
    Interrupted {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// How it ended.
        reason: String,
    },
    /// Nothing came for too long.
    #[error("cannot {attempted}: nothing came for {} s ({url})", limit.as_secs())]
    Idle {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// How long was waited.
        limit: Duration,
    },
    /// What came, came too slowly.
    #[error("cannot {attempted}: less than {} KiB came in {} s ({url})", least.bytes >> 10, least.within.as_secs())]
    Slow {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// What should have come.
        least: LeastRate,
    },
    /// The network may not be used, and what is wanted is not in the cache.
    #[error("cannot {attempted}: --offline forbids to ask {host}, and the cache does not have it")]
    Offline {
        /// What was attempted.
        attempted: String,
        /// The `host[:port]`.
        host: String,
    },
    /// A wheel's own place may not be asked, and find-links do not have it.
    #[error("cannot have `{file}`: it is neither in the cache{}, and {flag} forbids to ask {place}", nor_in(looked_in))]
    NotHere {
        /// The wheel.
        file: String,
        /// Where it would be.
        place: String,
        /// What forbids it.
        flag: &'static str,
        /// The find-links that were looked at.
        looked_in: Vec<String>,
    },
    /// A redirect or a link leads where it may not be followed.
    #[error("cannot {attempted}: {from} leads to {to}, {reason}")]
    Redirect {
        /// What was attempted.
        attempted: String,
        /// Where it led from.
        from: String,
        /// Where to.
        to: String,
        /// Why it is not followed.
        reason: &'static str,
    },
    /// The URL is plain HTTP, and its host is neither loopback nor trusted.
    #[error("cannot {attempted}: {url} is plain HTTP, which anybody on the way can change")]
    PlainHttp {
        /// What was attempted.
        attempted: String,
        /// The URL.
        url: String,
        /// The host to trust, if it must be.
        host: String,
    },
    /// A page for people was answered, where they would log in.
    #[error("cannot {attempted}: {url} answers with a login page, not with a list of files")]
    LoginPage {
        /// What was attempted.
        attempted: String,
        /// Where it was led to.
        url: String,
    },
    /// What was answered is neither PEP 503 nor PEP 691.
    #[error("cannot {attempted}: {url} does not answer as an index does: {reason}")]
    NoIndex {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// An answer is larger than anything that makes sense.
    #[error("cannot {attempted}: the answer is longer than {limit} bytes ({url})")]
    TooMuch {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// In bytes.
        limit: u64,
    },
    /// The bytes are not those that were promised.
    #[error("`{file}` is not what it should be: {expected} was promised, and {found} came ({place})")]
    WrongDigest {
        /// The file.
        file: String,
        /// Where it came from.
        place: String,
        /// What was promised.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// There are fewer bytes than promised, or more.
    #[error("`{file}` is not whole: {expected} bytes were promised, and {found} came ({place})")]
    WrongSize {
        /// The file.
        file: String,
        /// Where it came from.
        place: String,
        /// What was promised.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// A wheel's metadata cannot be read.
    #[error("cannot read the metadata of `{file}`: {reason} ({place})")]
    Metadata {
        /// The wheel.
        file: String,
        /// Where it is.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A wheel's metadata says that it is something else than its name says.
    #[error("`{file}` is not what its name says: its metadata says `{field}: {found}` ({place})")]
    Lies {
        /// The wheel.
        file: String,
        /// Where it is.
        place: String,
        /// `Name` or `Version`.
        field: &'static str,
        /// What the metadata says.
        found: String,
    },
    /// A file or directory of this machine cannot be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: Arc<io::Error>,
    },
    /// What was downloaded cannot be put on the disk.
    #[error("cannot keep `{file}` in `{}`: {error}", path.display())]
    Disk {
        /// What was downloaded.
        file: String,
        /// The directory.
        path: PathBuf,
        /// What the system said.
        error: Arc<io::Error>,
    },
}

fn places(asked: &[String]) -> String {
    if asked.is_empty() { "as there is no index to ask".to_owned() } else { format!("on {}", asked.join(", nor on ")) }
}

fn denial(presented: bool, status: u16) -> &'static str {
    match (presented, status) {
        (false, 401) => "the server wants a user and a password",
        (true, 401) => "the server does not accept the user and the password",
        (false, _) => "the server does not let anybody have it",
        (true, _) => "the server does not let this user have it",
    }
}

fn phrase(status: u16) -> String {
    let known = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    known.map(|phrase| format!(" {phrase}")).unwrap_or_default()
}

/// `` nor in `/wheels` nor in `/more` ``
fn nor_in(places: &[String]) -> String {
    match places {
        [] => " nor in a directory of --find-links".to_owned(),
        places => places.iter().map(|place| format!(" nor in `{place}`")).collect(),
    }
}

/// Returns `url` without what may be secret in it.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Only a URL without a host refuses these, and then there is nothing to hide.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

impl IndexError {
    /// Returns whether it may pass by itself.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            Self::Unreachable { cause, .. } => cause.is_transient(),
            Self::Proxy { error, .. } => error.is_transient(),
            Self::Interrupted { .. } | Self::Idle { .. } | Self::Slow { .. } => true,
            _ => false,
        }
    }

    /// Returns whether the server has no such thing.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }

    /// Returns whether the server has it no more, or not for us: a signature may have run out, or a mirror have moved.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::Denied { .. })
    }

    /// Returns what was attempted, and why it failed, for a line that says that it is tried again.
    pub(super) fn told(&self) -> (String, String) {
        let text = self.to_string();
        match text.strip_prefix("cannot ").and_then(|rest| rest.split_once(": ")) {
            Some((attempted, reason)) => (attempted.to_owned(), reason.to_owned()),
            None => ("go on".to_owned(), text),
        }
    }

    /// Returns whether this machine is at fault: a full disk, say.
    #[must_use]
    pub fn is_system(&self) -> bool {
        matches!(self, Self::Read { .. } | Self::Disk { .. })
    }
}

/// Returns whether there is no room left.
pub(super) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
