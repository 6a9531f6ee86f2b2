//! A file's place in, its bytes out: verified, and gone on with where a connection, or the program, broke off.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::pour::{Stopped, Wanted};
use super::retry::Retry;
use super::sink::{Sink, digest_of};
use super::{DistributionFile, IndexError, IndexEvent, Location, Shared};
use crate::cache::Claim;
use crate::layers::{Blob, Digest};
use crate::packages::lock::LockedWheel;

/// How often it is looked whether another process has finished, or is gone.
const POLL: Duration = Duration::from_millis(100);

/// Bytes that must have arrived since the last failure for the next one to count as the first again.
const HEADWAY: u64 = 64 << 10;

/// What was kept has the right bytes; whoever said another size of them is wrong.
fn sized(wanted: &Wanted<'_>, blob: Blob) -> Result<Blob, IndexError> {
    match wanted.size {
        Some(expected) if expected != blob.size() => {
            let (file, place, found) = (wanted.file.to_owned(), super::error::shown(wanted.url), blob.size());
            Err(IndexError::WrongSize { file, place, expected, found })
        }
        _ => Ok(blob),
    }
}

impl Shared {
    pub(super) async fn wheel(&self, wheel: &LockedWheel) -> Result<Blob, IndexError> {
        let file = wheel.name.as_str();
        let url = match &wheel.location {
            Location::Path(path) => return self.local(file, path, wheel.sha256).await,
            Location::Url(url) => url,
        };
        let wanted = Wanted { file, url, sha256: Some(wheel.sha256), size: wheel.size };
        if let Some(blob) = self.kept(wheel.sha256).await {
            return sized(&wanted, self.ready(file, blob, true));
        }
        if let Some(flag) = self.forbids() {
            return self.at(&self.in_links(wheel, flag).await?).await;
        }
        match self.download(&wanted).await {
            Err(error) if error.is_gone() => match self.moved(wheel).await {
                Some(moved) => self.at(&moved).await,
                None => Err(error),
            },
            done => Ok(done?.1),
        }
    }

    /// Returns the bytes of a wheel where it is, and nowhere else.
    async fn at(&self, wheel: &LockedWheel) -> Result<Blob, IndexError> {
        let file = wheel.name.as_str();
        match &wheel.location {
            Location::Path(path) => self.local(file, path, wheel.sha256).await,
            Location::Url(url) => {
                let wanted = Wanted { file, url, sha256: Some(wheel.sha256), size: wheel.size };
                Ok(self.download(&wanted).await?.1)
            }
        }
    }

    pub(super) async fn wheel_size(&self, wheel: &LockedWheel) -> Result<u64, IndexError> {
        let url = match &wheel.location {
            Location::Path(path) => return Ok(open(path)?.size()),
            Location::Url(url) => url,
        };
        if let Some(blob) = self.kept(wheel.sha256).await {
            return Ok(blob.size());
        }
        let head = match self.forbids() {
            None => self.head(wheel.name.as_str(), url).await,
            Some(_) => return Ok(self.wheel(wheel).await?.size()),
        };
        match head.map(|head| head.size) {
            Ok(Some(size)) => Ok(size),
            Err(error) if !error.is_gone() => Err(error),
            _ => Ok(self.wheel(wheel).await?.size()),
        }
    }

    /// Returns all bytes of a file, verified if that can be.
    pub(super) async fn whole(&self, file: &DistributionFile) -> Result<Blob, IndexError> {
        match (&file.location, file.sha256) {
            (Location::Path(path), _) => open(path),
            (Location::Url(url), sha256) => {
                let kept = match sha256 {
                    Some(sha256) => self.kept(sha256).await,
                    None => None,
                };
                let wanted = Wanted { file: &file.filename, url, sha256, size: file.size };
                match kept {
                    Some(blob) => Ok(blob),
                    None => Ok(self.download(&wanted).await?.1),
                }
            }
        }
    }

    async fn local(&self, file: &str, path: &Path, expected: Digest) -> Result<Blob, IndexError> {
        let blob = open(path)?;
        let found = hashed(blob.clone(), path).await?;
        if found != expected {
            let (file, place) = (file.to_owned(), path.display().to_string());
            return Err(IndexError::WrongDigest { file, place, expected, found });
        }
        Ok(self.ready(file, blob, true))
    }

    pub(super) async fn kept(&self, sha256: Digest) -> Option<Blob> {
        let cache = self.options.cache.clone();
        tokio::task::spawn_blocking(move || cache.wheel(sha256)).await.ok().flatten()
    }

    fn ready(&self, file: &str, blob: Blob, kept: bool) -> Blob {
        (self.options.observer)(IndexEvent::Ready { file: file.to_owned(), size: blob.size(), kept });
        blob
    }

    async fn download(&self, wanted: &Wanted<'_>) -> Result<(Digest, Blob), IndexError> {
        self.download_noting(wanted).await.map(|(digest, blob, _)| (digest, blob))
    }

