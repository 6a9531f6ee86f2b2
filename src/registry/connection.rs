//! A failed exchange in, a typed reason out.

use std::error::Error;
use std::io;

use url::Url;

use super::error::{Cause, RegistryError, shown};

/// Returns why `error` ended the exchange on `url`.
pub(super) fn broken(attempted: &str, url: &Url, error: &reqwest::Error) -> RegistryError {
    let attempted = attempted.to_owned();
    let reason = innermost(error);
    if error.is_connect() {
        return RegistryError::Unreachable { attempted, host: host_and_port(url), cause: cause(error), reason };
    }
    RegistryError::Interrupted { attempted, url: shown(url), reason }
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn cause(error: &reqwest::Error) -> Cause {
    for link in chain(error) {
        if let Some(error) = link.downcast_ref::<rustls::Error>() {
            return tls_cause(error);
        }
        if let Some(io) = link.downcast_ref::<io::Error>() {
            // A custom `io::Error` does not list what it wraps as its source.
            if let Some(error) = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                return tls_cause(error);
            }
            match io.kind() {
                io::ErrorKind::ConnectionRefused => return Cause::ConnectionRefused,
                io::ErrorKind::TimedOut => return Cause::ConnectTimeout,
                _ => {}
            }
        }
        // hyper-util has no public type for it.
        if link.to_string().starts_with("dns error") {
            return Cause::Dns;
        }
    }
    if error.is_timeout() { Cause::ConnectTimeout } else { Cause::Other }
}

fn tls_cause(error: &rustls::Error) -> Cause {
    match error {
        rustls::Error::InvalidCertificate(_) => Cause::Certificate,
        // What a plain HTTP server answers to a ClientHello is no TLS record.
        rustls::Error::InvalidMessage(_) => Cause::PlainHttp,
        _ => Cause::Tls,
    }
}

fn innermost(error: &reqwest::Error) -> String {
    chain(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
