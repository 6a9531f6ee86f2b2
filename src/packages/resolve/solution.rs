//! Chosen versions as a lock a platform.

use std::collections::{BTreeMap, BTreeSet};

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use super::catalogue::Catalogue;
use super::error::ResolveError;
use super::listing::Listing;
use super::problem::{Problem, Stop};
use super::provider::Provider;
use super::warning::{self, Warning};
use super::{Resolution, explain};
use crate::layers::Digest;
use crate::packages::index::{DistributionFile, FileKind, Index};
use crate::packages::lock::{KeptPackage, Lock, LockedPackage, LockedWheel};
use crate::packages::requirements::Wanted;

/// A resolution that may still lack sha256s.
pub(super) struct Draft {
    pub locks: Vec<DraftLock>,
    pub warnings: Vec<Warning>,
}

/// The packages of one platform.
#[derive(Default)]
pub(super) struct DraftLock {
    packages: Vec<(Reached, DistributionFile, Source)>,
    kept: Vec<KeptPackage>,
}

/// Where a wheel comes from.
struct Source {
    /// The index or directory.
    index: Option<String>,
    /// Or the URL that it was asked for by.
    direct_url: Option<String>,
}

/// A package that requirements lead to.
#[derive(Debug, Clone)]
pub(super) struct Reached {
    pub name: PackageName,
    pub version: Version,
    pub extras: BTreeSet<ExtraName>,
    pub dependencies: BTreeSet<PackageName>,
    pub requested: bool,
}

pub(super) fn draft(
    catalogue: &Catalogue,
    wanted: &[Wanted],
    problem: &Problem,
    versions: &BTreeMap<PackageName, Version>,
) -> Result<Draft, ResolveError> {
    let provider = Provider::new(catalogue, problem);
    let stopped = |stop| explain::stopped(wanted, stop);
    let mut locks = Vec::new();
    for place in 0..provider.places().len() {
        let reached = reached(&provider, versions, place).map_err(stopped)?;
        locks.push(lock(&provider, reached, place).map_err(stopped)?);
    }
    let mut warnings = warning::all(&provider, wanted, versions).map_err(stopped)?;
    warning::blame(catalogue, problem, &mut warnings);
    Ok(Draft { locks, warnings })
}

/// Follows the requirements of one platform from the project on.
pub(super) fn reached(
    provider: &Provider<'_>,
    versions: &BTreeMap<PackageName, Version>,
    place: usize,
) -> Result<BTreeMap<PackageName, Reached>, Stop> {
    let markers = &provider.places()[place].markers;
    let mut reached: BTreeMap<PackageName, Reached> = BTreeMap::new();
    let mut pending: Vec<(PackageName, BTreeSet<ExtraName>)> = Vec::new();
    for requirement in provider.problem.wanted.iter().filter(|it| it.evaluate_markers(markers, &[])) {
        pending.push((requirement.name.clone(), requirement.extras.iter().cloned().collect()));
    }
    let requested: BTreeSet<PackageName> = pending.iter().map(|(name, _)| name.clone()).collect();
    while let Some((name, extras)) = pending.pop() {
        let Some(version) = versions.get(&name) else { continue };
        let known = reached.get(&name).map(|known| &known.extras);
        if known.is_some_and(|known| known.is_superset(&extras)) {
            continue;
        }
        let extras: BTreeSet<ExtraName> = known.into_iter().flatten().chain(&extras).cloned().collect();
        let active: Vec<ExtraName> = extras.iter().cloned().collect();
        let requires = provider.requires(&name, version, place, &active)?.unwrap_or_default();
        pending.extend(requires.iter().map(|it| (it.name.clone(), it.extras.iter().cloned().collect())));
        let dependencies = requires.into_iter().map(|it| it.name).filter(|it| *it != name).collect();
        let requested = requested.contains(&name);
        reached.insert(name.clone(), Reached { name, version: version.clone(), extras, dependencies, requested });
    }
    Ok(reached)
}

fn lock(provider: &Provider<'_>, reached: BTreeMap<PackageName, Reached>, place: usize) -> Result<DraftLock, Stop> {
    let mut lock = DraftLock::default();
    for package in reached.into_values() {
        if provider.places()[place].has(&package.name, &package.version) {
            lock.kept.push(KeptPackage {
                name: package.name,
                version: package.version,
                dependencies: package.dependencies,
                requested: package.requested,
            });
            continue;
        }
        let listing = provider.listing(&package.name)?;
        if let Some(wheel) = listing.wheel(&package.version, place) {
            let source = source(provider, &listing, &package.name, &wheel);
            lock.packages.push((package, wheel, source));
        }
    }
    Ok(lock)
}

fn source(provider: &Provider<'_>, listing: &Listing, name: &PackageName, wheel: &DistributionFile) -> Source {
    let offers = provider.catalogue.direct(name);
    let direct_url = offers.iter().find(|offer| offer.file == *wheel).map(|offer| offer.wheel.url.to_string());
    let index = listing.files.as_ref().map(|files| files.index.clone()).filter(|_| direct_url.is_none());
    Source { index, direct_url }
}

/// Fills in what the index does not say of a wheel, by fetching it.
pub(super) async fn with_digests(draft: Draft, index: &Index) -> Result<Resolution, ResolveError> {
    let mut locks = Vec::new();
    for lock in draft.locks {
        let pending = lock.packages.into_iter().map(|(package, file, from)| locked(package, file, from, index));
        let packages = futures_util::future::try_join_all(pending).await?;
        locks.push(Lock { packages: packages.into_iter().flatten().collect(), kept: lock.kept });
    }
    Ok(Resolution { locks, warnings: draft.warnings })
}

async fn locked(
    package: Reached,
    file: DistributionFile,
    from: Source,
    index: &Index,
) -> Result<Option<LockedPackage>, ResolveError> {
    let FileKind::Wheel(name) = &file.kind else { return Ok(None) };
    let (sha256, size): (Digest, Option<u64>) = match file.sha256 {
        Some(sha256) => (sha256, file.size),
        None => {
            let failed =
                |error| ResolveError::Index { name: package.name.clone(), chain: Vec::new(), error: Box::new(error) };
            let (sha256, size) = index.digest(&file).await.map_err(failed)?;
            (sha256, Some(size))
        }
    };
    let Source { index, direct_url } = from;
    let wheel = LockedWheel { name: name.clone(), location: file.location.clone(), index, sha256, size, direct_url };
    let Reached { name, version, extras, dependencies, requested } = package;
    Ok(Some(LockedPackage { name, version, wheel, extras, dependencies, requested }))
}
