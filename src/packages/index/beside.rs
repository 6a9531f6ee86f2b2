//! What a wheel says of itself: from beside it (PEP 658), or from inside.

use std::io::{Cursor, Read};
use std::sync::Arc;

use url::Url;

use super::error::shown;
use super::metadata::{self, unreadable};
use super::transport::Request;
use super::{DistributionFile, IndexError, IndexEvent, Location, Metadata, Shared};
use crate::layers::{Blob, Digest};

/// The largest metadata that is read, in bytes.
const METADATA_LIMIT: u64 = 16 << 20;

impl Shared {
    pub(super) async fn metadata_of(&self, file: &DistributionFile) -> Result<Arc<Metadata>, IndexError> {
        let text = self.metadata_text(file).await?;
        let parsed = metadata::parse(file, &text)?;
        for reason in parsed.oddities {
            (self.options.observer)(IndexEvent::Odd { file: file.filename.clone(), reason });
        }
        (self.options.observer)(IndexEvent::Metadata { file: file.filename.clone() });
        Ok(Arc::new(parsed.metadata))
    }

    async fn metadata_text(&self, file: &DistributionFile) -> Result<Vec<u8>, IndexError> {
        if let (Location::Url(url), Some(sha256)) = (&file.location, &file.metadata) {
            match self.beside(file, url, *sha256).await {
                Err(error) if error.is_missing() => {}
                done => return done,
            }
        }
        let blob = self.whole(file).await?;
        inside(&blob).map_err(|reason| unreadable(file, reason))
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
}

/// Reads the metadata that is in a wheel.
fn inside(blob: &Blob) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    blob.reader().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let is_it = |name: &str| {
        name.strip_suffix("/METADATA").is_some_and(|above| above.ends_with(".dist-info") && !above.contains('/'))
    };
    let names = archive.file_names().filter_map(Result::ok).map(|name| name.into_owned());
    let name = names.into_iter().find(|name| is_it(name)).ok_or("it has no METADATA")?;
    let member = archive.by_name(&name).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    member.take(METADATA_LIMIT).read_to_end(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}
