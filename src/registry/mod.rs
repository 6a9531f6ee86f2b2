//! The client side of the OCI distribution specification 1.1: bases in, images out.
//!
//! It never sees a project or a DAG. Layers of a base never touch the disk.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use leoflow_layers::Digest;
use tokio::time::{Instant, timeout_at};

use crate::cache::Cache;
use crate::credentials::Keychain;
use crate::http::LONGEST_WAIT;
use crate::image::{Artifact, BaseImage, Platform};
use crate::reference::{PinnedReference, Reference, Repository, Tag};

mod blob;
mod body;
mod challenge;
mod chunked;
mod connection;
mod describe;
mod documents;
mod error;
mod form;
mod load;
mod login;
mod mirrors;
mod network;
mod origin;
mod pace;
mod payload;
mod pending;
mod place;
mod presence;
mod pull;
mod push;
mod range;
mod reading;
mod redaction;
mod refusal;
mod registries;
mod remember;
mod remembered;
mod remote;
mod retry;
mod scope;
mod session;
mod survey;
mod token;
mod transfer;
mod transport;
mod upload;

pub use crate::http::{Cause, ProxyError, ProxyFault, ProxySettings};
pub use crate::tls::{CertificateError, Certificates, HostCertificates, Identity, TrustedRoots};
pub use error::RegistryError;
pub use network::Network;
pub use refusal::{Refusal, RefusalKind};
pub use registries::{Mirror, PullFromMirror, Registries, RegistryRule};
pub use remember::Recorded;
pub use remembered::{Remembered, RememberedLayer, record_tag};
pub use survey::{Fate, Survey, SurveyedBlob};
pub use upload::Outcome;

use documents::Documents;
use load::Loads;
use mirrors::PassedOver;
use origin::TlsHosts;
use pending::Pending;
use place::Places;
use session::{Operation, Session};
use token::Authority;
use transport::Transport;

/// How registries are spoken to.
#[derive(Clone)]
pub struct Options {
    /// Whose credentials are presented.
    pub keychain: Keychain,
    /// `host[:port]`s that may be spoken to in plain HTTP; loopback always may.
    pub insecure_registries: Vec<String>,
    /// Which proxies lie between us and registries.
    pub proxies: ProxySettings,
    /// What is configured for registries.
    pub registries: Registries,
    /// Which hosts may be asked at all.
    pub network: Network,
    /// How long one pull or push may take in all, retries included.
    pub deadline: Duration,
    /// How many blobs move to one registry at a time.
    pub concurrency: usize,
    /// In which pieces a blob is uploaded, in bytes; in one request, while the registry allows it, when it is `None`.
    pub chunk_size: Option<NonZeroU64>,
    /// The first pause before something is tried again; it doubles with each failure.
    pub backoff: Duration,
    /// How long nothing may move on a connection.
    pub idle: Duration,
    /// How many bytes per second must move, averaged over `rate_window`; 0 asks for none. Time in which the other side
    /// of a transfer is waited for does not count.
    pub least_rate: u64,
    /// See `least_rate`.
    pub rate_window: Duration,
    /// Where manifests and configs of bases are kept, by digest.
    pub cache: Cache,
    /// Told of what happens, as it happens.
    pub observer: Observer,
}

impl Options {
    /// Returns the usual options: no proxy, any host, 30 minutes in all, four blobs at a time, nothing kept, nobody told.
    #[must_use]
    pub fn new(keychain: Keychain) -> Self {
        Self {
            keychain,
            insecure_registries: Vec::new(),
            proxies: ProxySettings::default(),
            registries: Registries::default(),
            network: Network::Open,
            deadline: Duration::from_secs(30 * 60),
            concurrency: 4,
            chunk_size: None,
            backoff: Duration::from_millis(500),
            idle: Duration::from_secs(60),
            least_rate: 1024,
            rate_window: Duration::from_secs(60),
            cache: Cache::none(),
            observer: Arc::new(|_| {}),
        }
    }
}

/// Is told of transfers; must not block.
pub type Observer = Arc<dyn Fn(Event) + Send + Sync>;

