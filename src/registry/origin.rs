//! Who is spoken to: which scheme a registry is owed, and which hosts are never trusted with a credential.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use url::Url;

use super::RegistryError;
pub(super) use crate::http::is_metadata_service;
use crate::http::{host_and_port, is_loopback};
use crate::reference::Repository;

/// Hosts that may be spoken to in plain HTTP but turned out to speak TLS.
#[derive(Default)]
pub(super) struct TlsHosts(Mutex<BTreeSet<String>>);

impl TlsHosts {
    /// Remembers `host[:port]`; returns whether that is news.
    pub(super) fn learn(&self, host: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned())
    }

    fn has(&self, host: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(host)
    }
}

/// Returns the root of the API of `repository`'s registry: `https`, but plain `http` for loopback and for hosts that
/// are listed in `insecure`, unless they are at the port of https or known to speak TLS.
///
/// Nothing secret is in the first request to a host, so that plain HTTP may be tried first, as crane does: every server
/// tells at once when it wants TLS, while not every HTTP server answers a TLS handshake.
pub(super) fn api_root(repository: &Repository, insecure: &[String], tls: &TlsHosts) -> Result<Url, RegistryError> {
    let parse = |scheme: &str, host: &str| {
        Url::parse(&format!("{scheme}://{host}/")).map_err(|error| RegistryError::Protocol {
            attempted: format!("speak to {}", repository.registry()),
            url: host.to_owned(),
            reason: format!("this is not a host: {error}"),
        })
    };
    let url = parse("https", repository.api_host())?;
    if !is_loopback(&url) && !is_insecure(&url, insecure) {
        return Ok(url);
    }
    let plain = parse("http", repository.api_host())?;
    Ok(if plain.port() == Some(443) || tls.has(&host_and_port(&plain)) { url } else { plain })
}

/// Returns whether the host of `url` is listed: `host:port` allows that port, `host` any.
pub(super) fn is_insecure(url: &Url, insecure: &[String]) -> bool {
    let Some(host) = url.host_str() else { return false };
    let with_port = url.port_or_known_default().map(|port| format!("{host}:{port}"));
    let listed = |text: &String| text.eq_ignore_ascii_case(host) || Some(text.to_ascii_lowercase()) == with_port;
    insecure.iter().any(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(repository: &str, insecure: &[&str], expected: &str) {
        let insecure: Vec<String> = insecure.iter().map(|&host| host.to_owned()).collect();
        let tls = TlsHosts::default();
        tls.learn("localhost:5443");
        let url = api_root(&repository.parse().unwrap(), &insecure, &tls).unwrap();
        assert_eq!(url.as_str(), expected, "{repository}");
    }

    #[test]
    fn only_loopback_and_listed_hosts_are_spoken_to_in_plain_http() {
        check("python", &[], "https://registry-1.docker.io/");
        check("ghcr.io/a", &["registry.corp"], "https://ghcr.io/");
        check("localhost:5000/a", &[], "http://localhost:5000/");
        check("localhost:443/a", &[], "https://localhost/");
        check("localhost:5443/a", &[], "https://localhost:5443/");
        check("127.0.0.1:5000/a", &[], "http://127.0.0.1:5000/");
        check("[::1]:5000/a", &[], "http://[::1]:5000/");
        check("127.0.0.1.example.com/a", &[], "https://127.0.0.1.example.com/");
        check("registry.corp:5000/a", &["registry.corp:5000"], "http://registry.corp:5000/");
        check("registry.corp:5000/a", &["registry.corp"], "http://registry.corp:5000/");
        check("registry.corp:5001/a", &["registry.corp:5000"], "https://registry.corp:5001/");
    }
}
