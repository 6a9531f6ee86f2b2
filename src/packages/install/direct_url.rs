//! `direct_url.json`: where a distribution came from that came from no index (PEP 610).

use crate::packages::lock::LockedPackage;

/// Returns the file, as pip writes it.
pub(super) fn file(package: &LockedPackage) -> Option<Vec<u8>> {
    let url = serde_json::Value::from(package.wheel.direct_url.as_deref()?);
    let hex = package.wheel.sha256.hex();
    let info = format!("{{\"hash\": \"sha256={hex}\", \"hashes\": {{\"sha256\": \"{hex}\"}}}}");
    Some(format!("{{\"archive_info\": {info}, \"url\": {url}}}").into_bytes())
}
