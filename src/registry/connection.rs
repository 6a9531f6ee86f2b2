//! A failed exchange in, a typed reason out.

use std::error::Error;

use url::Url;

use super::error::{RegistryError, shown};
use crate::http::{self, Cause, ProxyError, SendError, host_and_port};
use crate::tls::CertificateError;

/// Returns why `error` ended the exchange on `url`.
pub(super) fn broken(attempted: &str, url: &Url, error: &SendError) -> RegistryError {
    let attempted = attempted.to_owned();
    if let Some(error) = http::find::<ProxyError>(error) {
        return RegistryError::Proxy { attempted, host: host_and_port(url), error: error.clone() };
    }
    if let Some(error) = http::find::<CertificateError>(error) {
        return RegistryError::Certificate { attempted, host: host_and_port(url), error: error.clone() };
    }
    if error.is_connect() || http::wants_client_certificate(error) {
        let (cause, reason) = http::cause(error);
        return RegistryError::Unreachable { attempted, host: host_and_port(url), cause, reason };
    }
    if url.scheme() == "http" && http::is_no_http(error) {
        return speaks_tls(attempted, url);
    }
    interrupted(&attempted, url, error)
}

/// Returns how `error` ended an answer.
pub(super) fn interrupted(attempted: &str, url: &Url, error: &(dyn Error + 'static)) -> RegistryError {
    RegistryError::Interrupted { attempted: attempted.to_owned(), url: shown(url), reason: http::interruption(error) }
}

/// Says that whoever answers on `url` wants TLS.
pub(super) fn speaks_tls(attempted: String, url: &Url) -> RegistryError {
    RegistryError::Unreachable { attempted, host: host_and_port(url), cause: Cause::NotPlainHttp, reason: None }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use reqwest::header::HeaderMap;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::super::Options;
    use super::super::pace::Limits;
    use super::super::payload::Payload;
    use super::super::transport::{Request, Transport};
    use super::*;
    use crate::credentials::Keychain;

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
        let options = Options::new(Keychain::default());
        let body = Payload::Empty.open("try", Limits::of(&options)).await.unwrap();
        let request = Request { attempted: "try", method: Method::GET, url, headers: HeaderMap::new(), body };
        let transport = Transport::new(&options).unwrap();
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
