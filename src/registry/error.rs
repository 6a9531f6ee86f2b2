//! What can go wrong with a registry.

use std::time::Duration;

use leoflow_layers::Digest;
use url::Url;

use super::refusal::{Refusal, RefusalKind};
use crate::credentials::CredentialError;
use crate::http::{Cause, ProxyError};
use crate::image::BaseError;
use crate::reference::{Reference, Repository};
use crate::tls::CertificateError;

/// Why a registry did not do what was asked of it. Every variant says what was attempted, on which URL; what may be
/// secret in a URL (user info, query) is left out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// TLS or the HTTP client cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Setup(String),
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
    /// The host may not be asked; it was not.
    #[error("cannot {attempted}: {host} is outside of what --offline allows")]
    Offline {
        /// What was attempted.
        attempted: String,
        /// The `host[:port]`.
        host: String,
    },
    /// The user's configuration forbids the registry.
    #[error("cannot use {repository}: `{prefix}` is blocked by your configuration")]
    Blocked {
        /// What was asked for.
        repository: Box<Repository>,
        /// The `prefix` that it begins with.
        prefix: String,
    },
    /// The host asked to be left alone; it was not asked again.
    #[error("cannot {attempted}: {host} wants to be left alone for {} s", pause.as_secs_f64().ceil())]
    Paused {
        /// What was attempted.
        attempted: String,
        /// The `host[:port]`.
        host: String,
        /// How much longer.
        pause: Duration,
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
    /// Nothing moved in either direction for too long.
    #[error("cannot {attempted}: nothing moved for {} s ({url})", limit.as_secs())]
    Idle {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// How long was waited.
        limit: Duration,
    },
    /// Too little moved, for too long.
    #[error("cannot {attempted}: only {rate} bytes/s moved in {} s, and {least} are the least ({url})", window.as_secs())]
    TooSlow {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// Bytes per second that moved.
        rate: u64,
        /// Bytes per second that must move.
        least: u64,
        /// The time over which that was measured.
        window: Duration,
    },
    /// The registry, or a proxy before it, takes request bodies only up to a size, and no chunks that are small enough.
    #[error("cannot {attempted}: a request body of {} is too large for {registry} (HTTP 413), and {reason} ({url})", binary(*refused))]
    BodyLimit {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// The registry.
        registry: String,
        /// The smallest body that was refused, in bytes.
        refused: u64,
        /// Why chunks did not help.
        reason: String,
    },
    /// The whole pull or push took longer than it may.
    #[error("cannot {attempted} within {} s{}", limit.as_secs(), last.as_ref().map(|e| format!("; the last failure: {e}")).unwrap_or_default())]
    Deadline {
        /// What was attempted.
        attempted: String,
        /// How long it could take.
        limit: Duration,
        /// The last failure before that, if any.
        last: Option<String>,
    },
    /// The registry answered with a status that is no success.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The bytes, or what the registry says of them, have another digest than they must.
    #[error("cannot {attempted}: expected {expected}, found {found} ({url})")]
    WrongDigest {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// The digest that was asked for or computed.
        expected: Digest,
        /// The digest that was answered.
        found: Digest,
    },
    /// There are fewer or more bytes than the descriptor says.
    #[error("cannot {attempted}: expected {expected} bytes, found {found} ({url})")]
    WrongSize {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// In bytes, by the descriptor.
        expected: u64,
        /// In bytes, as received.
        found: u64,
    },
    /// More bytes than anybody needs; reading stopped.
    #[error("cannot {attempted}: the answer is larger than {} MiB ({url})", limit >> 20)]
    TooMuch {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// In bytes.
        limit: u64,
    },
    /// The answer contradicts the specification, or itself.
    #[error("cannot {attempted}: {reason} ({url})")]
    Protocol {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The registry asks for authentication in a way that is not supported, or not safe.
    #[error("cannot {attempted}: {reason} ({url})")]
    Challenge {
        /// What was attempted.
        attempted: String,
        /// On which URL.
        url: String,
        /// What is wrong with the challenge.
        reason: String,
        /// What to try.
        help: Option<String>,
    },
    /// A redirect that must not be followed.
    #[error("cannot {attempted}: refused to follow a redirect from {from} to {to}: {reason}")]
    Redirect {
        /// What was attempted.
        attempted: String,
        /// The URL that redirected.
        from: String,
        /// Where to.
        to: String,
        /// Why not.
        reason: &'static str,
    },
    /// A token could not be had.
    #[error("cannot {attempted}: no token from {realm}: {reason}")]
    Token {
        /// What was attempted.
        attempted: String,
        /// The token service.
        realm: String,
        /// What happened.
        reason: String,
    },
    /// Credentials could not be read.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// What was fetched is no base image for the platform.
    #[error("cannot use {reference} as a base: {error}")]
    Base {
        /// The base.
        reference: Box<Reference>,
        /// What is wrong with it.
        error: Box<BaseError>,
    },
    /// A layer that was to be used again is not in the repository any more.
    #[error("layer {} is not in {repository} any more", short(digest))]
    LayerGone {
        /// The layer.
        digest: Digest,
        /// Where it was.
        repository: Box<Repository>,
    },
    /// An assembled layer could not be read back.
    #[error("cannot {attempted}: cannot read the layer: {error}")]
    Spool {
        /// What was attempted.
        attempted: String,
        /// What the system said.
        error: std::io::Error,
    },
}

impl RegistryError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Refused(refusal) => refusal.help(),
            Self::Unreachable { host, cause, .. } => unreachable_help(host, *cause),
            Self::Proxy { host, error, .. } => Some(error.help(host)),
            Self::Certificate { error, .. } => Some(error.help()),
            Self::Offline { .. } => Some(
                "carry the base inside: `leoflow image copy IMAGE oci:DIR` where there is a network, then `--base oci:DIR` here"
                    .to_owned(),
            ),
            Self::Paused { pause, .. } => Some(format!("run it again in {} s", pause.as_secs_f64().ceil())),
            Self::Blocked { prefix, .. } => {
                Some(format!("if it is meant to be used, take `blocked` out of the entry of `{prefix}` in ~/.leoflow/config.yaml"))
            }
            Self::Interrupted { .. } | Self::Idle { .. } | Self::TooSlow { .. } => {
                Some("check the connection and run it again: layers that have arrived whole are not sent again".to_owned())
            }
            Self::BodyLimit { registry, .. } => Some(body_limit_help(registry)),
            Self::Deadline { limit, .. } => Some(format!(
                "run it again, layers that have arrived whole are not sent again; or allow more: `--registry-timeout {}`",
                limit.as_secs().max(1).saturating_mul(2)
            )),
            Self::WrongDigest { .. } | Self::WrongSize { .. } => Some(
                "run it again; if it stays so, the registry or a proxy before it alters content: tell whoever runs it"
                    .to_owned(),
            ),
            Self::TooMuch { .. } | Self::Protocol { .. } => {
                Some("check that the host is a container registry, and that no proxy or login page answers".to_owned())
            }
            Self::Token { realm, .. } => Some(format!("check that no proxy or login page answers for {realm}")),
            Self::Challenge { help, .. } => help.clone(),
            Self::Redirect { .. } => Some("name the registry by the host that it redirects to".to_owned()),
            Self::LayerGone { .. } => Some("run it again with `--no-remote-cache`: the layer is made anew".to_owned()),
            Self::Spool { .. } => Some("check the disk that holds temporary files (`TMPDIR`)".to_owned()),
            Self::Base { error, .. } => error.help(),
            Self::Credential(error) => error.help(),
            Self::Setup(_) => Some("check `SSL_CERT_FILE` and `SSL_CERT_DIR` if they are set".to_owned()),
        }
    }

    /// Returns the failure alone, for a line that already says what was attempted.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Refused(refusal) => format!("HTTP {}", refusal.status),
            Self::Unreachable { cause, .. } => cause.to_string(),
            Self::Proxy { error, .. } => error.to_string(),
            Self::Certificate { error, .. } => error.to_string(),
            Self::Interrupted { reason, .. } => reason.clone(),
            Self::Paused { pause, .. } => format!("it wants to be left alone for {} s", pause.as_secs_f64().ceil()),
            Self::Idle { limit, .. } => format!("nothing moved for {} s", limit.as_secs()),
            Self::TooSlow { rate, .. } => format!("only {rate} bytes/s"),
            other => other.to_string(),
        }
    }

    /// Returns whether a host cannot or may not be spoken to at all.
    pub(super) fn is_out_of_reach(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Proxy { .. } | Self::Certificate { .. } | Self::Offline { .. })
    }

    /// Returns whether the same request may succeed a little later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(refusal.status, 408 | 429 | 500 | 502 | 503 | 504),
            Self::Unreachable { cause, .. } => cause.is_transient(),
            Self::Proxy { error, .. } => error.is_transient(),
            Self::Interrupted { .. } | Self::Idle { .. } | Self::TooSlow { .. } | Self::Paused { .. } => true,
            _ => false,
        }
    }

    /// Returns whether the registry said no, and would say it again.
    pub(super) fn is_final_refusal(&self) -> bool {
        !self.is_transient() && self.status().is_some_and(|status| (400..500).contains(&status))
    }

    /// Returns whether what was sent to `target` may have been taken although it failed: the answer was lost, or the
    /// registry lost its session. What failed on the side of a source was tried often enough there.
    pub(super) fn is_ambiguous(&self, target: &Repository) -> bool {
        match self {
            Self::Refused(refusal) if refusal.repository != *target => false,
            Self::Refused(refusal) if refusal.status == 404 => refusal.kind == RefusalKind::NotFound,
            _ => self.is_transient(),
        }
    }

    /// Returns how long the registry wants to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// Returns what was attempted.
    #[must_use]
    pub fn attempted(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(&refusal.attempted),
            Self::Unreachable { attempted, .. }
            | Self::Proxy { attempted, .. }
            | Self::Certificate { attempted, .. }
            | Self::Offline { attempted, .. }
            | Self::Paused { attempted, .. }
            | Self::Interrupted { attempted, .. }
            | Self::Idle { attempted, .. }
            | Self::TooSlow { attempted, .. }
            | Self::BodyLimit { attempted, .. }
            | Self::Deadline { attempted, .. }
            | Self::WrongDigest { attempted, .. }
            | Self::WrongSize { attempted, .. }
            | Self::TooMuch { attempted, .. }
            | Self::Protocol { attempted, .. }
            | Self::Challenge { attempted, .. }
            | Self::Redirect { attempted, .. }
            | Self::Token { attempted, .. }
            | Self::Spool { attempted, .. } => Some(attempted),
            Self::Setup(_)
            | Self::Credential(_)
            | Self::Base { .. }
            | Self::Blocked { .. }
            | Self::LayerGone { .. } => None,
        }
    }

    /// Returns the HTTP status when the registry answered with one that is no success.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            _ => None,
        }
    }
}

