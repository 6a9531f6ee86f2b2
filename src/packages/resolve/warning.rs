//! What an author should know of a resolution that worked.

use std::collections::BTreeMap;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use super::listing::{Listing, version_of};
use super::provider::{Provider, Stop};
use super::solution;
use crate::image::Platform;
use crate::packages::requirements::{Key, Wanted};

/// Something odd about a resolution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A version that its authors took back (PEP 592).
    #[error("{name} {version} was yanked{}", if reason.is_empty() { String::new() } else { format!(": {reason}") })]
    Yanked {
        /// The package.
        name: PackageName,
        /// Its version.
        version: Version,
        /// Why, as the index has it; empty without a reason.
        reason: String,
    },
    /// A connector's package is years older than its newest version.
    #[error(
        "the connector `{connector}` comes to {name} {version} of {uploaded}, although {newest} is of {newest_uploaded}{}",
        because(platforms)
    )]
    Outdated {
        /// As leoflow.yaml has it.
        connector: String,
        /// Its package.
        name: PackageName,
        /// What was chosen.
        version: Version,
        /// The day it was uploaded.
        uploaded: String,
        /// The newest version that there is.
        newest: Version,
        /// The day it was uploaded.
        newest_uploaded: String,
        /// The platforms that alone would not have it newer, when others would.
        platforms: Vec<Platform>,
    },
    /// A version has no such extra; pip goes on without, too.
    #[error("{name} {version} has no extra `{extra}`")]
    NoSuchExtra {
        /// The package.
        name: PackageName,
        /// Its version.
        version: Version,
        /// The extra.
        extra: ExtraName,
    },
    /// A package of the base no longer gets what it requires.
    #[error("{name} {version}, which the base has, requires {requires}, but gets {got}")]
    Breaks {
        /// The base's package.
        name: PackageName,
        /// Its version.
        version: Version,
        /// What it requires.
        requires: String,
        /// What takes the base's place.
        got: Version,
    },
}

fn because(platforms: &[Platform]) -> String {
    let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    if names.is_empty() { String::new() } else { format!(", because of {}", names.join(", ")) }
}

/// Two years and more, in days.
const OLD: i64 = 730;

pub(super) fn all(
    provider: &Provider<'_>,
    wanted: &[Wanted],
    versions: &BTreeMap<PackageName, Version>,
) -> Result<Vec<Warning>, Stop> {
    let mut warnings = Vec::new();
    let mut extras = BTreeMap::new();
    for place in 0..provider.places().len() {
        for (name, reached) in solution::reached(provider, versions, place)? {
            if provider.places()[place].has(&name, &reached.version) {
                continue;
            }
            extras.insert((name, reached.version), (place, reached.extras));
        }
    }
    for ((name, version), (place, extras)) in extras {
        let listing = provider.listing(&name)?;
        let yanked = listing.versions.get(&version).and_then(|offer| offer.yanked.clone());
        warnings.extend(yanked.map(|reason| Warning::Yanked { name: name.clone(), version: version.clone(), reason }));
        if let Some(Ok(metadata)) = provider.catalogue.metadata(&listing, &version, place) {
            let missing = extras.into_iter().filter(|extra| !metadata.extras.contains(extra));
            let warning = |extra| Warning::NoSuchExtra { name: name.clone(), version: version.clone(), extra };
            warnings.extend(missing.map(warning));
        }
    }
    for Wanted { requirement, origin } in wanted.iter().filter(|wanted| wanted.origin.key == Key::Connectors) {
        if let Some(version) = versions.get(&requirement.name) {
            warnings.extend(outdated(provider, &origin.written, &requirement.name, version)?);
        }
    }
    warnings.extend(broken(provider, versions));
    Ok(warnings)
}

fn outdated(
    provider: &Provider<'_>,
    connector: &str,
    name: &PackageName,
    version: &Version,
) -> Result<Option<Warning>, Stop> {
    if provider.places().iter().all(|place| place.has(name, version)) {
        return Ok(None);
    }
    let listing = provider.listing(name)?;
    let finals = listing.files_in_all().filter(|(version, _)| !version.any_prerelease());
    let Some((newest, newest_uploaded)) = finals.max_by(|one, other| one.0.cmp(other.0)) else { return Ok(None) };
    let Some((_, uploaded)) = listing.files_in_all().find(|(found, _)| *found == version) else { return Ok(None) };
    let old = days(newest_uploaded).zip(days(uploaded)).is_some_and(|(newest, chosen)| newest - chosen >= OLD);
    Ok(old.then(|| Warning::Outdated {
        connector: connector.to_owned(),
        name: name.clone(),
        version: version.clone(),
        uploaded: day(uploaded).to_owned(),
        newest: newest.clone(),
        newest_uploaded: day(newest_uploaded).to_owned(),
        platforms: Vec::new(),
    }))
}

/// `2024-05-06` of `2024-05-06T07:08:09Z`
fn day(uploaded: &str) -> &str {
    uploaded.get(..10).unwrap_or(uploaded)
}

fn days(uploaded: &str) -> Option<i64> {
    let date: chrono::NaiveDate = day(uploaded).parse().ok()?;
    Some(date.signed_duration_since(chrono::NaiveDate::default()).num_days())
}

/// What the base has besides, and was content with what is replaced.
fn broken(provider: &Provider<'_>, versions: &BTreeMap<PackageName, Version>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for place in provider.places() {
        for (name, found) in place.installed.iter().filter(|(name, _)| !versions.contains_key(*name)) {
            for requirement in found.requires.iter().filter(|it| it.evaluate_markers(&place.markers, &[])) {
                let Some(specifiers) = super::edge::specifiers(requirement) else { continue };
                let range = super::range::of(&specifiers);
                let was = place.installed.get(&requirement.name).map(|it| &it.version);
                let is = versions.get(&requirement.name);
                if let (Some(was), Some(is)) = (was, is)
                    && range.contains(was)
                    && !range.contains(is)
                {
                    let (name, version) = (name.clone(), found.version.clone());
                    let requires = requirement.to_string();
                    let warning = Warning::Breaks { name, version, requires, got: is.clone() };
                    if !warnings.contains(&warning) {
                        warnings.push(warning);
                    }
                }
            }
        }
    }
    warnings
}

impl Listing {
    /// Returns all files with a version and a day of upload.
    fn files_in_all(&self) -> impl Iterator<Item = (&Version, &str)> {
        let files = self.files.as_deref().map_or(&[][..], |files| &files.files);
        files.iter().filter_map(|file| Some((version_of(file)?, file.uploaded.as_deref()?)))
    }
}
