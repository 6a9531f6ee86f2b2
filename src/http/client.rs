//! Requests over kept connections. It follows no redirect and repeats nothing; HTTP/1.1 only.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Body, Method};
use url::Url;

use super::connect::Connector;
use super::proxy::{Proxy, ProxyError, ProxyFault, ProxySettings};
use crate::tls::Trust;

/// How long a connection is kept that nobody needs: shorter than what servers and balancers before them keep it for.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// How many such connections are kept to a host.
const POOL_SIZE: usize = 16;

/// A client whose connections go past or through proxies, each host spoken to with its own certificates.
#[derive(Clone)]
pub(crate) struct HttpClient {
    inner: Client<Connector, Body>,
    proxies: Arc<ProxySettings>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// The URL is none that HTTP knows.
    #[error("{0}")]
    Request(#[from] hyper::http::Error),
    /// No connection, or it broke.
    #[error("{0}")]
    Exchange(#[from] legacy::Error),
    /// A proxy that reads the requests does not pass them on.
    #[error("{0}")]
    Proxy(#[from] ProxyError),
}

impl SendError {
    /// Returns whether no connection came about.
    pub(crate) fn is_connect(&self) -> bool {
        matches!(self, Self::Exchange(error) if error.is_connect())
    }
}

impl HttpClient {
    pub(crate) fn new(proxies: ProxySettings, trust: Trust) -> Self {
        let proxies = Arc::new(proxies);
        let connector = Connector::new(Arc::clone(&proxies), Arc::new(trust));
        let inner = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_SIZE)
            .build(connector);
        Self { inner, proxies }
    }

    /// Sends a request and waits for the head of its answer. How long the body is stands in `headers`.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Body,
    ) -> Result<Response<Incoming>, SendError> {
        let reader = self.reader(url)?;
        let mut request = Request::builder().method(method).uri(url.as_str()).body(body)?;
        *request.headers_mut() = with_ours(headers, reader);
        let response = self.inner.request(request).await?;
        match reader.filter(|_| response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED) {
            Some(proxy) => {
                let presented = proxy.authorization.is_some();
                Err(proxy.error(ProxyFault::Credentials { presented }).into())
            }
            None => Ok(response),
        }
    }

    /// Returns the proxy that reads requests to `url`, which nothing encrypts.
    fn reader(&self, url: &Url) -> Result<Option<&Proxy>, ProxyError> {
        if url.scheme() == "http" { self.proxies.proxy_for(url) } else { Ok(None) }
    }
}

fn with_ours(mut headers: HeaderMap, reader: Option<&Proxy>) -> HeaderMap {
    headers.insert(header::USER_AGENT, HeaderValue::from_static(super::USER_AGENT));
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    if let Some(authorization) = reader.and_then(|proxy| proxy.authorization.clone()) {
        headers.insert(header::PROXY_AUTHORIZATION, authorization);
    }
    headers
}
