//! The server behind a proxy.

use std::sync::LazyLock;

use reqwest::{Client, Method, redirect};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::wire::{Answer, Head};

/// A server on loopback, or nobody, or one that takes everything and has nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// `127.0.0.1:port`
    At(String),
    /// Answers like a host that has nothing to do with it.
    Stranger,
    Nowhere,
}

static CLIENT: LazyLock<Client> = LazyLock::new(client);

/// A client that does as it is told and nothing else.
pub(crate) fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Without a pool: connections belong to the runtime that opened them, and a test has one of its own.
    Client::builder().redirect(redirect::Policy::none()).no_proxy().pool_max_idle_per_host(0).build().unwrap()
}

impl Upstream {
    pub(crate) fn nowhere() -> Self {
        Self::Nowhere
    }

    /// Has a request answered.
    pub(crate) async fn ask(&self, head: &Head, body: Vec<u8>, anonymously: bool, over_tls: bool) -> Option<Answer> {
        match self {
            Self::At(address) => ask(address, head, body, anonymously, over_tls).await,
            Self::Stranger => Some(strange(head)),
            Self::Nowhere => None,
        }
    }

    /// Sends the head and a part of the body, and goes away.
    pub(crate) async fn begin_and_leave(&self, head: &Head, part: &[u8]) -> Option<()> {
        let Self::At(address) = self else { return None };
        // A request without a body would have arrived as a whole.
        if part.is_empty() {
            return None;
        }
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(head.text().as_bytes()).await.ok()?;
        stream.write_all(&part[..part.len() - 1]).await.ok()?;
        stream.shutdown().await.ok()
    }
}

async fn ask(address: &str, head: &Head, body: Vec<u8>, anonymously: bool, over_tls: bool) -> Option<Answer> {
    let method = Method::from_bytes(head.method.as_bytes()).ok()?;
    let mut request = CLIENT.request(method, format!("http://{address}{}", head.target));
    for (name, value) in &head.headers {
        if name != "authorization" || !anonymously {
            request = request.header(name, value);
        }
    }
    // As nginx is told to do, so that absolute Locations are right.
    if over_tls {
        request = request.header("x-forwarded-proto", "https");
    }
    let response = request.body(body).send().await.ok()?;
    let mut answer = Answer::new(response.status().as_u16());
    for (name, value) in response.headers() {
        if !matches!(name.as_str(), "transfer-encoding" | "connection") {
            answer = answer.with(name.as_str(), value.to_str().unwrap_or_default());
        }
    }
    answer.body = response.bytes().await.ok()?.to_vec();
    if head.method != "HEAD" && answer.status != 204 {
        answer.tell_length();
    }
    Some(answer)
}

/// A host that takes what it is sent, and has a page for whoever asks.
fn strange(head: &Head) -> Answer {
    match head.method.as_str() {
        _ if head.path().contains("/manifests/") || head.path().contains("/api/") => Answer::new(404).body("no"),
        "PUT" | "POST" | "PATCH" => Answer::new(201).body(""),
        _ if head.path() == "/token" => Answer::new(200).body("{\"token\":\"of-a-stranger\"}"),
        _ => Answer::new(200).with("Content-Type", "text/html").body("<html><title>Elsewhere</title></html>"),
    }
}