fn unreachable_help(host: &str, cause: Cause) -> Option<String> {
    match cause {
        Cause::Dns => Some(format!("check the spelling of `{host}`, and that this machine resolves it")),
        Cause::ConnectionRefused => {
            Some(format!("check that a registry runs at `{host}`, its port, and `HTTPS_PROXY` if it is set"))
        }
        Cause::ConnectTimeout => Some("check the network, and `HTTPS_PROXY` if one is needed".to_owned()),
        Cause::PlainHttp => Some(format!("if that is meant, allow it: `--insecure-registry {host}`")),
        Cause::NotPlainHttp => Some(format!("do not name `{host}` an insecure registry")),
        Cause::Tls | Cause::Other => Some(format!("check that a registry answers at `{host}`")),
        certificate => certificate.certificate_help(host),
    }
}

/// Says what to do about a limit of request bodies.
pub(super) fn body_limit_help(registry: &str) -> String {
    format!(
        "raise the limit of request bodies of {registry} or of the proxy before it (nginx: `client_max_body_size 0`)"
    )
}

/// Returns `256 KiB` and the like.
fn binary(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// Returns the first twelve digits of a digest, as container tools show it.
pub(super) fn short(digest: &Digest) -> String {
    digest.hex()[..12].to_owned()
}

/// Returns `url` as it may be shown: without user info, query and fragment, each of which may hold a secret; a digest in
/// its path is cut short.
pub(super) fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    let segment = |text: &str| match text.parse::<Digest>() {
        Ok(digest) => format!("sha256:{}", short(&digest)),
        Err(_) => text.to_owned(),
    };
    shown.set_path(&url.path().split('/').map(segment).collect::<Vec<_>>().join("/"));
    shown.set_query(None);
    shown.set_fragment(None);
    // Only a URL without a host refuses these, and then there is nothing to hide.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_what_may_be_secret() {
        let url = Url::parse("https://user:password@host:5000/v2/a/blobs/uploads/1?_state=secret#x").unwrap();
        assert_eq!(shown(&url), "https://host:5000/v2/a/blobs/uploads/1");
        let digest = Digest::of(b"");
        let url = Url::parse(&format!("https://host/v2/a/blobs/{digest}")).unwrap();
        assert_eq!(shown(&url), "https://host/v2/a/blobs/sha256:e3b0c44298fc");
    }
}
