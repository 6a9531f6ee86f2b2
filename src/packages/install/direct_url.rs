//! `direct_url.json`: where a distribution came from that came from no index (PEP 610).

use crate::packages::index::Location;
use crate::packages::lock::LockedPackage;

/// Returns the URL to write down, for what was asked for by its URL or path.
///
/// Of a path, the file's name is all: where it lay on the machine that built the image is nobody's business, and would
/// give every machine another digest.
pub(super) fn url(package: &LockedPackage) -> Option<String> {
    match (&package.wheel.index, &package.wheel.location) {
        (Some(_), _) => None,
        (None, Location::Url(url)) => Some(url.to_string()),
        (None, Location::Path(_)) => Some(format!("file:///{}", package.wheel.name)),
    }
}

/// Returns the file, as pip writes it.
pub(super) fn file(package: &LockedPackage) -> Option<Vec<u8>> {
    let url = serde_json::Value::from(url(package)?);
    let hex = package.wheel.sha256.hex();
    let info = format!("{{\"hash\": \"sha256={hex}\", \"hashes\": {{\"sha256\": \"{hex}\"}}}}");
    Some(format!("{{\"archive_info\": {info}, \"url\": {url}}}").into_bytes())
}
