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
    std::iter::successors(Some(error), |&error| below(error))
}

/// Returns what caused `error`; an `io::Error` does not list what it wraps as its source.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::Method;
    use reqwest::header::HeaderMap;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::super::payload::Payload;
    use super::super::transport::{Request, Transport};
    use super::*;

    /// Speaks https to a server that answers the first bytes with `answer`.
    async fn spoken_to(answer: &'static [u8]) -> RegistryError {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(answer).await;
            }
        });
        let body = Payload::Empty.open("try").await.unwrap();
        let request = Request { attempted: "try", method: Method::GET, url, headers: HeaderMap::new(), body };
        let transport = Transport::new(Duration::from_secs(60)).unwrap();
        transport.exchange(request).await.map(|_| ()).unwrap_err()
    }

    #[tokio::test]
    async fn a_server_that_speaks_plain_http_is_recognized() {
        let error = spoken_to(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        assert!(matches!(error, RegistryError::Unreachable { cause: Cause::PlainHttp, .. }), "{error:?}");
        assert!(error.help().is_some_and(|help| help.contains("--insecure-registry 127.0.0.1:")));
    }

    #[tokio::test]
    async fn a_tls_alert_is_a_failure_of_tls() {
        // A fatal handshake_failure.
        let error = spoken_to(&[21, 3, 3, 0, 2, 2, 40]).await;
        assert!(matches!(error, RegistryError::Unreachable { cause: Cause::Tls, .. }), "{error:?}");
    }
}
