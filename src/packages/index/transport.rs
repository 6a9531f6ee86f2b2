//! One exchange with an index: credentials to whom they belong, redirects followed, never an endless wait.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use hyper::body::Incoming;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Body, Method, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use url::Url;

use super::error::shown;
use super::pace::Pace;
use super::{IndexError, IndexOptions};
use crate::http::{self, Cause, HttpClient, ProxyError, SendError, host_and_port, is_loopback, is_metadata_service};
use crate::tls::{CertificateError, Trust};

/// How many redirects are followed.
const REDIRECTS: usize = 10;

/// HTTP to any host that may be asked.
pub(super) struct Transport {
    client: HttpClient,
    options: Arc<IndexOptions>,
    places: Arc<Semaphore>,
}

/// What is asked.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) attempted: Arc<str>,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
}

impl Request {
    pub(super) fn get(attempted: impl Into<Arc<str>>, url: &Url) -> Self {
        let (attempted, url) = (attempted.into(), url.clone());
        Self { attempted, method: Method::GET, url, headers: HeaderMap::new() }
    }
}

/// An answer that is a success, or says that nothing has changed; its body has not been read.
pub(super) struct Answer {
    attempted: Arc<str>,
    /// Where it came from in the end.
    pub(super) url: Url,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Incoming,
    idle: Duration,
    pace: Pace,
    _place: OwnedSemaphorePermit,
}

impl Transport {
    pub(super) fn new(options: Arc<IndexOptions>) -> Result<Self, IndexError> {
        // Indexes are configured without client keys of their own; a registry's are watched over by the registry.
        let trust = Trust::new(options.certificates.clone(), Arc::new(|_| {}))
            .map_err(|error| IndexError::Setup(error.to_string()))?;
        let client = HttpClient::new(options.proxies.clone(), trust);
        let places = Arc::new(Semaphore::new(options.concurrency.max(1)));
        Ok(Self { client, options, places })
    }

    /// Asks once, and follows where it is led.
    pub(super) async fn ask(&self, request: &Request) -> Result<Answer, IndexError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|error| IndexError::Setup(error.to_string()))?;
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS {
            let (response, presented) = self.send(request, &url).await?;
            let Some(next) = led_to(&url, response.headers(), response.status()) else {
                return self.answer(request, url, response, presented, place);
            };
            self.check_redirect(request, &url, &next)?;
            url = next;
        }
        Err(astray(request, &request.url, &url, "and on and on"))
    }

    async fn send(&self, request: &Request, url: &Url) -> Result<(hyper::Response<Incoming>, bool), IndexError> {
        self.check(&request.attempted, url)?;
        let mut headers = request.headers.clone();
        let login = self.options.credentials.login_for(url).and_then(super::Login::header);
        let presented = login.is_some();
        if let Some(login) = login {
            headers.insert(AUTHORIZATION, login);
        }
        let sent = self.client.send(request.method.clone(), url, headers, Body::default());
        match timeout(self.options.idle, sent).await {
            Ok(Ok(response)) => Ok((response, presented)),
            Ok(Err(error)) => Err(broken(&request.attempted, url, &error)),
            Err(_) => Err(self.idle(&request.attempted, url)),
        }
    }

    /// Fails when the server of `url` may not be asked.
    fn check(&self, attempted: &str, url: &Url) -> Result<(), IndexError> {
        let (attempted, host) = (attempted.to_owned(), host_and_port(url));
        if self.options.offline {
            return Err(IndexError::Offline { attempted, host });
        }
        let trusted = || self.options.trusted_hosts.iter().any(|trusted| is_host(trusted, url));
        if url.scheme() == "http" && !is_loopback(url) && !trusted() {
            return Err(IndexError::PlainHttp { attempted, url: shown(url), host });
        }
        Ok(())
    }

    fn check_redirect(&self, request: &Request, from: &Url, to: &Url) -> Result<(), IndexError> {
        let reason = match (from.scheme(), to.scheme()) {
            ("https", "http") => "which is plain HTTP",
            (_, "http" | "https") if is_metadata_service(to) => "which is no place for packages",
            (_, "http" | "https") => return Ok(()),
            _ => "which is not HTTP",
        };
        Err(astray(request, from, to, reason))
    }

    fn answer(
        &self,
        request: &Request,
        url: Url,
        response: hyper::Response<Incoming>,
        presented: bool,
        place: OwnedSemaphorePermit,
    ) -> Result<Answer, IndexError> {
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        if head.status.is_success() || matches!(status, 304 | 416) {
            let (attempted, idle) = (Arc::clone(&request.attempted), self.options.idle);
            return Ok(Answer {
                attempted,
                url,
                status: head.status,
                headers: head.headers,
                body,
                idle,
                pace: Pace::new(self.options.least),
                _place: place,
            });
        }
        let (attempted, url) = (request.attempted.to_string(), shown(&url));
        Err(match status {
            401 | 403 => IndexError::Denied { attempted, url, status, presented },
            404 | 410 => IndexError::Missing { attempted, url, status },
            _ => {
                let retry_after = head.headers.get(RETRY_AFTER).and_then(|text| http::retry_after(text.to_str().ok()?));
                IndexError::Status { attempted, url, status, retry_after }
            }
        })
    }

    fn idle(&self, attempted: &str, url: &Url) -> IndexError {
        IndexError::Idle { attempted: attempted.to_owned(), url: shown(url), limit: self.options.idle }
    }
}

