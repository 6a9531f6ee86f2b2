//! A wheel's METADATA into what it requires (PyPA specification "Core metadata").

use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use super::error::shown;
use super::legacy;
use super::{DistributionFile, FileKind, IndexError, Location, Metadata};

/// Reads the metadata of `file` and holds it against the file's name.
pub(super) fn parse(file: &DistributionFile, text: &[u8]) -> Result<Metadata, IndexError> {
    let metadata = read(&String::from_utf8_lossy(text)).map_err(|reason| unreadable(file, reason))?;
    check(file, &metadata)?;
    Ok(metadata)
}

pub(super) fn unreadable(file: &DistributionFile, reason: impl Into<String>) -> IndexError {
    IndexError::Metadata { file: file.filename.clone(), place: place(&file.location), reason: reason.into() }
}

/// Returns where a file is, to be shown.
pub(super) fn place(location: &Location) -> String {
    match location {
        Location::Url(url) => shown(url),
        Location::Path(path) => path.display().to_string(),
    }
}

fn check(file: &DistributionFile, metadata: &Metadata) -> Result<(), IndexError> {
    let FileKind::Wheel(wheel) = &file.kind else { return Ok(()) };
    let lies = |field, found: String| {
        Err(IndexError::Lies { file: file.filename.clone(), place: place(&file.location), field, found })
    };
    if metadata.name != wheel.name {
        return lies("Name", metadata.name.to_string());
    }
    if metadata.version != wheel.version {
        return lies("Version", metadata.version.to_string());
    }
    Ok(())
}

fn read(text: &str) -> Result<Metadata, String> {
    let headers = headers(text);
    let first = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let all = |name: &'static str| headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value);
    let name = first("name").ok_or("it has no `Name`")?;
    let version = first("version").ok_or("it has no `Version`")?;
    let mut oddities = Vec::new();
    let mut requires = Vec::new();
    for text in all("requires-dist") {
        let (requirement, mended) =
            legacy::requirement(text).map_err(|why| format!("`Requires-Dist: {text}`: {why}"))?;
        oddities.extend(mended.map(|mended| format!("`Requires-Dist: {text}` is read as `{mended}`")));
        requires.push(requirement);
    }
    let requires_python = first("requires-python").and_then(|text| {
        let found = legacy::specifiers(text);
        if found.is_none() {
            oddities.push(format!("`Requires-Python: {text}` is passed over"));
        }
        found
    });
    Ok(Metadata {
        name: PackageName::from_str(name).map_err(|error| error.to_string())?,
        version: Version::from_str(version).map_err(|error| error.to_string())?,
        requires,
        requires_python,
        extras: all("provides-extra").filter_map(|extra| ExtraName::from_str(extra).ok()).collect(),
        oddities,
    })
}

/// Returns the headers by lowercase name, unfolded (RFC 5322 section 2.2.3): a line that begins with a space goes on with
/// the one before. What follows the first empty line is the description.
fn headers(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines().take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = found.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            found.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}
