//! What the packages of somebody else's lock need, by their wheels' own metadata: such locks seldom say it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::try_join_all;
use pep508_rs::{ExtraName, MarkerEnvironment, PackageName, Requirement, VersionOrUrl};

use super::error::LockError;
use super::freshness::{Change, Freshness};
use super::values::Lock;
use crate::inspect::Facts;
use crate::packages::Target;
use crate::packages::index::{Index, IndexError, Metadata};

/// What each package of a lock says of itself, in the lock's order; nothing where that cannot be known.
type Known = Vec<Option<Arc<Metadata>>>;

type Extras = BTreeMap<PackageName, BTreeSet<ExtraName>>;

impl Lock {
    /// Fills in what its packages need on `target`, and tells whether the lock or the base has all of it.
    ///
    /// In which version is left to who wrote the lock: overriding what a package asks for is what some locks are for.
    ///
    /// # Errors
    /// When a wheel's metadata cannot be had, or is that of something else.
    pub async fn with_needs(
        mut self,
        asked: &[Requirement],
        target: &Target,
        facts: &Facts,
        index: &Index,
    ) -> Result<(Self, Freshness), LockError> {
        let Some(markers) = target.markers() else { return Ok((self, Freshness::Fresh)) };
        let known = try_join_all(self.packages.iter().map(|package| metadata(package, index))).await?;
        let extras = extras(asked, &known, &markers);
        let mut lacking = Vec::new();
        for (at, metadata) in known.iter().enumerate() {
            let Some(metadata) = metadata else { continue };
            let needs = needs(metadata, &extras, &markers);
            lacking.extend(
                needs
                    .iter()
                    .filter(|need| !self.has(need, facts))
                    .map(|need| Change::Needed { name: need.name.clone(), by: metadata.name.clone() }),
            );
            self.packages[at].dependencies =
                needs.into_iter().map(|need| need.name).filter(|name| *name != metadata.name).collect();
            self.packages[at].extras = extras.get(&metadata.name).cloned().unwrap_or_default();
        }
        lacking.dedup();
        Ok((self, Freshness::of(lacking)))
    }

    /// Returns whether a need is in the lock, or in the base in a version that will do.
    fn has(&self, need: &Requirement, facts: &Facts) -> bool {
        let will_do = |version| match &need.version_or_url {
            Some(VersionOrUrl::VersionSpecifier(specifiers)) => specifiers.contains(version),
            _ => true,
        };
        let in_base = || facts.distributions.iter().any(|found| found.name == need.name && will_do(&found.version));
        self.version(&need.name).is_some() || in_base()
    }
}

/// Returns what a wheel says of itself; of one that may not be asked for, nobody knows, and it may not be needed either.
async fn metadata(package: &super::LockedPackage, index: &Index) -> Result<Option<Arc<Metadata>>, LockError> {
    match index.wheel_metadata(&package.wheel).await {
        Ok(metadata) => Ok(Some(metadata)),
        Err(IndexError::NotHere { .. } | IndexError::Offline { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Returns the extras that are wanted of each package, by the project and by one another.
fn extras(asked: &[Requirement], known: &Known, markers: &MarkerEnvironment) -> Extras {
    let mut extras = Extras::new();
    for requirement in asked.iter().filter(|requirement| requirement.evaluate_markers(markers, &[])) {
        extras.entry(requirement.name.clone()).or_default().extend(requirement.extras.iter().cloned());
    }
    loop {
        let before = count(&extras);
        for metadata in known.iter().flatten() {
            for need in needs(metadata, &extras, markers) {
                extras.entry(need.name).or_default().extend(need.extras);
            }
        }
        if count(&extras) == before {
            return extras;
        }
    }
}

fn count(extras: &Extras) -> usize {
    extras.values().map(BTreeSet::len).sum()
}

fn needs(metadata: &Metadata, extras: &Extras, markers: &MarkerEnvironment) -> Vec<Requirement> {
    let active: Vec<ExtraName> = extras.get(&metadata.name).into_iter().flatten().cloned().collect();
    metadata.requires.iter().filter(|need| need.evaluate_markers(markers, &active)).cloned().collect()
}
