//! What there is to ask, and how.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pep508_rs::PackageName;
use url::Url;

use super::IndexCredentials;
use super::error::shown;
use crate::cache::Cache;
use crate::http::ProxySettings;
use crate::tls::Certificates;

/// The index that is asked where nobody names another.
pub const PYPI: &str = "https://pypi.org/simple/";

/// Where files are looked for. URLs are without credentials: [`IndexCredentials::take`] has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    /// Indexes, the most important first: the first that has a project is the only one that is asked for it.
    pub indexes: Vec<Url>,
    /// Directories of wheels, and pages that link to wheels: looked at beside the index.
    pub find_links: Vec<FindLinks>,
    /// Whether that is all: no URL of a lock, or of a direct reference, is asked either.
    pub no_index: bool,
}

/// A flat list of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindLinks {
    /// A directory of this machine; what is below its directories is not looked at.
    Directory(PathBuf),
    /// A page of links.
    Page(Url),
}

impl fmt::Display for FindLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "{}", path.display()),
            Self::Page(url) => f.write_str(&shown(url)),
        }
    }
}

/// How indexes are spoken to.
#[derive(Clone)]
pub struct IndexOptions {
    /// What is asked.
    pub sources: Sources,
    /// Who we are to whom.
    pub credentials: IndexCredentials,
    /// `host[:port]`s that may be spoken to in plain HTTP; loopback always may.
    pub trusted_hosts: Vec<String>,
    /// Which proxies lie between us and indexes.
    pub proxies: ProxySettings,
    /// Whom TLS trusts beside the machine's authorities.
    pub certificates: Certificates,
    /// Where pages, metadata and wheels are kept.
    pub cache: Cache,
    /// Where wheels are put while they are used, if there is no cache, or it is full.
    pub temporary_directory: PathBuf,
    /// Whether nothing may be asked over the network; the cache may, however old.
    pub offline: bool,
    /// How many requests are in flight at a time.
    pub concurrency: usize,
    /// The first pause before something is tried again; it doubles with each failure.
    pub backoff: Duration,
    /// How long nothing may come on a connection.
    pub idle: Duration,
    /// The least that must come of a body: a server that sends a byte now and then is never idle.
    pub least: LeastRate,
    /// Told of what happens, as it happens.
    pub observer: Observer,
}

impl IndexOptions {
    /// Returns the usual options for `sources`: nobody's credentials, no proxy, no cache, nobody told.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        Self {
            sources,
            credentials: IndexCredentials::default(),
            trusted_hosts: Vec::new(),
            proxies: ProxySettings::default(),
            certificates: Certificates::default(),
            cache: Cache::none(),
            temporary_directory: PathBuf::from("/tmp"),
            offline: false,
            concurrency: 16,
            backoff: Duration::from_millis(500),
            idle: Duration::from_secs(60),
            least: LeastRate { bytes: 60 << 10, within: Duration::from_secs(60) },
            observer: Arc::new(|_| {}),
        }
    }
}

/// So many bytes in each such time, or the rest of what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeastRate {
    /// How many.
    pub bytes: u64,
    /// In which time.
    pub within: Duration,
}

/// Is told of what happens; must not block.
pub type Observer = Arc<dyn Fn(IndexEvent) + Send + Sync>;

/// What happens between us and an index.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexEvent {
    /// The files of a project are known.
    Project {
        /// Which.
        name: PackageName,
        /// How many files there are.
        files: usize,
    },
    /// What a wheel requires is known.
    Metadata {
        /// The wheel.
        file: String,
    },
    /// A download begins, or goes on.
    Started {
        /// The file.
        file: String,
        /// Its length in bytes, where it is known.
        size: Option<u64>,
        /// How much of it is here already, in bytes.
        at: u64,
    },
    /// More of a download has arrived.
    Received {
        /// The file.
        file: String,
        /// Bytes since the last event of this file.
        bytes: u64,
    },
    /// A wheel is here, whole and verified.
    Ready {
        /// The file.
        file: String,
        /// Its length in bytes.
        size: u64,
        /// Whether it was here before.
        kept: bool,
    },
    /// Something failed and is tried again.
    Retry {
        /// What was attempted.
        attempted: String,
        /// Why it failed.
        reason: String,
        /// How long until the next attempt.
        after: Duration,
    },
}
