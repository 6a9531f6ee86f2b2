//! One call: a request out, a JSON object or a typed error in.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hyper::body::Incoming;
use hyper::http::response::Parts;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use url::Url;

use super::ControlPlane;
use super::error::ControlPlaneError;
use crate::http::{self, Cause, HttpClient, ProxyError, ProxySettings, SendError};
use crate::secret::Secret;
use crate::tls::{Certificates, Trust};

/// The largest answer that is read, in bytes.
const BODY_LIMIT: usize = 1 << 20;

/// How much of what a server says is shown, in characters.
const SHOWN: usize = 2000;

/// What a web page is called in errors.
pub(super) const HTML: &str = "HTML";

/// A request, to be made as often as needed.
pub(super) struct Call<'a> {
    /// Completes "cannot …".
    pub(super) attempted: String,
    pub(super) method: Method,
    /// Below the server's URL.
    pub(super) path: &'a [&'a str],
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Vec<u8>>,
    /// What must not be shown even if the server repeats it.
    pub(super) secrets: Vec<&'a Secret>,
}

/// A success.
pub(super) struct Answer {
    pub(super) attempted: String,
    pub(super) server: String,
    pub(super) status: u16,
    pub(super) json: Value,
}

/// Takes a URL that a server can have: http or https, without credentials; what follows the path is dropped.
pub(super) fn server(mut url: Url) -> Result<Url, ControlPlaneError> {
    let fail = |url: &Url, reason| Err(ControlPlaneError::Url { url: shown(url), reason });
    if !matches!(url.scheme(), "http" | "https") {
        return fail(&url, "it starts with neither http:// nor https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fail(&url, "credentials do not belong in it");
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// Returns a URL as people write it, and without credentials.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail on URLs that cannot have credentials, which then have none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.as_str().trim_end_matches('/').to_owned()
}

/// Returns the header that presents a token.
pub(super) fn bearer(token: &Secret) -> Result<HeaderValue, ControlPlaneError> {
    let text = token.expose();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(ControlPlaneError::UnusableToken);
    }
    let header = HeaderValue::from_str(&format!("Bearer {text}"));
    let mut header = header.map_err(|_| ControlPlaneError::UnusableToken)?;
    header.set_sensitive(true);
    Ok(header)
}

/// Returns a client that takes these proxies, but none to this machine.
pub(super) fn client(proxies: &ProxySettings) -> Result<HttpClient, ControlPlaneError> {
    let trust = Trust::new(Certificates::default(), Arc::new(|_| {}));
    let trust = trust.map_err(|error| ControlPlaneError::Setup(error.to_string()))?;
    Ok(HttpClient::new(proxies.clone(), trust))
}

/// Makes a call once.
pub(super) async fn once(plane: &ControlPlane, call: &Call<'_>, repeated: bool) -> Result<Answer, ControlPlaneError> {
    let url = with_query(endpoint(&plane.server, call.path), &call.query);
    let mut headers = HeaderMap::new();
    if let Some(token) = &plane.token {
        headers.insert(AUTHORIZATION, bearer(token)?);
    }
    let content = call.body.clone().unwrap_or_default();
    if call.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(content.len()));
    }
    let exchange = Exchange { plane, call, repeated, url };
    let sent = plane.client.send(call.method.clone(), &exchange.url, headers, content.into()).await;
    let (head, mut body) = sent.map_err(|error| exchange.broken(&error))?.into_parts();
    if let Some(date) = http::date(&head.headers) {
        plane.date.store(date, Ordering::Relaxed);
    }
    let body = read(&mut body).await.map_err(|error| exchange.interrupted(&error))?;
    exchange.judge(&head, body)
}

