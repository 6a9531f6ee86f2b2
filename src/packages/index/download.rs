//! A file's place in, its bytes out: verified, and gone on with where a connection breaks.

use std::fs;
use std::sync::Arc;

use super::metadata::place;
use super::transport::Request;
use super::{DistributionFile, IndexError, IndexEvent, Location, Shared};
use crate::layers::{Blob, Digest};
use crate::packages::lock::LockedWheel;

impl Shared {
    pub(super) async fn wheel(&self, wheel: &LockedWheel) -> Result<Blob, IndexError> {
        let file = wheel.name.to_string();
        let blob = self.bytes(&file, &wheel.location, wheel.size).await?;
        let found = digest(&blob);
        if found != wheel.sha256 {
            let place = place(&wheel.location);
            return Err(IndexError::WrongDigest { file, place, expected: wheel.sha256, found });
        }
        (self.options.observer)(IndexEvent::Ready { file, size: blob.size(), kept: false });
        Ok(blob)
    }

    pub(super) async fn whole(&self, file: &DistributionFile) -> Result<Blob, IndexError> {
        self.bytes(&file.filename, &file.location, file.size).await
    }

    pub(super) async fn digest(&self, file: &DistributionFile) -> Result<(Digest, u64), IndexError> {
        let blob = self.whole(file).await?;
        Ok((digest(&blob), blob.size()))
    }

    async fn bytes(&self, file: &str, location: &Location, size: Option<u64>) -> Result<Blob, IndexError> {
        let url = match location {
            Location::Url(url) => url,
            Location::Path(path) => {
                let read = fs::read(path);
                return read
                    .map(Blob::from_bytes)
                    .map_err(|error| IndexError::Read { path: path.clone(), error: Arc::new(error) });
            }
        };
        (self.options.observer)(IndexEvent::Started { file: file.to_owned(), size, at: 0 });
        let (_, bytes) = self.fetch(&Request::get(format!("download `{file}`"), url), u64::MAX).await?;
        (self.options.observer)(IndexEvent::Received { file: file.to_owned(), bytes: bytes.len() as u64 });
        Ok(Blob::from_bytes(bytes))
    }
}

fn digest(blob: &Blob) -> Digest {
    let mut bytes = vec![0; blob.size() as usize];
    let _ = blob.read_at(&mut bytes, 0);
    Digest::of(&bytes)
}
