//! One question to a cloud: bounded in time and bytes, no redirects, and nothing of what was sent in an error.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

use super::Trouble;
use crate::credentials::ambient::{Ambient, Patience};
use crate::http::{self, HttpClient, ProxySettings, SendError, is_loopback};
use crate::secret::Presented;
use crate::tls::{Certificates, Trust};

/// The largest answer, in bytes.
const ANSWER: usize = 1 << 20;

/// The longest message of a service that is shown, in characters.
const MESSAGE: usize = 300;

const ATTEMPTS: u32 = 3;

/// Asks clouds for tokens.
pub(super) struct Exchange {
    /// For what is near: no proxy sees it.
    near: HttpClient,
    /// For everything else, by the user's proxy settings.
    far: HttpClient,
    patience: Patience,
}

/// A question.
pub(super) struct Question {
    attempted: String,
    method: Method,
    url: Url,
    headers: Vec<(HeaderName, String)>,
    body: String,
    near: bool,
    secrets: Presented,
}

/// An answer that is a success.
pub(super) struct Answer {
    attempted: String,
    pub(super) body: Vec<u8>,
    headers: HeaderMap,
}

/// Why there is none.
enum Failure {
    /// It may pass by itself.
    Passing(Trouble),
    Final(Trouble),
}

impl Question {
    /// A `GET`; `attempted` completes "cannot …".
    pub(super) fn get(attempted: impl Into<String>, url: Url) -> Self {
        let (headers, secrets) = (Vec::new(), Presented::default());
        let near = is_near(&url);
        Self { attempted: attempted.into(), method: Method::GET, url, headers, body: String::new(), near, secrets }
    }

    /// A `POST` of an HTML form.
    pub(super) fn form(attempted: impl Into<String>, url: Url, fields: &[(&str, &str)]) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::post(attempted, url, form).header("content-type", "application/x-www-form-urlencoded".to_owned())
    }

    /// A `POST` of anything.
    pub(super) fn post(attempted: impl Into<String>, url: Url, body: String) -> Self {
        Self { method: Method::POST, body, ..Self::get(attempted, url) }
    }

    /// A `PUT` without content.
    pub(super) fn put(attempted: impl Into<String>, url: Url) -> Self {
        Self { method: Method::PUT, ..Self::get(attempted, url) }
    }

    /// `name` is lowercase.
    pub(super) fn header(self, name: &'static str, value: String) -> Self {
        self.named_header(HeaderName::from_static(name), &value)
    }

    pub(super) fn named_header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Says that a metadata service is asked, wherever it is: it is here or it is not, and no proxy leads to it.
    pub(super) fn near(self) -> Self {
        Self { near: true, ..self }
    }

    /// Marks what it holds and no error may.
    pub(super) fn secret(self, text: &str) -> Self {
        self.secrets.add(text);
        self
    }

    fn trouble(&self, reason: impl Into<String>) -> Trouble {
        Trouble::new(&self.attempted, reason)
    }
}

impl Answer {
    /// Reads the answer as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        serde_json::from_slice(&self.body).map_err(|_| self.not_understood())
    }

    pub(super) fn not_understood(&self) -> Trouble {
        Trouble::new(&self.attempted, "the answer is not understood: something else answers there")
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).trim().to_owned()
    }
}

impl Exchange {
    pub(super) fn new(ambient: &Ambient) -> Result<Self, Trouble> {
        let client = |proxies: ProxySettings| {
            let trust = Trust::new(Certificates::default(), Arc::new(|_| {}));
            let trust = trust.map_err(|error| Trouble::new("set up TLS", error.to_string()))?;
            Ok(HttpClient::new(proxies, trust))
        };
        let (near, far) = (client(ProxySettings::default())?, client(ambient.proxies.clone())?);
        Ok(Self { near, far, patience: ambient.patience })
    }

    /// Asks, and asks again when what went wrong may pass by itself.
    pub(super) async fn ask(&self, question: &Question) -> Result<Answer, Trouble> {
        let (client, limit) = match question.near {
            true => (&self.near, self.patience.metadata),
            false => (&self.far, self.patience.service),
        };
        self.repeat(question, client, limit).await
    }

    /// Asks somebody who may not be there: `None` when nobody answers.
    pub(super) async fn ask_whether(&self, question: &Question) -> Result<Option<Answer>, Trouble> {
        if !self.is_there(&question.url).await {
            return Ok(None);
        }
        match self.ask(question).await {
            Err(trouble) if trouble.nobody => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Knocks: outside of a cloud, packets to a metadata service most often vanish.
    async fn is_there(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let connecting = TcpStream::connect((host, url.port_or_known_default().unwrap_or(80)));
        timeout(self.patience.metadata_connect, connecting).await.is_ok_and(|connected| connected.is_ok())
    }

    async fn repeat(&self, question: &Question, client: &HttpClient, limit: Duration) -> Result<Answer, Trouble> {
        let mut failures = 0;
        loop {
            match self.once(question, client, limit).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(trouble)) => return Err(trouble),
                Err(Failure::Passing(trouble)) => {
                    failures += 1;
                    if failures >= ATTEMPTS {
                        return Err(trouble);
                    }
                    tokio::time::sleep(http::pause(self.patience.pause, failures, limit)).await;
                }
            }
        }
    }

