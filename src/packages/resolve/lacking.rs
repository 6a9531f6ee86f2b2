//! Why a package cannot be had as it is wanted, and what there is instead.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{PackageName, Requirement};
use pubgrub::Ranges;

use super::derivation::Needed;
use super::error::{Reason, Unfit};
use super::listing::Listing;
use super::place::Mask;
use super::problem::Stop;
use super::provider::Provider;
use super::{edge, range};
use crate::packages::index::{DistributionFile, FileKind};

/// How many kinds of wheels are named, and how many Pythons of each.
const KINDS_LIMIT: usize = 4;

pub(super) fn reason(
    provider: &Provider<'_>,
    name: &PackageName,
    mask: Mask,
    requirement: &Requirement,
) -> Result<Reason, Stop> {
    let listing = provider.listing(name)?;
    let specifiers = edge::specifiers(requirement).unwrap_or_else(VersionSpecifiers::empty);
    let range = &range::of(&specifiers);
    if let Some(error) = &listing.missing {
        return Ok(Reason::Unknown(error.clone()));
    }
    if let Some(files) = listing.files.as_ref().filter(|_| listing.versions.is_empty()) {
        return Ok(Reason::Unknown(files.none()));
    }
    let nearest = nearest(&listing, mask, range, &specifiers);
    if range.is_empty() {
        return Ok(Reason::Empty { requirement: edge::plain(requirement), nearest });
    }
    let mut inside = listing.versions.iter().rev().filter(|(version, _)| range.contains(version)).peekable();
    if inside.peek().is_none() {
        return Ok(Reason::NoVersion { nearest });
    }
    let yanked = inside.find_map(|(version, offer)| {
        offer.yanked.clone().filter(|_| offer.is_for(mask)).map(|reason| (version.clone(), reason))
    });
    if let Some((version, reason)) = yanked {
        return Ok(Reason::Yanked { version, reason });
    }
    let target = target(provider, &listing, mask, range);
    Ok(match other_python(provider, &listing, mask, range) {
        Some((version, requires)) => Reason::OtherPython { version, requires, target },
        None => Reason::NoWheel { target, exists: exists(&listing, range, nearest.last()) },
    })
}

/// Returns why the newest version that is wanted cannot be used, if none can.
pub(super) fn unusable(
    provider: &Provider<'_>,
    need: &Needed<'_>,
    requirement: &Requirement,
    unfit: &[(&PackageName, &Ranges<Version>, &Unfit)],
) -> Result<Option<Reason>, Stop> {
    let of_name = || unfit.iter().filter(|(name, ..)| *name == need.name);
    let mut range = edge::allowed(requirement);
    let Some(version) = provider.choose(need.name, need.mask, &range)? else { return Ok(None) };
    for (_, versions, _) in of_name() {
        range = range.intersection(&versions.complement());
    }
    if provider.choose(need.name, need.mask, &range)?.is_some() {
        return Ok(None);
    }
    let of_version = of_name().find(|(_, versions, _)| versions.contains(&version));
    Ok(of_version.map(|(_, _, unfit)| Reason::Unusable { unfit: (*unfit).clone(), version: version.clone() }))
}

/// Returns up to two versions on either side of the lower bound of what is wanted, or the newest.
fn nearest(listing: &Listing, mask: Mask, range: &Ranges<Version>, specifiers: &VersionSpecifiers) -> Vec<Version> {
    let can_be_had = |version: &&Version| {
        let offer = listing.versions.get(*version);
        offer.is_some_and(|offer| offer.yanked.is_none() && offer.is_for(mask))
            && (listing.only_prereleases || !version.any_prerelease())
    };
    let all: Vec<&Version> = listing.versions.keys().filter(can_be_had).collect();
    let low = match range.bounding_range() {
        Some((std::ops::Bound::Included(low) | std::ops::Bound::Excluded(low), _)) => Some(low),
        Some(_) => None,
        // Nothing can be wanted, but something was meant.
        None => specifiers.iter().map(|specifier| specifier.version()).min(),
    };
    let at = low.map_or(0, |low| all.partition_point(|version| *version < low));
    let near = at.saturating_sub(2)..all.len().min(at + 2);
    all[near].iter().map(|version| (*version).clone()).collect()
}