/// Appends to the server's own path, if it has one.
fn endpoint(server: &Url, path: &[&str]) -> Url {
    let mut url = server.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

fn with_query(mut url: Url, query: &[(&str, String)]) -> Url {
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

/// Reads a body, or nothing of one that is too large to be an answer.
async fn read(body: &mut Incoming) -> Result<Option<Vec<u8>>, hyper::Error> {
    let mut bytes = Vec::new();
    while let Some(piece) = http::piece(body).await? {
        if bytes.len() + piece.len() > BODY_LIMIT {
            return Ok(None);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Some(bytes))
}

/// What errors need to know.
struct Exchange<'a> {
    plane: &'a ControlPlane,
    call: &'a Call<'a>,
    repeated: bool,
    url: Url,
}

impl Exchange<'_> {
    fn judge(&self, head: &Parts, body: Option<Vec<u8>>) -> Result<Answer, ControlPlaneError> {
        let (status, headers) = (head.status, &head.headers);
        let Some(body) = body else { return Err(self.not_the_api(status, "more than 1 MiB")) };
        let json = serde_json::from_slice::<Value>(&body).ok().filter(Value::is_object);
        if status.is_redirection() {
            return Err(self.redirected(headers));
        }
        if !status.is_success() {
            return Err(self.refusal(status, headers, &body, json));
        }
        match json {
            Some(json) => Ok(self.answer(status, json)),
            None => Err(self.not_the_api(status, kind(headers, &body))),
        }
    }

    fn answer(&self, status: StatusCode, json: Value) -> Answer {
        Answer { attempted: self.call.attempted.clone(), server: self.server(), status: status.as_u16(), json }
    }

    fn not_the_api(&self, status: StatusCode, found: &str) -> ControlPlaneError {
        self.answer(status, Value::Null).not_the_api(found)
    }

    /// A page that says that something is missing or not allowed comes from some other web server; a gateway in front
    /// of the right one says pages too, but about failures, and whoever guards it about rights.
    fn refusal(&self, status: StatusCode, headers: &HeaderMap, body: &[u8], json: Option<Value>) -> ControlPlaneError {
        let is_page = json.is_none() && kind(headers, body) == HTML;
        if is_page && matches!(status.as_u16(), 400 | 404 | 405) {
            return self.not_the_api(status, HTML);
        }
        let problem = json.unwrap_or_default();
        let text = |field: &str| problem[field].as_str().map(|text| self.clean(text)).filter(|text| !text.is_empty());
        let title = text("title").unwrap_or_else(|| status.canonical_reason().unwrap_or("refused").to_owned());
        ControlPlaneError::Refused {
            attempted: self.call.attempted.clone(),
            server: self.server(),
            status: status.as_u16(),
            title,
            detail: text("detail"),
            retry_after: headers.get(RETRY_AFTER).and_then(|value| http::retry_after(value.to_str().ok()?)),
            repeated: self.repeated,
            with_token: self.plane.token.is_some(),
        }
    }

    fn redirected(&self, headers: &HeaderMap) -> ControlPlaneError {
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let to = self.url.join(location).map(|url| shown(&url)).unwrap_or_default();
        ControlPlaneError::Redirected {
            attempted: self.call.attempted.clone(),
            server: self.server(),
            to: self.clean(&to),
        }
    }

    fn broken(&self, error: &SendError) -> ControlPlaneError {
        let (attempted, server) = (self.call.attempted.clone(), self.server());
        if let Some(error) = http::find::<ProxyError>(error) {
            return ControlPlaneError::Proxy { attempted, server, error: Box::new(error.clone()) };
        }
        if error.is_connect() {
            let (cause, reason) = http::cause(error);
            return ControlPlaneError::Unreachable { attempted, server, cause, reason };
        }
        if self.plane.server.scheme() == "http" && http::is_no_http(error) {
            return ControlPlaneError::Unreachable { attempted, server, cause: Cause::NotPlainHttp, reason: None };
        }
        self.interrupted(error)
    }

    fn interrupted(&self, error: &(dyn Error + 'static)) -> ControlPlaneError {
        let (attempted, server) = (self.call.attempted.clone(), self.server());
        ControlPlaneError::Interrupted { attempted, server, reason: http::interruption(error) }
    }

    fn server(&self) -> String {
        shown(&self.plane.server)
    }

    /// Takes secrets and what moves a terminal's cursor out of a server's words.
    fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.call.secrets.iter().filter(|secret| !secret.expose().is_empty()) {
            text = text.replace(secret.expose(), "…");
        }
        text.chars().filter(|c| !c.is_control() || *c == '\n').take(SHOWN).collect()
    }
}

impl Answer {
    pub(super) fn not_the_api(&self, found: &str) -> ControlPlaneError {
        let (attempted, server) = (self.attempted.clone(), self.server.clone());
        ControlPlaneError::NotTheApi { attempted, server, status: self.status, found: found.to_owned() }
    }
}

/// Names what is no JSON object.
fn kind(headers: &HeaderMap, body: &[u8]) -> &'static str {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let start = body.trim_ascii_start();
    match (media_type.starts_with("text/html"), start.first()) {
        (_, None) => "nothing",
        (true, _) | (_, Some(b'<')) => HTML,
        _ => "something that is no JSON object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_lie_below_the_servers_path() {
        for (server, expected) in [
            ("http://host:8080", "http://host:8080/api/a%20b"),
            ("http://host/", "http://host/api/a%20b"),
            ("https://host/leoflow", "https://host/leoflow/api/a%20b"),
            ("https://host/leoflow/?q=1#f", "https://host/leoflow/api/a%20b"),
        ] {
            let server = super::server(Url::parse(server).expect("a URL")).expect("a server");
            assert_eq!(endpoint(&server, &["api", "a b"]).as_str(), expected);
        }
        for bad in ["ftp://host", "https://user:password@host/", "https://user@host/"] {
            let error = super::server(Url::parse(bad).expect("a URL")).expect_err(bad);
            assert!(!error.to_string().contains("password"), "{error}");
        }
    }
}
