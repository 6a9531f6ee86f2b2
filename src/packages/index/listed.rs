//! A file as a page lists it, into a file that may be chosen.

use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::PackageName;
use url::Url;

use super::legacy;
use super::{DistributionFile, FileKind, Location};
use crate::layers::Digest;
use crate::packages::wheel::WheelName;

/// What sources come in, the usual one first.
const ARCHIVES: [&str; 5] = [".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz"];

/// A file as a page lists it: texts, none of them believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) filename: String,
    pub(super) url: Url,
    pub(super) sha256: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) requires_python: Option<String>,
    pub(super) yanked: Option<String>,
    pub(super) metadata: Option<Option<String>>,
    pub(super) uploaded: Option<String>,
}

impl Listed {
    /// Returns the file, seen as one of `project`.
    pub(super) fn file(self, project: &PackageName) -> DistributionFile {
        DistributionFile {
            kind: kind(&self.filename, project),
            filename: self.filename,
            location: location(self.url),
            sha256: self.sha256.as_deref().and_then(sha256),
            size: self.size,
            // What cannot be understood excludes nothing, as in pip.
            requires_python: self.requires_python.as_deref().and_then(legacy::specifiers),
            yanked: self.yanked,
            metadata: self.metadata.map(|digest| digest.as_deref().and_then(sha256)),
            uploaded: self.uploaded,
        }
    }
}

/// Returns what a file of this name is to `project`; what belongs to another one is nothing.
pub(super) fn kind(filename: &str, project: &PackageName) -> FileKind {
    if let Ok(wheel) = WheelName::from_str(filename) {
        return if wheel.name == *project { FileKind::Wheel(wheel) } else { FileKind::Other };
    }
    source(filename, project).map_or(FileKind::Other, FileKind::Source)
}

/// Finds the hyphen between name and version: old names have hyphens too.
pub(super) fn source(filename: &str, project: &PackageName) -> Option<Version> {
    let stem = ARCHIVES.iter().find_map(|suffix| filename.strip_suffix(suffix))?;
    let splits = stem.match_indices('-').map(|(at, _)| (&stem[..at], &stem[at + 1..]));
    let of_project = |name: &str| PackageName::from_str(name).is_ok_and(|name| name == *project);
    splits.filter(|(name, _)| of_project(name)).find_map(|(_, version)| version.parse().ok())
}

/// Splits a wheel's build tag into a number and what follows it.
pub(super) fn build(tag: &str) -> Option<(u64, &str)> {
    let digits = tag.find(|character: char| !character.is_ascii_digit()).unwrap_or(tag.len());
    Some((tag[..digits].parse().ok()?, &tag[digits..]))
}

/// Reads the hexadecimal digits of a sha256.
pub(super) fn sha256(hex: &str) -> Option<Digest> {
    format!("sha256:{}", hex.to_ascii_lowercase()).parse().ok()
}

/// Returns `url` without credentials and fragment.
pub(super) fn bare(mut url: Url) -> Url {
    // Only a URL without a host refuses these, and then there is nothing to hide.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    url
}

fn location(url: Url) -> Location {
    match url.to_file_path() {
        Ok(path) if url.scheme() == "file" => Location::Path(path),
        _ => Location::Url(url),
    }
}
