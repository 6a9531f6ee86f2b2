//! HTTP/1.1 as bytes: requests read, answers written exactly as they are told to be, also wrongly.

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};

use super::connection::Connection;
use super::schedule::Class;

/// The head of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
}

/// An answer on its way to the client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// A line among the headers that is none.
    pub(crate) line: Option<&'static str>,
    pub(crate) body: Vec<u8>,
    /// What precedes it.
    pub(crate) prelude: &'static str,
}

impl Head {
    /// Reads the head of the next request; `None` at the end of the connection.
    pub(crate) async fn read(stream: &mut Connection) -> Option<Self> {
        let first = line(stream).await?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut head = Self { method, target, headers: Vec::new() };
        loop {
            let text = line(stream).await?;
            let Some((name, value)) = text.split_once(':') else { return Some(head) };
            head.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The length of the body, in bytes.
    pub(crate) fn length(&self) -> usize {
        self.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// All of it as text, to look for what should not be in it.
    pub(crate) fn text(&self) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{} {} HTTP/1.1\r\n{headers}\r\n", self.method, self.target)
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub(crate) fn class(&self) -> Class {
        let path = self.path();
        match self.method.as_str() {
            _ if path == "/token" => Class::Token,
            "HEAD" if path.contains("/manifests/") => Class::Tag,
            "GET" if path.contains("/manifests/") => Class::Manifest,
            "PUT" if path.contains("/manifests/") => Class::Publish,
            "POST" if path.ends_with("/versions") => Class::Register,
            "POST" if path.ends_with("/dagRuns") => Class::Trigger,
            "POST" if self.target.contains("mount=") => Class::Mount,
            "POST" if path.contains("/blobs/uploads") => Class::Begin,
            "PATCH" => Class::Chunk,
            "PUT" => Class::Commit,
            "HEAD" if !path.contains("/uploads/") => Class::Question,
            "GET" if path.contains("/blobs/") && !path.contains("/uploads/") => Class::Blob,
            _ => Class::Other,
        }
    }
}

async fn line(stream: &mut Connection) -> Option<String> {
    let mut line = Vec::new();
    match stream.read_until(b'\n', &mut line).await {
        Ok(count) if count > 0 => Some(String::from_utf8_lossy(&line).trim_end().to_owned()),
        _ => None,
    }
}

/// Reads so many bytes of a body, `None` when there are fewer.
pub(crate) async fn body(stream: &mut Connection, length: usize) -> Option<Vec<u8>> {
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

impl Answer {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.tell_length();
        self
    }

    /// Makes the header say how long the body is.
    pub(crate) fn tell_length(&mut self) {
        self.set("Content-Length", &self.body.len().to_string());
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    /// The bytes as they go out.
    pub(crate) fn bytes(&self, without_body: bool) -> Vec<u8> {
        let mut text = format!("{}HTTP/1.1 {} Chaos\r\n", self.prelude, self.status);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(line) = self.line {
            text.push_str(&format!("{line}\r\n"));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        if !without_body {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}
