//! One HTTP exchange: no authentication, no redirects, no retries, but never an endless wait.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use tokio::time::{Instant, timeout};
use url::Url;

use super::connection::broken;
use super::error::{RegistryError, shown};
use super::origin;
use super::body::Cancel;
use super::pace::{Limits, Pace, Slow};
use super::payload::Outgoing;
use crate::tls;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// What a registry may say to a failed request, in bytes.
const ERROR_BODY_LIMIT: u64 = 64 << 10;

/// HTTP/1.1 clients. Uploads over HTTP/2 crawl on Quay and on any server with small window updates.
pub(super) struct Transport {
    /// For loopback, which no proxy may see.
    direct: reqwest::Client,
    /// For everything else, by the system's proxy settings.
    proxied: reqwest::Client,
    limits: Limits,
}

/// A request as it goes on the wire.
pub(super) struct Request<'a> {
    pub(super) attempted: &'a str,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Outgoing,
}

/// An answer whose body has not been read.
pub(super) struct Answer {
    pub(super) attempted: Arc<str>,
    pub(super) url: Url,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    response: reqwest::Response,
    limits: Limits,
    pace: Pace,
    /// Once the answer is done with, so is the request.
    _cancel: Cancel,
}

impl Transport {
    pub(super) fn new(limits: Limits) -> Result<Self, RegistryError> {
        let tls = tls::client_config().map_err(|error| RegistryError::Setup(error.to_string()))?;
        let direct = builder(tls.clone()).no_proxy().build();
        let proxied = builder(tls).build();
        let setup = |error: reqwest::Error| RegistryError::Setup(error.to_string());
        Ok(Self { direct: direct.map_err(setup)?, proxied: proxied.map_err(setup)?, limits })
    }

    /// Sends `request` and waits for the head of the answer.
    pub(super) async fn exchange(&self, request: Request<'_>) -> Result<Answer, RegistryError> {
        let Request { attempted, method, url, mut headers, body } = request;
        let client = if origin::is_loopback(&url) { &self.direct } else { &self.proxied };
        if body.length > 0 || matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            // Without it the body would be sent chunked, and an empty POST without a length, which Google answers 411.
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.length));
        }
        let mut builder = client.request(method, url.clone()).headers(headers);
        if body.length > 0 {
            builder = builder.body(body.body);
        }
        let response = tokio::select! {
            response = builder.send() => response,
            slow = body.progress.stalled() => return Err(slow.error(attempted, shown(&url))),
        };
        match response {
            Ok(response) => Ok(Answer::new(attempted, url, response, self.limits, body.cancel)),
            // When the body's source failed, that is the reason, not the connection that it tore down.
            Err(error) => Err(body.failure.take().unwrap_or_else(|| broken(attempted, &url, &error))),
        }
    }
}

fn builder(tls: rustls::ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("leoflow/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
}

impl Answer {
    fn new(attempted: &str, url: Url, mut response: reqwest::Response, limits: Limits, cancel: Cancel) -> Self {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let (attempted, pace) = (attempted.into(), Pace::new(limits));
        Self { attempted, url, status, headers, response, limits, pace, _cancel: cancel }
    }

    /// Returns a header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the next piece of the body, `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, RegistryError> {
        let asked = Instant::now();
        let slow = match timeout(self.limits.idle, self.response.chunk()).await {
            Ok(Ok(chunk)) => {
                let bytes = chunk.as_ref().map_or(0, Bytes::len) as u64;
                match self.pace.moved(bytes, asked.elapsed()) {
                    Err(slow) if chunk.is_some() => slow,
                    _ => return Ok(chunk),
                }
            }
            Ok(Err(error)) => return Err(broken(&self.attempted, &self.url, &error)),
            Err(_) => Slow::Idle(self.limits.idle),
        };
        Err(slow.error(&self.attempted, shown(&self.url)))
    }

    /// Returns the whole body, which must not be longer than `limit` bytes.
    pub(super) async fn bytes(&mut self, limit: u64) -> Result<Vec<u8>, RegistryError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if (bytes.len() + chunk.len()) as u64 > limit {
                let (attempted, url) = (self.attempted.to_string(), shown(&self.url));
                return Err(RegistryError::TooMuch { attempted, url, limit });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// Returns what the registry says went wrong; reading it also lets the connection be used again.
    pub(super) async fn error_body(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Ok(Some(chunk)) = self.chunk().await {
            let room = (ERROR_BODY_LIMIT as usize).saturating_sub(bytes.len());
            if room == 0 {
                break;
            }
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        bytes
    }
}
