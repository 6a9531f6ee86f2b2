//! One HTTP exchange: no authentication, no redirects, no retries, but never an endless wait.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use hyper::Response;
use hyper::body::Incoming;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::{Body, Method, StatusCode};
use tokio::time::{Instant, timeout};
use url::Url;

use super::body::Cancel;
use super::connection::{broken, interrupted};
use super::error::{RegistryError, shown};
use super::network::{Gate, Tally};
use super::pace::{Limits, Pace, Slow};
use super::payload::Outgoing;
use super::{Event, Options};
use crate::http::{self, HttpClient};
use crate::tls::Trust;

/// What a registry may say to a failed request, in bytes.
const ERROR_BODY_LIMIT: u64 = 64 << 10;

/// HTTP/1.1 to any host. Uploads over HTTP/2 crawl on Quay and on any server with small window updates.
pub(super) struct Transport {
    client: HttpClient,
    pub(super) gate: Gate,
    tally: Tally,
    limits: Limits,
    /// What the last answer was dated, in seconds since the Unix epoch; 0 before one says.
    date: AtomicU64,
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
    body: Incoming,
    limits: Limits,
    pace: Pace,
    /// Once the answer is done with, so is the request.
    _cancel: Cancel,
}

impl Transport {
    pub(super) fn new(options: &Options) -> Result<Self, RegistryError> {
        let observer = Arc::clone(&options.observer);
        let on_exposed = Arc::new(move |path: &Path| observer(Event::KeyExposed { path: path.to_owned() }));
        let trust = Trust::new(options.registries.certificates.clone(), on_exposed)
            .map_err(|error| RegistryError::Setup(error.to_string()))?;
        let client = HttpClient::new(options.proxies.clone(), trust);
        let (gate, limits) = (Gate::new(options.network.clone()), Limits::of(options));
        Ok(Self { client, gate, tally: Tally::default(), limits, date: AtomicU64::default() })
    }

    /// Sends `request` to a registry, or where it redirects to, and waits for the head of the answer.
    pub(super) async fn exchange(&self, request: Request<'_>) -> Result<Answer, RegistryError> {
        self.gate.pass(request.attempted, &request.url)?;
        self.send(request).await
    }

    /// Does the same with a token service, which is asked on behalf of the registry at `root`.
    pub(super) async fn exchange_for(&self, root: &Url, request: Request<'_>) -> Result<Answer, RegistryError> {
        self.gate.pass(request.attempted, root)?;
        self.send(request).await
    }

    /// Returns which hosts were asked, and how often.
    pub(super) fn asked(&self) -> Vec<(String, u64)> {
        self.tally.counts()
    }

    /// Returns what the last answer was dated, in seconds since the Unix epoch.
    pub(super) fn date(&self) -> Option<u64> {
        Some(self.date.load(Ordering::Relaxed)).filter(|date| *date > 0)
    }

    async fn send(&self, request: Request<'_>) -> Result<Answer, RegistryError> {
        let Request { attempted, method, url, mut headers, body } = request;
        if body.length > 0 || matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            // Without it the body would be sent chunked, and an empty POST without a length, which Google answers 411.
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.length));
        }
        self.tally.count(&url);
        let content = if body.length > 0 { body.body } else { Body::default() };
        let response = tokio::select! {
            response = self.client.send(method, &url, headers, content) => response,
            slow = body.progress.stalled() => return Err(slow.error(attempted, shown(&url))),
        };
        match response {
            Ok(response) => {
                http::date(response.headers()).into_iter().for_each(|date| self.date.store(date, Ordering::Relaxed));
                Ok(Answer::new(attempted, url, response, self.limits, body.cancel))
            }
            // When the body's source failed, that is the reason, not the connection that it tore down.
            Err(error) => Err(body.failure.take().unwrap_or_else(|| broken(attempted, &url, &error))),
        }
    }
}

impl Answer {
    fn new(attempted: &str, url: Url, response: Response<Incoming>, limits: Limits, cancel: Cancel) -> Self {
        let (head, body) = response.into_parts();
        let (attempted, status, headers) = (attempted.into(), head.status, head.headers);
        Self { attempted, url, status, headers, body, limits, pace: Pace::new(limits), _cancel: cancel }
    }

    /// Returns a header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the next piece of the body, `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, RegistryError> {
        let asked = Instant::now();
        let slow = match timeout(self.limits.idle, http::piece(&mut self.body)).await {
            Ok(Ok(chunk)) => {
                let bytes = chunk.as_ref().map_or(0, Bytes::len) as u64;
                match self.pace.moved(bytes, asked.elapsed()) {
                    Err(slow) if chunk.is_some() => slow,
                    _ => return Ok(chunk),
                }
            }
            Ok(Err(error)) => return Err(interrupted(&self.attempted, &self.url, &error)),
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