/// What happens to a blob or manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The blob is in the repository already.
    Present {
        /// Which.
        digest: Digest,
        /// Bytes.
        size: u64,
    },
    /// The blob was mounted from another repository of the registry.
    Mounted {
        /// Which.
        digest: Digest,
        /// Bytes.
        size: u64,
    },
    /// An upload begins, or begins again.
    Started {
        /// Which.
        digest: Digest,
        /// Bytes.
        size: u64,
        /// Whether it is streamed from another registry.
        streamed: bool,
    },
    /// More of an upload was sent.
    Sent {
        /// Which.
        digest: Digest,
        /// Bytes since the last event of this blob.
        bytes: u64,
    },
    /// An upload goes on from here: whatever was sent beyond is sent again.
    Resumed {
        /// Which.
        digest: Digest,
        /// What the registry has, in bytes.
        at: u64,
    },
    /// An upload was committed.
    Uploaded {
        /// Which.
        digest: Digest,
        /// Bytes.
        size: u64,
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
    /// A mirror was of no use; the next source is asked.
    MirrorFailed {
        /// The mirror's `host[:port]`.
        mirror: String,
        /// Why.
        reason: String,
    },
    /// What a repository says of the layers that it holds is not believed.
    RecordIgnored {
        /// Where it says that.
        record: String,
        /// Why.
        reason: String,
    },
    /// A repository did not take down which layers it holds now: the next deploy makes them anew.
    RecordNotKept {
        /// Where that was to be written.
        record: String,
        /// Why.
        reason: String,
    },
    /// Other users of this machine can read a private key.
    KeyExposed {
        /// The key.
        path: PathBuf,
    },
}

/// What a push came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The image, by the digest that we computed.
    pub pinned: PinnedReference,
    /// Whether tag and manifest were there already and nothing was sent.
    pub unchanged: bool,
    /// Blob bytes sent.
    pub uploaded_bytes: u64,
    /// Blobs sent.
    pub uploaded: usize,
    /// Blobs mounted.
    pub mounted: usize,
    /// Blobs that were there already.
    pub present: usize,
    /// What became of each blob that was asked for.
    pub blobs: BTreeMap<Digest, Outcome>,
}

/// A client for any number of registries; tokens are shared by everything that it and its copies do.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// What all sessions of a client have in common.
struct Shared {
    options: Options,
    transport: Transport,
    authority: Authority,
    places: Places,
    loads: Loads,
    pending: Pending,
    cache: Documents,
    tls_hosts: TlsHosts,
    passed_over: PassedOver,
}

impl Client {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(options: Options) -> Result<Self, RegistryError> {
        let transport = Transport::new(&options)?;
        Ok(Self {
            shared: Arc::new(Shared {
                transport,
                authority: Authority::default(),
                places: Places::default(),
                loads: Loads::default(),
                pending: Pending::default(),
                cache: Documents(options.cache.clone()),
                tls_hosts: TlsHosts::default(),
                passed_over: PassedOver::default(),
                options,
            }),
        })
    }

    /// Fetches the manifest and config of `reference` for each of `platforms`; an index is resolved.
    ///
    /// # Errors
    /// When it cannot be had, is not an image, or lacks one of the platforms.
    pub async fn pull_bases(
        &self,
        reference: &Reference,
        platforms: &[Platform],
    ) -> Result<Vec<BaseImage>, RegistryError> {
        let (shared, operation) = (&self.shared, &self.operation());
        let pull =
            || mirrors::ask(shared, operation, reference, async |source| source.bases(reference, platforms).await);
        self.within(operation, format!("pull {reference}"), self.in_either_scheme(pull)).await
    }

    /// Fetches a manifest or index and the manifests below it, as they are; blobs stay where they are.
    ///
    /// # Errors
    /// When it cannot be had, or is neither.
    pub async fn pull(&self, reference: &Reference) -> Result<Artifact, RegistryError> {
        let (shared, operation) = (&self.shared, &self.operation());
        let pull = || mirrors::ask(shared, operation, reference, async |source| source.artifact(reference).await);
        self.within(operation, format!("pull {reference}"), self.in_either_scheme(pull)).await
    }

