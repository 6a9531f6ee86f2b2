//! An index's page in JSON (PEP 691, 700, 714) into the files it lists.

use serde::Deserialize;
use url::Url;

use super::listed::Listed;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    meta: Meta,
    files: Vec<File>,
}

#[derive(Deserialize, Default)]
struct Meta {
    #[serde(rename = "api-version")]
    version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: Hashes,
    requires_python: Option<String>,
    core_metadata: Option<Offered>,
    /// What `core-metadata` was called before PEP 714.
    dist_info_metadata: Option<Offered>,
    yanked: Option<Yanked>,
    size: Option<u64>,
    upload_time: Option<String>,
}

/// The one that proves something; others are passed over.
#[derive(Deserialize, Default)]
struct Hashes {
    sha256: Option<String>,
}

/// Whether there is metadata beside a wheel, and its hashes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Offered {
    Plainly(bool),
    Hashed(Hashes),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Yanked {
    Plainly(bool),
    Because(String),
}

/// Reads a page that came from `url`.
pub(super) fn parse(text: &[u8], url: &Url) -> Result<Vec<Listed>, String> {
    let page: Page = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    // Minor versions add, major versions change (PEP 629).
    match page.meta.version.as_deref().and_then(|version| version.split('.').next()) {
        None | Some("1") => Ok(page.files.into_iter().filter_map(|file| file.listed(url)).collect()),
        Some(other) => Err(format!("its API has version {other}, and 1 is the one that is understood")),
    }
}

impl File {
    fn listed(self, base: &Url) -> Option<Listed> {
        let offered = self.core_metadata.or(self.dist_info_metadata);
        Some(Listed {
            url: base.join(&self.url).ok()?,
            filename: self.filename,
            sha256: self.hashes.sha256,
            size: self.size,
            requires_python: self.requires_python,
            yanked: self.yanked.and_then(Yanked::reason),
            metadata: offered.and_then(Offered::sha256),
            uploaded: self.upload_time,
        })
    }
}

impl Offered {
    fn sha256(self) -> Option<Option<String>> {
        match self {
            Self::Plainly(offered) => offered.then_some(None),
            Self::Hashed(hashes) => Some(hashes.sha256),
        }
    }
}

impl Yanked {
    fn reason(self) -> Option<String> {
        match self {
            Self::Plainly(yanked) => yanked.then(String::new),
            Self::Because(reason) => Some(reason),
        }
    }
}