impl Answer {
    /// Returns a header's text.
    pub(super) fn header(&self, name: impl reqwest::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the next piece of the body, `None` at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, IndexError> {
        let (attempted, url) = (|| self.attempted.to_string(), || shown(&self.url));
        match timeout(self.idle, http::piece(&mut self.body)).await {
            Ok(Ok(Some(piece))) if self.pace.is_too_slow(piece.len()) => {
                Err(IndexError::Slow { attempted: attempted(), url: url(), least: self.pace.least })
            }
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => {
                let reason = http::interruption(&error);
                Err(IndexError::Interrupted { attempted: attempted(), url: url(), reason })
            }
            Err(_) => Err(IndexError::Idle { attempted: attempted(), url: url(), limit: self.idle }),
        }
    }

    /// Returns the whole body, unpacked, which must not be longer than `limit` bytes.
    pub(super) async fn bytes(&mut self, limit: u64) -> Result<Vec<u8>, IndexError> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece().await? {
            if (bytes.len() + piece.len()) as u64 > limit {
                let (attempted, url) = (self.attempted.to_string(), shown(&self.url));
                return Err(IndexError::TooMuch { attempted, url, limit });
            }
            bytes.extend_from_slice(&piece);
        }
        match self.header(CONTENT_ENCODING).map(str::to_ascii_lowercase).as_deref() {
            Some("gzip" | "x-gzip") => self.unpacked(&bytes, limit),
            _ => Ok(bytes),
        }
    }

    fn unpacked(&self, bytes: &[u8], limit: u64) -> Result<Vec<u8>, IndexError> {
        let (attempted, url) = (self.attempted.to_string(), shown(&self.url));
        let mut unpacked = Vec::new();
        match MultiGzDecoder::new(bytes).take(limit + 1).read_to_end(&mut unpacked) {
            Ok(length) if length as u64 > limit => Err(IndexError::TooMuch { attempted, url, limit }),
            Ok(_) => Ok(unpacked),
            Err(error) => Err(IndexError::Interrupted { attempted, url, reason: format!("it is no gzip: {error}") }),
        }
    }
}

/// Returns where an answer leads to, with the fragment of where it came from.
fn led_to(url: &Url, headers: &HeaderMap, status: StatusCode) -> Option<Url> {
    let leads = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = headers.get(LOCATION).filter(|_| leads)?.to_str().ok()?;
    url.join(location).ok()
}

fn astray(request: &Request, from: &Url, to: &Url, reason: &'static str) -> IndexError {
    IndexError::Redirect { attempted: request.attempted.to_string(), from: shown(from), to: shown(to), reason }
}

/// Returns whether `trusted` is `host` or `host:port` of `url`.
fn is_host(trusted: &str, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let full = format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
    trusted.eq_ignore_ascii_case(host) || trusted.eq_ignore_ascii_case(&full)
}

/// Returns why `error` ended the exchange on `url`.
fn broken(attempted: &str, url: &Url, error: &SendError) -> IndexError {
    let (attempted, host) = (attempted.to_owned(), host_and_port(url));
    if let Some(error) = http::find::<ProxyError>(error) {
        return IndexError::Proxy { attempted, host, error: Box::new(error.clone()) };
    }
    if let Some(error) = http::find::<CertificateError>(error) {
        return IndexError::Certificate { attempted, host, error: Box::new(error.clone()) };
    }
    if error.is_connect() || http::wants_client_certificate(error) {
        let (cause, reason) = http::cause(error);
        return IndexError::Unreachable { attempted, host, cause, reason };
    }
    if url.scheme() == "http" && http::is_no_http(error) {
        return IndexError::Unreachable { attempted, host, cause: Cause::NotPlainHttp, reason: None };
    }
    IndexError::Interrupted { attempted, url: shown(url), reason: http::interruption(error) }
}
