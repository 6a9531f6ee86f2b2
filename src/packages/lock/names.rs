//! Which packages an image will have, as far as a lock tells before anything is asked.

use std::collections::BTreeSet;
use std::path::Path;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::find::{Found, find};
use super::freshness::{Freshness, freshness};
use crate::image::Platform;

/// Returns the names in a project's locks for any of `platforms`, as long as they answer `requirements`. A lock that cannot
/// be read has none: who installs from it says so.
#[must_use]
pub fn names(root: &Path, platforms: &[Platform], python: &Version, requirements: &[String]) -> BTreeSet<PackageName> {
    let found = platforms.iter().filter_map(|platform| find(root, platform, python).ok().flatten());
    let answers = |found: &Found| match found {
        Found::Ours { file, .. } => freshness(file, requirements) == Freshness::Fresh,
        _ => true,
    };
    found.filter(answers).flat_map(|found| found.names()).collect()
}

impl Found {
    /// Returns the names of the packages in it, whatever their markers say.
    #[must_use]
    pub fn names(&self) -> BTreeSet<PackageName> {
        match self {
            Self::Ours { file, .. } => file.lock.versions().into_keys().cloned().collect(),
            Self::Pylock(pylock) => pylock.names(),
            Self::Requirements(pins) => pins.pins.iter().map(|pin| pin.name.clone()).collect(),
        }
    }
}
