//! What an author should know of a resolution that worked.

use std::collections::BTreeMap;
use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName, Requirement};

use super::catalogue::Catalogue;
use super::listing::{Listing, version_of};
use super::place::Place;
use super::problem::{EXPLAIN_LIMIT, Problem, Stop};
use super::provider::Provider;
use super::solution::{self, Reached};
use super::{edge, range, solve};
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
    /// A wheel's metadata is not what the specification asks for.
    #[error("`{file}` is odd: {reason}")]
    Odd {
        /// The wheel.
        file: String,
        /// What is odd, and what is made of it.
        reason: String,
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
    for (name, place, package) in installed(provider, versions)? {
        warnings.extend(of_package(provider, &name, place, package)?);
    }
    for Wanted { requirement, origin } in wanted.iter().filter(|wanted| wanted.origin.key == Key::Connectors) {
        if let Some(version) = versions.get(&requirement.name) {
            warnings.extend(outdated(provider, &origin.written, &requirement.name, version)?);
        }
    }
    warnings.extend(broken(provider, versions));
    Ok(warnings)
}

/// Returns what is installed somewhere, once, with one of the platforms.
fn installed(
    provider: &Provider<'_>,
    versions: &BTreeMap<PackageName, Version>,
) -> Result<Vec<(PackageName, usize, Reached)>, Stop> {
    let mut found = BTreeMap::new();
    for place in 0..provider.places().len() {
        let here = solution::reached(provider, versions, place)?;
        let new = here.into_iter().filter(|(name, package)| !provider.places()[place].has(name, &package.version));
        found.extend(new.map(|(name, package)| (name, (place, package))));
    }
    Ok(found.into_iter().map(|(name, (place, package))| (name, place, package)).collect())
}

/// What is odd about a version by itself.
fn of_package(
    provider: &Provider<'_>,
    name: &PackageName,
    place: usize,
    package: Reached,
) -> Result<Vec<Warning>, Stop> {
    let (listing, version) = (provider.listing(name)?, &package.version);
    let yanked = listing.versions.get(version).and_then(|offer| offer.yanked.clone());
    let yanked = yanked.map(|reason| Warning::Yanked { name: name.clone(), version: version.clone(), reason });
    let known = provider.catalogue.metadata(&listing, version, place).and_then(Result::ok);
    let missing =
        package.extras.into_iter().filter(|extra| known.as_ref().is_some_and(|known| !known.extras.contains(extra)));
    let missing = missing.map(|extra| Warning::NoSuchExtra { name: name.clone(), version: version.clone(), extra });
    let file = listing.wheel(version, place).map(|wheel| wheel.filename.clone()).unwrap_or_default();
    let oddities = known.iter().flat_map(|known| known.oddities.iter().cloned());
    let odd = oddities.map(|reason| Warning::Odd { file: file.clone(), reason });
    Ok(yanked.into_iter().chain(missing).chain(odd).collect())
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
    let all = listing.uploads();
    let finals = all.iter().filter(|(version, _)| !version.any_prerelease());
    let Some((newest, newest_uploaded)) = finals.max_by(|one, other| one.0.cmp(&other.0)) else { return Ok(None) };
    let Some((_, uploaded)) = all.iter().find(|(found, _)| found == version) else { return Ok(None) };
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

/// Finds out which platforms hold a connector back, when not all do.
pub(super) fn blame(catalogue: &Catalogue, problem: &Problem, warnings: &mut [Warning]) {
    let is_outdated = |warning: &Warning| matches!(warning, Warning::Outdated { .. });
    if catalogue.places().len() < 2 || !warnings.iter().any(is_outdated) {
        return;
    }
    let alone: Vec<_> = catalogue.places().iter().map(|place| versions_alone(catalogue, problem, place)).collect();
    for warning in warnings {
        let Warning::Outdated { name, version, platforms, .. } = warning else { continue };
        let newer = |at: usize| alone[at].get(name).is_some_and(|alone| alone > version);
        let places = catalogue.places().iter().enumerate();
        let held: Vec<Platform> =
            places.filter(|(at, _)| !newer(*at)).map(|(_, place)| place.platform.clone()).collect();
        if held.len() < alone.len() {
            *platforms = held;
        }
    }
}

fn versions_alone(catalogue: &Catalogue, problem: &Problem, place: &Arc<Place>) -> BTreeMap<PackageName, Version> {
    let alone = catalogue.only(place);
    let found = solve::versions(&alone, &mut Problem { steps: EXPLAIN_LIMIT, ..problem.clone() });
    alone.rest();
    found.ok().and_then(Result::ok).unwrap_or_default()
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
            let lost = found.requires.iter().filter_map(|requirement| lost(place, requirement, versions));
            warnings.extend(lost.map(|(requires, got)| Warning::Breaks {
                name: name.clone(),
                version: found.version.clone(),
                requires,
                got,
            }));
        }
    }
    let mut seen: Vec<Warning> = Vec::new();
    for warning in warnings {
        if !seen.contains(&warning) {
            seen.push(warning);
        }
    }
    seen
}

/// Returns a requirement that the base fulfilled and what is chosen does not.
fn lost(
    place: &Place,
    requirement: &Requirement,
    versions: &BTreeMap<PackageName, Version>,
) -> Option<(String, Version)> {
    let range = range::of(&edge::specifiers(requirement)?);
    let was = &place.installed.get(&requirement.name)?.version;
    let got = versions.get(&requirement.name)?;
    let applies = requirement.evaluate_markers(&place.markers, &[]);
    (applies && range.contains(was) && !range.contains(got)).then(|| (requirement.to_string(), got.clone()))
}

impl Listing {
    /// Returns version and day of upload of all files that have both.
    fn uploads(&self) -> Vec<(Version, String)> {
        let files = self.files.iter().flat_map(|files| files.files());
        files.filter_map(|file| Some((version_of(&file)?.clone(), file.uploaded?))).collect()
    }
}
