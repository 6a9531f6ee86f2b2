//! The packages of two images into those that were added, removed or have another version.

use std::collections::{BTreeMap, BTreeSet};

/// Versions by name, as far as they are known.
pub type Packages = BTreeMap<String, String>;

/// A package whose version differs; it is there on one side at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageChange {
    /// The package.
    pub name: String,
    /// Its version before; nothing when it is new.
    pub before: Option<String>,
    /// Its version now; nothing when it is gone.
    pub now: Option<String>,
}

/// Returns the packages that differ, by name.
#[must_use]
pub fn packages(before: &Packages, now: &Packages) -> Vec<PackageChange> {
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let change = |name: &String| {
        let (before, now) = (before.get(name).cloned(), now.get(name).cloned());
        (before != now).then(|| PackageChange { name: name.clone(), before, now })
    };
    names.into_iter().filter_map(change).collect()
}
