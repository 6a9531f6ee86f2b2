//! What can go wrong between us and an index.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pep508_rs::PackageName;
use url::Url;

use super::PYPI;
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
            Self::Interrupted { .. } | Self::Idle { .. } => true,
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

    /// Returns what to try for several projects that no source has, of which this is the first.
    pub(in crate::packages) fn help_for(&self, names: &[&PackageName]) -> Option<String> {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        match self {
            Self::NoSuchProject { asked, .. } if !asked.is_empty() => Some(not_there(&names.join(", "), asked)),
            _ => self.help(),
        }
    }

    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoSuchProject { asked, .. } if asked.is_empty() => {
                "name one: `--index-url URL`, or with --no-index `--find-links DIR`".to_owned()
            }
            Self::NoSuchProject { meant: Some(meant), .. } => format!("did you mean `{meant}`?"),
            Self::NoSuchProject { name, .. } => return self.help_for(&[name]),
            Self::Denied { presented: false, url, .. } => give_credentials(url),
            Self::Denied { presented: true, url, .. } => {
                format!("check user and password, in the index's URL or in ~/.netrc under {}", host(url))
            }
            Self::Missing { .. } => "run it again with a fresh list: `leoflow cache prune --all`; if it is a mirror, \
                                     tell who runs it"
                .to_owned(),
            Self::Status { status: 429, .. } => "wait a while; a mirror of your own has no such limit".to_owned(),
            Self::Status { url, .. } => format!("try again later, or name another index than {}", host(url)),
            Self::Unreachable { host, cause, .. } => cause
                .certificate_help(host)
                .unwrap_or_else(|| format!("check the name {host} and the network; behind a proxy, set HTTPS_PROXY")),
            Self::Proxy { host, error, .. } => error.help(host),
            Self::Certificate { error, .. } => error.help(),
            Self::Interrupted { .. } | Self::Idle { .. } => {
                "run it again: what has arrived of a wheel is not downloaded again".to_owned()
            }
            Self::Offline { .. } => "run it once without --offline, or give a directory of wheels: `--no-index \
                                     --find-links DIR`"
                .to_owned(),
            Self::NotHere { file, flag, .. } => {
                format!("put `{file}` into a directory, and give that with `--find-links DIR`; or leave {flag} out")
            }
            Self::PlainHttp { host, .. } => {
                format!("use https; if you trust the network to {host}: `--trusted-host {host}`")
            }
            Self::LoginPage { url, .. } => give_credentials(url),
            Self::NoIndex { .. } => "name the index's simple API, as pip wants it: most end in `/simple/`".to_owned(),
            Self::WrongDigest { place, .. } => format!(
                "do not install it: have whoever runs {} look; if the file was replaced on purpose, lock again",
                host(place)
            ),
            Self::WrongSize { .. } => {
                "run it again; if it stays, run `leoflow lock` again, or tell who runs the index".to_owned()
            }
            Self::Metadata { .. } | Self::Lies { .. } => {
                "ask for another version of the package, or tell who made the wheel".to_owned()
            }
            Self::Disk { error, .. } if is_full(error) => {
                "free space there, e.g. with `leoflow cache prune`, and run it again: what has arrived is kept"
                    .to_owned()
            }
            Self::Read { path, .. } | Self::Disk { path, .. } => {
                format!("make `{}` something that you can read and write", path.display())
            }
            Self::Setup(_) | Self::Redirect { .. } | Self::TooMuch { .. } => return None,
        })
    }
}

/// An index that has nothing of a name may be one at another URL: its page for people, say, instead of its simple API.
fn not_there(names: &str, asked: &[String]) -> String {
    let other = format!("check the spelling of {names}, or name the index to ask: `--index-url URL`");
    match asked.iter().find(|place| *place != PYPI && Url::parse(place).is_ok()) {
        Some(index) => format!(
            "{index} has nothing of that name: is this the URL of its simple API, as pip wants it (most end in \
             `/simple/`)? If it is, {other}"
        ),
        None if asked.iter().any(|place| place == PYPI) => other,
        None => format!("put wheels of {names} there, or name the index to ask: `--index-url URL`"),
    }
}

fn give_credentials(url: &str) -> String {
    let host = host(url);
    format!("add a line to ~/.netrc: `machine {host} login USER password PASSWORD`")
}

/// Returns the host of a URL that is shown.
fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| url.to_owned())
}

/// Returns whether there is no room left.
pub(super) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
