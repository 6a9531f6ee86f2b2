//! A failed exchange in, a typed reason out.

use url::Url;

use super::error::{RegistryError, shown};
use crate::http::{self, Cause};

/// Returns why `error` ended the exchange on `url`.
pub(super) fn broken(attempted: &str, url: &Url, error: &reqwest::Error) -> RegistryError {
    let attempted = attempted.to_owned();
    if error.is_connect() {
        let (cause, reason) = http::cause(error);
        return RegistryError::Unreachable { attempted, host: host_and_port(url), cause, reason };
    }
    if url.scheme() == "http" && http::is_no_http(error) {
        return speaks_tls(attempted, url);
    }
    RegistryError::Interrupted { attempted, url: shown(url), reason: http::interruption(error) }
}

/// Says that whoever answers on `url` wants TLS.
pub(super) fn speaks_tls(attempted: String, url: &Url) -> RegistryError {
    RegistryError::Unreachable { attempted, host: host_and_port(url), cause: Cause::NotPlainHttp, reason: None }
}

/// Returns the authority of `url`, as people write it.
pub(super) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::Method;
    use reqwest::header::HeaderMap;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::super::pace::Limits;
    use super::super::payload::Payload;
    use super::super::transport::{Request, Transport};
    use super::*;

    const LIMITS: Limits =
        Limits { idle: Duration::from_secs(60), least_rate: 0, window: Duration::from_secs(60) };

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
        let body = Payload::Empty.open("try", LIMITS).await.unwrap();
        let request = Request { attempted: "try", method: Method::GET, url, headers: HeaderMap::new(), body };
        let transport = Transport::new(LIMITS).unwrap();
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
