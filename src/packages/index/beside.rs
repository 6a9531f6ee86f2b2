//! What a wheel says of itself: from beside it (PEP 658), from its parts, or from the whole of it.

use std::sync::Arc;

use url::Url;

use super::error::shown;
use super::metadata::{self, unreadable};
use super::transport::Request;
use super::{DistributionFile, IndexError, IndexEvent, Location, Metadata, Shared};
use crate::cache::AnswerHead;
use crate::layers::{Blob, Digest};
use crate::packages::lock::LockedWheel;
use crate::packages::wheel::{self, ReadAt};

/// The largest metadata that is read, in bytes.
const METADATA_LIMIT: u64 = 16 << 20;

impl Shared {
    pub(super) async fn metadata_of(&self, file: &DistributionFile) -> Result<Arc<Metadata>, IndexError> {
        let metadata = metadata::parse(file, &self.metadata_text(file).await?)?;
        (self.options.observer)(IndexEvent::Metadata { file: file.filename.clone() });
        Ok(Arc::new(metadata))
    }

    /// Returns the metadata of a locked wheel; where its place does not give it, the wheel itself does.
    pub(super) async fn wheel_metadata(&self, wheel: &LockedWheel) -> Result<Arc<Metadata>, IndexError> {
        let file = DistributionFile::of_wheel(&wheel.name, wheel.location.clone(), Some(wheel.sha256));
        let text = match &wheel.location {
            Location::Url(url) if let Some(kept) = self.options.cache.answer(&asked(&file, url)) => kept.body,
            Location::Url(_) if self.forbids().is_some() || self.options.cache.may_have_wheel(wheel.sha256) => {
                self.text_in(&file, self.wheel(wheel).await?).await?
            }
            _ => match self.metadata_text(&file).await {
                Err(error) if error.is_gone() => self.text_in(&file, self.wheel(wheel).await?).await?,
                text => text?,
            },
        };
        Ok(Arc::new(metadata::parse(&file, &text)?))
    }

    async fn metadata_text(&self, file: &DistributionFile) -> Result<Vec<u8>, IndexError> {
        let Location::Url(url) = &file.location else { return self.text_of_whole(file).await };
        let (asked, cache) = (asked(file, url), &self.options.cache);
        if let Some(kept) = cache.answer(&asked) {
            return Ok(kept.body);
        }
        let text = self.remote(file, url).await?;
        cache.keep_answer(&asked, &head(), &text);
        Ok(text)
    }

    async fn remote(&self, file: &DistributionFile, url: &Url) -> Result<Vec<u8>, IndexError> {
        if let Some(sha256) = file.metadata {
            match self.beside(file, url, sha256).await {
                // Some mirrors pass on the pages that promise it, and not the metadata.
                Err(error) if error.is_missing() => {}
                done => return done,
            }
        }
        match self.text_of_parts(&file.filename, url).await? {
            Some(text) => text.map_err(|reason| unreadable(file, reason)),
            None => self.text_of_whole(file).await,
        }
    }

    async fn beside(&self, file: &DistributionFile, url: &Url, sha256: Option<Digest>) -> Result<Vec<u8>, IndexError> {
        let mut url = url.clone();
        url.set_path(&format!("{}.metadata", url.path()));
        let request = Request::get(format!("read the metadata of `{}`", file.filename), &url);
        let (_, text) = self.fetch(&request, METADATA_LIMIT).await?;
        let found = Digest::of(&text);
        match sha256.filter(|expected| *expected != found) {
            None => Ok(text),
            Some(expected) => {
                let (file, place) = (format!("{}.metadata", file.filename), shown(&url));
                Err(IndexError::WrongDigest { file, place, expected, found })
            }
        }
    }

    async fn text_of_whole(&self, file: &DistributionFile) -> Result<Vec<u8>, IndexError> {
        let blob = self.whole(file).await?;
        self.text_in(file, blob).await
    }

    async fn text_in(&self, file: &DistributionFile, blob: Blob) -> Result<Vec<u8>, IndexError> {
        let name = file.filename.clone();
        let read = tokio::task::spawn_blocking(move || inside(&name, &blob)).await;
        read.unwrap_or_else(|error| Err(error.to_string())).map_err(|reason| unreadable(file, reason))
    }
}

/// Returns what metadata is kept by: the bytes of its wheel, where they are known.
fn asked(file: &DistributionFile, url: &Url) -> String {
    let of = file.sha256.map_or_else(|| url.to_string(), |sha256| sha256.to_string());
    format!("metadata of {of} {}", file.filename)
}

fn head() -> AnswerHead {
    AnswerHead { status: 200, content_type: String::new(), etag: None, fresh_for: u64::MAX }
}

/// Reads the metadata that is in the wheel `file`.
pub(super) fn inside(file: &str, wheel: &impl ReadAt) -> Result<Vec<u8>, String> {
    wheel::metadata(wheel, file).map_err(|error| error.reason())
}