    /// Puts `artifact` into `repository` under `tag`: blobs, manifests, tag. Dropping the future stops it all.
    ///
    /// # Errors
    /// When the registry refuses, lies, or cannot be reached within the deadline.
    pub async fn push(&self, repository: &Repository, tag: &Tag, artifact: &Artifact) -> Result<Pushed, RegistryError> {
        let (shared, operation) = (&self.shared, &self.operation());
        shared.options.registries.admit(repository)?;
        let push = || async move { Session::new(shared, repository, operation)?.push(tag, artifact).await };
        let attempted = format!("push {}", repository.tagged(tag));
        let outcome = self.within(operation, attempted, self.in_either_scheme(push)).await;
        self.abandon().await;
        outcome
    }

    /// Proves that `repository` may be pushed to, by opening an upload and cancelling it: nothing else tells.
    ///
    /// # Errors
    /// When the registry refuses, or cannot be reached within the deadline.
    pub async fn check_push(&self, repository: &Repository) -> Result<(), RegistryError> {
        let (shared, operation) = (&self.shared, &self.operation());
        shared.options.registries.admit(repository)?;
        let attempted = || format!("open an upload to {repository}");
        let open = || async move {
            let session = Session::new(shared, repository, operation)?;
            session.open_upload(attempted()).await.map(drop)
        };
        let outcome = self.within(operation, attempted(), self.in_either_scheme(open)).await;
        self.abandon().await;
        outcome
    }

    /// Cancels the uploads that were given up, in two seconds at most. A push does that itself when it ends; one whose
    /// future was dropped cannot.
    pub async fn abandon(&self) {
        pending::cancel(&self.shared).await;
    }

    /// Lets the registry of `repository` be asked, whatever the network was limited to: the user sends an image there.
    pub fn allow(&self, repository: &Repository) {
        self.shared.transport.gate.allow(repository);
    }

    /// Returns which hosts were asked so far, token services included, and how many requests each got.
    #[must_use]
    pub fn asked(&self) -> Vec<(String, u64)> {
        self.shared.transport.asked()
    }

    /// Returns what time the last answer said it was, in seconds since the Unix epoch.
    #[must_use]
    pub fn date(&self) -> Option<u64> {
        self.shared.transport.date()
    }

    /// Does `work`, and once more for each host that was spoken to in plain HTTP and turns out to speak TLS.
    async fn in_either_scheme<T, F>(&self, work: impl Fn() -> F) -> Result<T, RegistryError>
    where
        F: Future<Output = Result<T, RegistryError>>,
    {
        loop {
            // Boxed, or the compiler gives up on how large the future of a whole deploy is.
            match Box::pin(work()).await {
                Err(RegistryError::Unreachable { host, cause: Cause::NotPlainHttp, .. })
                    if self.shared.tls_hosts.learn(&host) => {}
                outcome => return outcome,
            }
        }
    }

    fn operation(&self) -> Arc<Operation> {
        Arc::new(Operation::until(Instant::now() + self.shared.options.deadline.min(LONGEST_WAIT)))
    }

    async fn within<T>(
        &self,
        operation: &Operation,
        attempted: String,
        work: impl Future<Output = Result<T, RegistryError>>,
    ) -> Result<T, RegistryError> {
        // On the heap, so that the futures of callers do not grow with everything that is done here.
        let outcome = timeout_at(operation.deadline, Box::pin(work)).await.unwrap_or_else(|_| {
            let limit = self.shared.options.deadline;
            Err(RegistryError::Deadline { attempted, limit, last: operation.last_failure() })
        });
        outcome.map_err(|error| error.without(&self.shared.authority.presented))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_may_be_any_number() {
        let options = Options { deadline: Duration::MAX, ..Options::new(Keychain::default()) };
        assert!(Client::new(options).unwrap().operation().deadline > Instant::now());
    }
}