/// The platforms that have no wheel of any version that is wanted, with their Pythons.
fn target(provider: &Provider<'_>, listing: &Listing, mask: Mask, range: &Ranges<Version>) -> String {
    let has = |place: usize| {
        let inside = listing.versions.iter().filter(|(version, _)| range.contains(version));
        inside.clone().any(|(_, offer)| offer.is_for(Mask::one(place)))
    };
    let without: Vec<usize> = mask.places().filter(|place| !has(*place)).collect();
    let of = if without.is_empty() { mask.places().collect() } else { without };
    let named = of.into_iter().filter_map(|place| provider.places().get(place));
    named.map(|place| format!("{} with Python {}", place.platform, place.python)).collect::<Vec<_>>().join(" and ")
}

/// Returns the newest version that is wanted, a final one if there is any, with its files.
fn newest<'a>(listing: &'a Listing, range: &Ranges<Version>) -> Option<(&'a Version, Vec<DistributionFile>)> {
    let inside = || listing.versions.keys().rev().filter(|version| range.contains(version));
    let newest = inside().find(|version| !version.any_prerelease()).or_else(|| inside().next())?;
    Some((newest, listing.files_in(&Ranges::singleton(newest.clone()))))
}

/// Returns the newest version and the Python that it requires, if it has wheels, and none is for these Pythons.
fn other_python(
    provider: &Provider<'_>,
    listing: &Listing,
    mask: Mask,
    range: &Ranges<Version>,
) -> Option<(Version, String)> {
    let (newest, files) = newest(listing, range)?;
    let runs = |file: &DistributionFile| {
        mask.places().all(|place| provider.places()[place].runs(file.requires_python.as_ref()))
    };
    let wheel = files.iter().find(|file| matches!(file.kind, FileKind::Wheel(_)))?;
    let requires = wheel.requires_python.as_ref()?;
    (!files.iter().any(runs)).then(|| (newest.clone(), requires.to_string()))
}

/// Returns what there is of the newest version, short.
fn exists(listing: &Listing, range: &Ranges<Version>, instead: Option<&Version>) -> String {
    let Some((newest, files)) = newest(listing, range) else { return "it has no files".to_owned() };
    let mut families: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (family, python) in files.iter().filter_map(kind) {
        families.entry(family).or_default().insert(python);
    }
    if families.is_empty() {
        return format!("{newest} is there as source only");
    }
    let kinds: Vec<String> =
        families.into_iter().map(|(family, pythons)| format!("{family} ({})", shortened(pythons))).collect();
    let instead = instead.map(|version| format!("; {version} has one")).unwrap_or_default();
    format!("{newest} has wheels for {}{instead}", shortened(kinds))
}

fn shortened(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = names.into_iter().collect();
    let more = names.len().saturating_sub(KINDS_LIMIT);
    let shown = names[..names.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// Returns what a wheel is for, roughly, and its Python: `Windows` and `cp311`, `musllinux_1_2_x86_64` and `cp311-abi3`.
fn kind(file: &DistributionFile) -> Option<(String, String)> {
    let FileKind::Wheel(wheel) = &file.kind else { return None };
    let platform = wheel.platform.first()?;
    let family = match platform.split('_').next()? {
        prefix if prefix.starts_with("win") => "Windows",
        "macosx" => "macOS",
        "any" => "any platform",
        _ => platform,
    };
    let stable = if wheel.abi.iter().any(|abi| abi == "abi3") { "-abi3" } else { "" };
    Some((family.to_owned(), format!("{}{stable}", wheel.python.join("."))))
}
