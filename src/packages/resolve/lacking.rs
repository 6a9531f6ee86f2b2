//! Why a package cannot be had as it is wanted, and what there is instead.

use std::collections::BTreeSet;

use pep440_rs::Version;
use pep508_rs::PackageName;
use pubgrub::Ranges;

use super::error::Reason;
use super::listing::{Listing, version_of};
use super::place::Mask;
use super::provider::{Provider, Stop};
use crate::packages::index::{DistributionFile, FileKind};

/// How many kinds of wheels are named.
const KINDS_LIMIT: usize = 4;

pub(super) fn reason(
    provider: &Provider<'_>,
    name: &PackageName,
    mask: Mask,
    range: &Ranges<Version>,
) -> Result<Reason, Stop> {
    let listing = provider.listing(name)?;
    if let Some(error) = &listing.missing {
        return Ok(Reason::Unknown(error.clone()));
    }
    let mut inside = listing.versions.iter().rev().filter(|(version, _)| range.contains(version)).peekable();
    if inside.peek().is_none() {
        return Ok(Reason::NoVersion { nearest: nearest(&listing, mask, range) });
    }
    let yanked = inside.find_map(|(version, offer)| {
        offer.yanked.clone().filter(|_| offer.is_for(mask)).map(|reason| (version.clone(), reason))
    });
    Ok(match yanked {
        Some((version, reason)) => Reason::Yanked { version, reason },
        None => Reason::NoWheel {
            target: target(provider, &listing, mask, range),
            exists: exists(provider, &listing, mask, range),
        },
    })
}

/// Returns up to two versions on either side of what is wanted, or the newest.
fn nearest(listing: &Listing, mask: Mask, range: &Ranges<Version>) -> Vec<Version> {
    let can_be_had = |version: &&Version| {
        let offer = listing.versions.get(*version);
        offer.is_some_and(|offer| offer.yanked.is_none() && offer.is_for(mask))
            && (listing.only_prereleases || !version.any_prerelease())
    };
    let all: Vec<&Version> = listing.versions.keys().filter(can_be_had).collect();
    let at = match range.bounding_range() {
        Some((std::ops::Bound::Included(low) | std::ops::Bound::Excluded(low), _)) => {
            all.partition_point(|version| *version < low)
        }
        _ => 0,
    };
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

/// Returns what there is of the newest version, short.
fn exists(provider: &Provider<'_>, listing: &Listing, mask: Mask, range: &Ranges<Version>) -> String {
    let newest = listing.versions.keys().rev().filter(|version| range.contains(version));
    let newest = newest.clone().find(|version| !version.any_prerelease()).or_else(|| newest.clone().next());
    let Some(newest) = newest else { return "it has no files".to_owned() };
    let files: Vec<&DistributionFile> =
        listing.files_in(range).filter(|file| version_of(file) == Some(newest)).collect();
    let runs = |file: &&&DistributionFile| {
        mask.places().all(|place| provider.places()[place].runs(file.requires_python.as_ref()))
    };
    if let Some(requires) = files.first().and_then(|file| file.requires_python.as_ref())
        && files.iter().filter(runs).count() == 0
    {
        return format!("{newest} requires Python {requires}");
    }
    let kinds: BTreeSet<String> = files.iter().filter_map(|file| kind(file)).collect();
    if kinds.is_empty() {
        return format!("{newest} is there as source only");
    }
    let more =
        if kinds.len() > KINDS_LIMIT { format!(" and {} more", kinds.len() - KINDS_LIMIT) } else { String::new() };
    let kinds: Vec<String> = kinds.into_iter().take(KINDS_LIMIT).collect();
    format!("{newest} has wheels for {}{more}", kinds.join(", "))
}

fn kind(file: &DistributionFile) -> Option<String> {
    let FileKind::Wheel(wheel) = &file.kind else { return None };
    Some(format!("{}-{}-{}", wheel.python.join("."), wheel.abi.join("."), wheel.platform.join(".")))
}
