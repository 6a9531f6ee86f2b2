//! HTTP/1.1 as everybody here speaks it: connections past or through proxies, why an exchange failed, when to try again.

mod client;
mod connect;
mod exceptions;
mod host;
mod proxy;
mod range;

use std::error::Error;
use std::fmt;
use std::io;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use rustls::{AlertDescription, CertificateError};

pub(crate) use client::{HttpClient, SendError};
pub(crate) use host::{host_and_port, is_loopback, is_metadata_service};
pub use proxy::{ProxyError, ProxyFault, ProxySettings};
pub(crate) use range::ContentRange;

/// The longest that anything is waited for: a server may name any number, and points in time have an end.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What every server is told of us.
const USER_AGENT: &str = concat!("leoflow/", env!("CARGO_PKG_VERSION"));

/// Why no connection came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The name does not resolve.
    Dns,
    /// Nobody listens there.
    ConnectionRefused,
    /// No answer to the connection attempt.
    ConnectTimeout,
    /// The certificate is signed by nobody whom this machine trusts.
    UnknownIssuer,
    /// The certificate is for another name.
    WrongName,
    /// The certificate is out of date, or the clock is.
    Expired,
    /// Something else is wrong with the certificate.
    Certificate,
    /// The server wants a client certificate, or another one.
    ClientCertificate,
    /// The server speaks plain HTTP.
    PlainHttp,
    /// Plain HTTP was tried, and what answers is something else; most likely it is TLS.
    NotPlainHttp,
    /// TLS failed otherwise.
    Tls,
    /// Something else.
    Other,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "its name does not resolve",
            Self::ConnectionRefused => "connection refused",
            Self::ConnectTimeout => "it does not answer",
            Self::UnknownIssuer => "its certificate is signed by an authority that this machine does not trust",
            Self::WrongName => "its certificate is for another name",
            Self::Expired => "its certificate has expired or is not valid yet",
            Self::Certificate => "its certificate is not trusted",
            Self::ClientCertificate => "it wants a client certificate that it trusts",
            Self::PlainHttp => "it speaks plain HTTP, not HTTPS",
            Self::NotPlainHttp => "it does not speak plain HTTP",
            Self::Tls => "TLS failed",
            Self::Other => "no connection",
        })
    }
}

impl Cause {
    /// Returns whether it may pass by itself.
    pub(crate) fn is_transient(self) -> bool {
        matches!(self, Self::Dns | Self::ConnectionRefused | Self::ConnectTimeout | Self::Other)
    }

    /// Returns what to do about a certificate of `host`.
    pub(crate) fn certificate_help(self, host: &str) -> Option<String> {
        match self {
            Self::UnknownIssuer | Self::Certificate => {
                let help = "let this machine trust its authority: `SSL_CERT_FILE=/path/to/ca.pem`, or for a registry alone \
                            `ca:` in ~/.leoflow/config.yaml";
                Some(help.to_owned())
            }
            Self::ClientCertificate => Some(
                "name one in ~/.leoflow/config.yaml, under `registries:`: `client_cert` and `client_key`".to_owned(),
            ),
            Self::WrongName => Some("name the server by the name in its certificate".to_owned()),
            Self::Expired => Some(format!("check this machine's clock, then have the certificate of {host} renewed")),
            _ => None,
        }
    }
}

/// Returns why `error` kept a connection from coming about, and what the system says beyond that.
pub(crate) fn cause(error: &(dyn Error + 'static)) -> (Cause, Option<String>) {
    let cause = known_cause(error);
    let adds = matches!(cause, Cause::WrongName | Cause::Certificate | Cause::Tls | Cause::Other);
    (cause, adds.then(|| innermost(error)))
}

fn known_cause(error: &(dyn Error + 'static)) -> Cause {
    for link in chain(error) {
        if let Some(error) = link.downcast_ref::<rustls::Error>() {
            return tls_cause(error);
        }
        match link.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => return Cause::ConnectionRefused,
            Some(io::ErrorKind::TimedOut) => return Cause::ConnectTimeout,
            _ => {}
        }
        // hyper-util has no public type for it.
        if link.to_string().starts_with("dns error") {
            return Cause::Dns;
        }
    }
    Cause::Other
}

fn tls_cause(error: &rustls::Error) -> Cause {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        UnknownIssuer,
    };
    match error {
        rustls::Error::InvalidCertificate(UnknownIssuer) => Cause::UnknownIssuer,
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => Cause::WrongName,
        rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
        ) => Cause::Expired,
        rustls::Error::InvalidCertificate(_) => Cause::Certificate,
        rustls::Error::AlertReceived(alert) if is_about_us(*alert) => Cause::ClientCertificate,
        // What a plain HTTP server answers to a ClientHello is no TLS record.
        rustls::Error::InvalidMessage(_) => Cause::PlainHttp,
        _ => Cause::Tls,
    }
}