    /// Downloads, and also returns the `ETag` that was said.
    pub(super) async fn download_noting(
        &self,
        wanted: &Wanted<'_>,
    ) -> Result<(Digest, Blob, Option<String>), IndexError> {
        loop {
            let mut sink = match self.place(wanted).await? {
                Place::Sink(sink) => sink,
                Place::Kept(digest, blob) => return Ok((digest, self.ready(wanted.file, blob, true), None)),
            };
            let (file, size, at) = (wanted.file.to_owned(), wanted.size, sink.written);
            (self.options.observer)(IndexEvent::Started { file, size, at });
            match self.fill(wanted, &mut sink).await {
                Err(Stopped::Disk(error)) => sink.give_up(error).map_err(|error| self.full(wanted, error))?,
                Err(Stopped::Failed(error)) => {
                    if sink.written == 0 {
                        sink.discard();
                    }
                    return Err(*error);
                }
                Ok(etag) => {
                    if let Some((digest, blob)) = self.verified(wanted, sink)? {
                        return Ok((digest, self.ready(wanted.file, blob, false), etag));
                    }
                }
            }
        }
    }

    /// Returns where the download goes, unless another process has done it meanwhile.
    async fn place(&self, wanted: &Wanted<'_>) -> Result<Place, IndexError> {
        let key = wanted.sha256.unwrap_or_else(|| Digest::of(wanted.url.as_str().as_bytes()));
        let (mut grew, mut length) = (Instant::now(), 0);
        loop {
            match self.options.cache.claim(key) {
                Claim::Granted(partial) => {
                    let known = wanted.sha256.is_some();
                    let resumed = tokio::task::spawn_blocking(move || resumed(partial, known)).await;
                    let resumed = resumed.unwrap_or_else(|error| Err(io::Error::other(error)));
                    return resumed.map(Place::Sink).map_err(|error| self.full(wanted, error));
                }
                Claim::Taken(now) if now != length => (grew, length) = (Instant::now(), now),
                Claim::Taken(_) if grew.elapsed() < self.options.idle => {}
                Claim::Taken(_) | Claim::Nowhere => {
                    let sink = Sink::unnamed(&self.options.temporary_directory);
                    return sink.map(Place::Sink).map_err(|error| self.full(wanted, error));
                }
            }
            sleep(POLL).await;
            if let Some(sha256) = wanted.sha256.filter(|sha256| self.options.cache.may_have_wheel(*sha256))
                && let Some(blob) = self.kept(sha256).await
            {
                return Ok(Place::Kept(sha256, blob));
            }
        }
    }

    /// Asks for more until all is here; returns the `ETag` that was said.
    async fn fill(&self, wanted: &Wanted<'_>, sink: &mut Sink) -> Result<Option<String>, Stopped> {
        let mut retry = Retry::new(&self.options);
        let (mut etag, mut furthest) = (None, sink.written);
        loop {
            match self.pour(wanted, sink, &mut etag).await {
                Err(Stopped::Failed(error)) => {
                    if sink.written >= furthest + HEADWAY {
                        (furthest, _) = (sink.written, retry.headway());
                    }
                    retry.after(*error).await?;
                }
                Err(stopped) => return Err(stopped),
                Ok(()) => return Ok(etag),
            }
        }
    }

    /// Returns what has arrived if it is what was promised; `None` when it must begin again.
    fn verified(&self, wanted: &Wanted<'_>, sink: Sink) -> Result<Option<(Digest, Blob)>, IndexError> {
        let (found, length, inherited) = (sink.digest(), sink.written, sink.inherited);
        let file = wanted.file.to_owned();
        let place = || super::error::shown(wanted.url);
        let wrong = match (wanted.sha256, wanted.size) {
            (Some(expected), _) if expected == found => None,
            (_, Some(expected)) if expected != length => {
                Some(IndexError::WrongSize { file, place: place(), expected, found: length })
            }
            (Some(expected), _) => Some(IndexError::WrongDigest { file, place: place(), expected, found }),
            (None, _) => None,
        };
        match wrong {
            None => sink.finish(found).map(|blob| Some((found, blob))).map_err(|error| self.full(wanted, error)),
            Some(error) => {
                sink.discard();
                // What an earlier run left may have been spoilt.
                if inherited { Ok(None) } else { Err(error) }
            }
        }
    }

    fn full(&self, wanted: &Wanted<'_>, error: io::Error) -> IndexError {
        let (file, path) = (wanted.file.to_owned(), self.options.temporary_directory.clone());
        IndexError::Disk { file, path, error: Arc::new(error) }
    }
}

/// Where a download goes.
enum Place {
    Sink(Sink),
    /// Nowhere: it is here.
    Kept(Digest, Blob),
}

/// Goes on with what an earlier run left, if it can be told in the end whether that was right.
fn resumed(partial: crate::cache::Partial, known: bool) -> io::Result<Sink> {
    let mut sink = Sink::resume(partial)?;
    if !known {
        sink.restart()?;
    }
    Ok(sink)
}

pub(super) fn open(path: &Path) -> Result<Blob, IndexError> {
    let read = |error| IndexError::Read { path: path.to_owned(), error: Arc::new(error) };
    let file = File::open(path).map_err(read)?;
    let size = file.metadata().map_err(read)?.len();
    Ok(Blob::of_file(Arc::new(file), 0, size))
}

pub(super) async fn hashed(blob: Blob, path: &Path) -> Result<Digest, IndexError> {
    let hashed = tokio::task::spawn_blocking(move || digest_of(&blob)).await;
    let hashed = hashed.unwrap_or_else(|error| Err(io::Error::other(error)));
    hashed.map_err(|error| IndexError::Read { path: path.to_owned(), error: Arc::new(error) })
}