    async fn once(&self, question: &Question, client: &HttpClient, limit: Duration) -> Result<Answer, Failure> {
        let (status, headers, body) = match timeout(limit, converse(question, client)).await {
            Ok(conversation) => conversation?,
            Err(_) => {
                let reason = format!("no answer within {} s", limit.as_secs_f32());
                return Err(Failure::Final(question.trouble(reason)));
            }
        };
        if status.is_success() {
            return Ok(Answer { attempted: question.attempted.clone(), body, headers });
        }
        let reason = match message(&body) {
            Some(message) => format!("HTTP {}, {}", status.as_u16(), shown(&message, &question.secrets)),
            None => format!("HTTP {}", status.as_u16()),
        };
        let trouble = Trouble { status: Some(status.as_u16()), ..question.trouble(reason) };
        Err(match status.as_u16() {
            408 | 429 | 500 | 502 | 503 | 504 => Failure::Passing(trouble),
            _ => Failure::Final(trouble),
        })
    }
}

async fn converse(
    question: &Question,
    client: &HttpClient,
) -> Result<(StatusCode, HeaderMap, Vec<u8>), Failure> {
    let (url, content) = (&question.url, question.body.clone());
    let sent = client.send(question.method.clone(), url, headers(question).map_err(Failure::Final)?, content.into());
    let (head, mut answer) = sent.await.map_err(|error| broken(question, &error))?.into_parts();
    let mut body = Vec::new();
    let interrupted = |error: hyper::Error| Failure::Passing(question.trouble(http::interruption(&error)));
    while let Some(chunk) = http::piece(&mut answer).await.map_err(interrupted)? {
        if body.len() + chunk.len() > ANSWER {
            return Err(Failure::Final(question.trouble("the answer is larger than 1 MiB")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((head.status, head.headers, body))
}

fn headers(question: &Question) -> Result<HeaderMap, Trouble> {
    let mut headers = HeaderMap::new();
    if question.method != Method::GET {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(question.body.len()));
    }
    for (name, value) in &question.headers {
        let value = HeaderValue::from_str(value)
            .map_err(|_| question.trouble(format!("the value of `{name}` holds characters that no header may")))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn broken(question: &Question, error: &SendError) -> Failure {
    if let Some(error) = http::find::<http::ProxyError>(error) {
        return Failure::Final(question.trouble(error.to_string()));
    }
    if !error.is_connect() {
        return Failure::Passing(question.trouble(http::interruption(error)));
    }
    let (cause, more) = http::cause(error);
    let more = more.map(|more| format!(" ({more})")).unwrap_or_default();
    let trouble = Trouble { nobody: true, ..question.trouble(format!("{cause}{more}")) };
    // Nobody there is nobody there; a name server or network may have a bad moment on the way to a public service.
    if cause.is_transient() && !question.near { Failure::Passing(trouble) } else { Failure::Final(trouble) }
}

/// Returns what a service says went wrong: OAuth2's, Amazon's, Google's and Azure's forms, and STS's XML.
fn message(body: &[u8]) -> Option<String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        let text = String::from_utf8_lossy(body);
        return Some(format!("{}: {}", between(&text, "Code")?, between(&text, "Message").unwrap_or_default()));
    };
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(&body);
    let error = body.get("errors").and_then(|errors| errors.get(0)).unwrap_or(error);
    let text = |keys: &[&str]| {
        keys.iter().filter_map(|key| error.get(key).and_then(Value::as_str)).find(|text| !text.is_empty())
    };
    let (code, words) =
        (text(&["error", "__type", "code", "status", "Code"]), text(&["error_description", "message", "Message"]));
    match (code, words) {
        (Some(code), Some(words)) => Some(format!("{code}: {words}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

/// Returns what stands in the first XML element of this name.
pub(super) fn between<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    Some(rest.split_once(&format!("</{tag}>"))?.0.trim())
}

fn shown(message: &str, secrets: &Presented) -> String {
    let line: String = message.chars().filter(|c| !c.is_control()).collect();
    secrets.clean(&line).chars().take(MESSAGE).collect()
}

/// Returns whether `url` stays on this machine or its link.
fn is_near(url: &Url) -> bool {
    is_loopback(url) || matches!(url.host(), Some(Host::Ipv4(address)) if address.is_link_local())
}

/// Takes the URL of a token service: https, or this machine, without a user name. `whence` names who says so.
pub(super) fn service_url(text: &str, whence: &str) -> Result<Url, Trouble> {
    let fail = |reason: &str| Trouble::new(format!("use {whence}"), reason);
    let url = Url::parse(text).map_err(|error| fail(&format!("it is not a URL: {error}")))?;
    match url.scheme() {
        _ if !url.username().is_empty() || url.password().is_some() => Err(fail("it holds a user name")),
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(fail("it is not https")),
    }
}

/// Takes the URL of a metadata service, which plain HTTP may speak to.
pub(super) fn metadata_url(text: &str, whence: &str) -> Result<Url, Trouble> {
    let fail = |reason: String| Trouble::new(format!("use {whence}"), reason);
    let url = Url::parse(text).map_err(|error| fail(format!("it is not a URL: {error}")))?;
    let fine = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    if fine { Ok(url) } else { Err(fail("it is not an http URL".to_owned())) }
}
