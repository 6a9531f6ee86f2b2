//! A server that writes down what it is asked, answers some of it itself and passes the rest on.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use futures_util::StreamExt;
use tokio::runtime::Runtime;

/// One request, as it was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    /// Path and query.
    pub path: String,
    /// How often this method and path were asked before.
    pub before: usize,
    /// The body's length in bytes.
    pub body: u64,
    /// Whom it was from.
    pub authorization: Option<String>,
}

/// What the proxy says itself: status, headers, body.
pub type Answer = (u16, Vec<(&'static str, String)>, String);

type Rule = dyn Fn(&Seen) -> Option<Answer> + Send + Sync;

/// A running proxy; it stops with this value.
pub struct Proxy {
    pub address: String,
    log: Arc<Mutex<Vec<Seen>>>,
    _runtime: Runtime,
}

#[derive(Clone)]
struct Shared {
    target: String,
    client: reqwest::Client,
    rule: Arc<Rule>,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl Proxy {
    /// Passes everything on to `target` (`127.0.0.1:port`).
    pub fn to(target: &str) -> Self {
        Self::with_rule(target, |_| None)
    }

    /// Answers what `rule` answers, and passes the rest on to `target`.
    pub fn with_rule(target: &str, rule: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let log = Arc::<Mutex<Vec<Seen>>>::default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let target = target.trim_start_matches("http://").to_owned();
        let shared = Shared { target, client, rule: Arc::new(rule), log: Arc::clone(&log) };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        runtime.spawn(async move { axum::serve(listener, Router::new().fallback(handle).with_state(shared)).await });
        Self { address, log, _runtime: runtime }
    }

    /// The proxy as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns what was asked since the last call.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

async fn handle(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let method = request.method().to_string();
    let path = request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let authorization = authorization.map(str::to_owned);
    let index = {
        let mut log = shared.log.lock().unwrap();
        let before = log.iter().filter(|seen| seen.method == method && seen.path == path).count();
        log.push(Seen { method, path, before, body: 0, authorization });
        log.len() - 1
    };
    let seen = shared.log.lock().unwrap()[index].clone();
    match (shared.rule)(&seen) {
        Some((status, headers, body)) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
        None => pass_on(shared, request, index).await,
    }
}

async fn pass_on(shared: Shared, request: Request, index: usize) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let url = format!("http://{}{}", shared.target, parts.uri);
    let log = Arc::clone(&shared.log);
    let counted = body.into_data_stream().inspect(move |chunk| {
        if let (Ok(chunk), Some(seen)) = (chunk, log.lock().unwrap().get_mut(index)) {
            seen.body += chunk.len() as u64;
        }
    });
    let mut onward = shared.client.request(parts.method, url);
    for (name, value) in &parts.headers {
        onward = onward.header(name, value);
    }
    if parts.headers.contains_key("content-length") || parts.headers.contains_key("transfer-encoding") {
        onward = onward.body(reqwest::Body::wrap_stream(counted));
    }
    match onward.send().await {
        Ok(answer) => {
            let mut response = Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                response = response.header(name, value);
            }
            response.body(Body::from_stream(answer.bytes_stream())).unwrap()
        }
        Err(error) => {
            let response = Response::builder().status(StatusCode::BAD_GATEWAY);
            response.body(Body::from(error.to_string())).unwrap()
        }
    }
}
