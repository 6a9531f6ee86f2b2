//! The sha256 of a file whose index does not say it: found out once, and good as long as the server says the same `ETag`.

use url::Url;

use super::download::{hashed, open};
use super::pour::Wanted;
use super::{DistributionFile, IndexError, Location, Shared};
use crate::cache::AnswerHead;
use crate::layers::Digest;

impl Shared {
    pub(super) async fn digest(&self, file: &DistributionFile) -> Result<(Digest, u64), IndexError> {
        let url = match &file.location {
            Location::Path(path) => {
                let blob = open(path)?;
                return Ok((hashed(blob.clone(), path).await?, blob.size()));
            }
            Location::Url(url) => url,
        };
        if let (Some(sha256), Some(size)) = (file.sha256, file.size) {
            return Ok((sha256, size));
        }
        if let Some(known) = self.known(file, url).await? {
            return Ok(known);
        }
        let wanted = Wanted { file: &file.filename, url, sha256: file.sha256, size: file.size };
        let (digest, blob, etag) = self.download_noting(&wanted).await?;
        self.remember(url, (digest, blob.size()), etag);
        Ok((digest, blob.size()))
    }

    /// Returns what was found out of the file at `url` before, if it is still the same file.
    async fn known(&self, file: &DistributionFile, url: &Url) -> Result<Option<(Digest, u64)>, IndexError> {
        let Some(kept) = self.options.cache.answer(&asked(url)) else { return Ok(None) };
        let is_same = self.options.offline || {
            let head = self.head(&file.filename, url).await?;
            head.etag.is_some() && head.etag == kept.head.etag
        };
        let text = String::from_utf8(kept.body).unwrap_or_default();
        let known = text.split_once(' ').and_then(|(digest, size)| Some((digest.parse().ok()?, size.parse().ok()?)));
        Ok(known.filter(|_| is_same))
    }

    fn remember(&self, url: &Url, (digest, size): (Digest, u64), etag: Option<String>) {
        let (text, content_type) = (format!("{digest} {size}"), String::new());
        let head = AnswerHead { status: 200, content_type, etag, fresh_for: 0 };
        self.options.cache.keep_answer(&asked(url), &head, text.as_bytes());
    }
}

fn asked(url: &Url) -> String {
    format!("sha256 of {url}")
}
