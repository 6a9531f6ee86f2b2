//! One answer of a server into a sink: the rest of a file, or all of it.

use std::io;

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue, IF_RANGE, RANGE,
};
use reqwest::{Method, StatusCode};
use url::Url;

use super::error::shown;
use super::sink::Sink;
use super::transport::{Answer, Request};
use super::{DistributionFile, IndexError, IndexEvent, Location, Shared};
use crate::http::ContentRange;

/// A file that is wanted, and what is known of it.
pub(super) struct Wanted<'a> {
    pub(super) file: &'a str,
    pub(super) url: &'a Url,
    pub(super) sha256: Option<crate::layers::Digest>,
    pub(super) size: Option<u64>,
}

/// Why no more was written.
pub(super) enum Stopped {
    /// The other side.
    Failed(Box<IndexError>),
    /// This one.
    Disk(io::Error),
}

impl From<IndexError> for Stopped {
    fn from(error: IndexError) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// What a server says of a file without sending it.
pub(super) struct Head {
    pub(super) etag: Option<String>,
    pub(super) size: Option<u64>,
}

impl Shared {
    /// Asks for what is missing and writes it down; `etag` is what was said of the file, so that no two are mixed.
    pub(super) async fn pour(
        &self,
        wanted: &Wanted<'_>,
        sink: &mut Sink,
        etag: &mut Option<String>,
    ) -> Result<(), Stopped> {
        // An earlier run may have stopped between the last byte and the comparison.
        if wanted.size == Some(sink.written) || sink.inherited && wanted.sha256 == Some(sink.digest()) {
            return Ok(());
        }
        let mut answer = self.transport.ask(&request(wanted, sink.written, etag.as_deref())).await?;
        if !goes_on(&answer, sink.written, wanted.size) && sink.written > 0 {
            sink.restart()?;
            // A part that was not asked for is of no use: all of it is.
            if answer.status != StatusCode::OK {
                answer = self.transport.ask(&request(wanted, 0, None)).await?;
            }
        }
        check_kind(wanted, &answer)?;
        *etag = answer.header(ETAG).map(str::to_owned);
        while let Some(piece) = answer.piece().await? {
            sink.write(&piece)?;
            let (file, bytes) = (wanted.file.to_owned(), piece.len() as u64);
            (self.options.observer)(IndexEvent::Received { file, bytes });
            check_size(wanted, sink.written)?;
        }
        Ok(())
    }

    pub(super) async fn size(&self, file: &DistributionFile) -> Result<Option<u64>, IndexError> {
        match &file.location {
            _ if file.size.is_some() => Ok(file.size),
            Location::Path(path) => Ok(path.metadata().ok().map(|metadata| metadata.len())),
            Location::Url(url) => Ok(self.head(&file.filename, url).await?.size),
        }
    }

    /// Asks what a server says of a file; one that does not like to be asked says nothing.
    pub(super) async fn head(&self, file: &str, url: &Url) -> Result<Head, IndexError> {
        let mut request = Request::get(format!("ask for the length of `{file}`"), url);
        request.method = Method::HEAD;
        match self.fetch(&request, 0).await {
            Ok((answer, _)) => Ok(Head {
                etag: answer.header(ETAG).map(str::to_owned),
                size: answer.header(CONTENT_LENGTH).and_then(|text| text.parse().ok()),
            }),
            Err(IndexError::Status { status: 400..=499 | 501, .. }) => Ok(Head { etag: None, size: None }),
            Err(error) => Err(error),
        }
    }
}

/// Asks for what comes after `from`; where nothing would tell whether that is of the same file, for all of it.
fn request(wanted: &Wanted<'_>, from: u64, etag: Option<&str>) -> Request {
    let mut request = Request::get(format!("download `{}`", wanted.file), wanted.url);
    // What is hashed is what is stored.
    request.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    // A weak one may stand for other bytes (RFC 9110 section 13.1.5).
    let strong = etag.filter(|etag| !etag.starts_with("W/")).and_then(|etag| HeaderValue::from_str(etag).ok());
    if from > 0 && (strong.is_some() || wanted.sha256.is_some()) {
        request.headers.extend(HeaderValue::from_str(&format!("bytes={from}-")).ok().map(|range| (RANGE, range)));
        request.headers.extend(strong.map(|etag| (IF_RANGE, etag)));
    }
    request
}

/// Returns whether an answer begins where we stopped, in a file of the same length.
fn goes_on(answer: &Answer, written: u64, size: Option<u64>) -> bool {
    let range = answer.header(CONTENT_RANGE).and_then(ContentRange::parse);
    let fits = |range: ContentRange| {
        range.start == written && range.total.is_none_or(|total| size.is_none_or(|size| size == total))
    };
    answer.status == StatusCode::PARTIAL_CONTENT && range.is_some_and(fits)
}

/// A page in a wheel's place is one to log in on.
fn check_kind(wanted: &Wanted<'_>, answer: &Answer) -> Result<(), IndexError> {
    let is_page = answer.header(CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
    if !is_page {
        return Ok(());
    }
    Err(IndexError::LoginPage { attempted: format!("download `{}`", wanted.file), url: shown(&answer.url) })
}

/// Stops a server that never does.
fn check_size(wanted: &Wanted<'_>, found: u64) -> Result<(), IndexError> {
    match wanted.size {
        Some(expected) if found > expected => {
            let (file, place) = (wanted.file.to_owned(), shown(wanted.url));
            Err(IndexError::WrongSize { file, place, expected, found })
        }
        _ => Ok(()),
    }
}
