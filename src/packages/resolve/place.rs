//! A platform as the solver asks about it, and sets of platforms.

use std::collections::BTreeMap;
use std::fmt;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{MarkerEnvironment, PackageName, Requirement};

use super::{ForPlatform, ResolveError};
use crate::image::Platform;
use crate::inspect::Distribution;
use crate::packages::target::Tags;
use crate::packages::{direct, requirements};

/// What decides on one platform: its markers, its tags, its Python, what its base has.
#[derive(Debug)]
pub(super) struct Place {
    pub platform: Platform,
    /// The release alone: pip holds `Requires-Python` against `3.13.0` on 3.13.0rc1 as well.
    pub python: Version,
    pub markers: MarkerEnvironment,
    pub tags: Tags,
    pub installed: BTreeMap<PackageName, Installed>,
}

/// A distribution that the base has.
#[derive(Debug)]
pub(super) struct Installed {
    pub version: Version,
    pub requires: Vec<Requirement>,
}

impl Place {
    pub(super) fn new(platform: &ForPlatform<'_>) -> Result<Self, ResolveError> {
        let target = platform.target;
        let markers = target.markers().ok_or_else(|| ResolveError::Python { version: target.python.clone() })?;
        let installed = platform.facts.distributions.iter().map(|found| (found.name.clone(), Installed::new(found)));
        Ok(Self {
            platform: target.platform.clone(),
            python: target.python.only_release(),
            markers,
            tags: target.tags(),
            installed: installed.collect(),
        })
    }

    /// Returns whether a `Requires-Python` lets this Python in.
    pub(super) fn runs(&self, requires_python: Option<&VersionSpecifiers>) -> bool {
        requires_python.is_none_or(|specifiers| specifiers.contains(&self.python))
    }

    /// Returns whether the base has this very version.
    pub(super) fn has(&self, name: &PackageName, version: &Version) -> bool {
        self.installed.get(name).is_some_and(|found| found.version == *version)
    }
}

impl Installed {
    /// What cannot be read of a base's own metadata cannot be resolved either, and is left as the base has it.
    fn new(found: &Distribution) -> Self {
        Self {
            version: found.version.clone(),
            requires: found
                .requires
                .iter()
                .filter_map(|text| requirements::parse(text).ok())
                .map(|it| direct::pinned(&it))
                .collect(),
        }
    }
}

/// A set of platforms, as a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct Mask(u64);

impl Mask {
    /// How many platforms an image can have.
    pub(super) const LIMIT: usize = 64;

    pub(super) fn one(place: usize) -> Self {
        Self(1 << place)
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn has(self, place: usize) -> bool {
        self.0 & (1 << place) != 0
    }

    pub(super) fn places(self) -> impl Iterator<Item = usize> {
        (0..Self::LIMIT).filter(move |place| self.has(*place))
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:b}", self.0)
    }
}