/// Returns whether a server refuses our certificate, or that we have none (RFC 8446 section 6.2).
fn is_about_us(alert: AlertDescription) -> bool {
    use AlertDescription::{
        AccessDenied, BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked, CertificateUnknown,
        UnknownCA, UnsupportedCertificate,
    };
    matches!(
        alert,
        AccessDenied
            | BadCertificate
            | CertificateExpired
            | CertificateRequired
            | CertificateRevoked
            | CertificateUnknown
            | UnknownCA
            | UnsupportedCertificate
    )
}

/// Returns whether a server ended TLS for want of a client certificate: TLS 1.3 tells only after the handshake.
pub(crate) fn wants_client_certificate(error: &(dyn Error + 'static)) -> bool {
    matches!(find::<rustls::Error>(error), Some(rustls::Error::AlertReceived(alert)) if is_about_us(*alert))
}

/// Returns whether what was answered is no HTTP at all: a TLS server answers plain HTTP with an alert, for one.
pub(crate) fn is_no_http(error: &(dyn Error + 'static)) -> bool {
    innermost(error) == "invalid HTTP version parsed"
}

/// Returns how a connection ended in the middle of an exchange.
pub(crate) fn interruption(error: &(dyn Error + 'static)) -> String {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let closed = chain(error).any(|link| match link.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(kind) => matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof),
        // hyper's `IncompleteMessage`, whose type is not public to us.
        None => link.to_string() == "connection closed before message completed",
    });
    if closed { "the connection was closed".to_owned() } else { format!("the connection broke: {}", innermost(error)) }
}

/// Returns what the system said in the end.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let text = chain(error).last().map_or_else(|| error.to_string(), ToString::to_string);
    text.strip_prefix("invalid peer certificate: ").map_or(text.clone(), str::to_owned)
}

/// Returns what is of type `E` among the causes of `error`.
pub(crate) fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(<dyn Error>::downcast_ref)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| below(error))
}

/// Returns what caused `error`; an `io::Error` does not list what it wraps as its source.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// Returns the next bytes of an answer, `None` at its end; trailers are passed over.
pub(crate) async fn piece(body: &mut Incoming) -> Result<Option<Bytes>, hyper::Error> {
    while let Some(frame) = body.frame().await {
        if let Ok(bytes) = frame?.into_data() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

/// Reads a `Retry-After` header: seconds, or an HTTP date (RFC 9110 section 10.2.3).
pub(crate) fn retry_after(text: &str) -> Option<Duration> {
    delay(text, SystemTime::now())
}

/// Reads what time it was for a server (RFC 9110 section 6.6.1), in seconds since the Unix epoch: `Date`, and how long a
/// cache on the way has kept the answer since.
pub(crate) fn date(headers: &HeaderMap) -> Option<u64> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let date = httpdate::parse_http_date(text(header::DATE)?).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let age = text(header::AGE).and_then(|age| age.trim().parse().ok()).unwrap_or(0);
    Some(date.as_secs().saturating_add(age))
}

fn delay(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default().min(LONGEST_WAIT))
}

/// Returns the pause after so many failures: it doubles up to `longest`, and half of it is left to chance, so that many
/// clients do not return at one moment.
pub(crate) fn pause(first: Duration, failures: u32, longest: Duration) -> Duration {
    backoff(first, failures, longest).mul_f64(0.5 + fastrand::f64() / 2.0)
}

fn backoff(first: Duration, failures: u32, longest: Duration) -> Duration {
    first.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(longest)
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
        // What is added to a point in time must not run over its end.
        check("18446744073709551615", Some(LONGEST_WAIT.as_secs()));
        check("Fri, 31 Dec 9999 23:59:59 GMT", Some(LONGEST_WAIT.as_secs()));
        check("soon", None);
        check("-1", None);
    }

    #[test]
    fn pauses_double_up_to_a_limit() {
        let (first, longest) = (Duration::from_millis(500), Duration::from_secs(30));
        let pauses: Vec<u64> = (1..=8).map(|failures| backoff(first, failures, longest).as_millis() as u64).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert_eq!(backoff(Duration::MAX, u32::MAX, longest), longest);
    }
}
