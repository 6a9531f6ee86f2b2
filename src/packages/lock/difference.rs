//! What changes from one lock to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::values::Lock;

/// A package whose version in the image changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The package.
    pub name: PackageName,
    /// Its version before; nothing when it is new.
    pub before: Option<Version>,
    /// Its version now; nothing when it is gone.
    pub now: Option<Version>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.before, &self.now) {
            (Some(before), Some(now)) => write!(f, "{} {before} -> {now}", self.name),
            (None, Some(now)) => write!(f, "{} {now} (new)", self.name),
            (Some(before), None) => write!(f, "{} {before} (gone)", self.name),
            (None, None) => write!(f, "{}", self.name),
        }
    }
}

impl Lock {
    /// Returns the packages whose versions are others than in the lock `before`, by name.
    #[must_use]
    pub fn since(&self, before: &Self) -> Vec<Difference> {
        let (before, now) = (before.versions(), self.versions());
        let names: BTreeSet<&PackageName> = before.keys().chain(now.keys()).copied().collect();
        let difference = |name: &PackageName| {
            let (before, now) = (before.get(name), now.get(name));
            (before != now).then(|| Difference { name: name.clone(), before: before.cloned(), now: now.cloned() })
        };
        names.into_iter().filter_map(difference).collect()
    }

    /// Returns the version of every package that the image will have of it.
    #[must_use]
    pub fn versions(&self) -> BTreeMap<&PackageName, Version> {
        let kept = self.kept.iter().map(|package| (&package.name, package.version.clone()));
        kept.chain(self.packages.iter().map(|package| (&package.name, package.version.clone()))).collect()
    }
}
