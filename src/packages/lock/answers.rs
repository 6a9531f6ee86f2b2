//! Whether somebody else's lock, which does not say what it answers, answers what the project asks.

use pep508_rs::{PackageName, Requirement, VersionOrUrl};

use super::freshness::{Change, Freshness};
use super::values::{KeptPackage, Lock, LockedPackage};
use crate::inspect::{Distribution, Facts};
use crate::packages::Target;
use crate::packages::direct;

impl Lock {
    /// Tells whether the packages of this lock, with those that stay in the base, satisfy `requirements`.
    #[must_use]
    pub fn answers(&self, requirements: &[Requirement], target: &Target) -> Freshness {
        let markers = target.markers();
        let wanted = requirements
            .iter()
            .filter(|requirement| markers.as_ref().is_none_or(|markers| requirement.evaluate_markers(markers, &[])));
        Freshness::of(wanted.filter_map(|requirement| self.fault(requirement)).collect())
    }

    /// Tells whether all that its packages need is in it or in the base: pip refuses to install anything beside the pins
    /// ("Hash-checking Mode"), and the DAG would fail at its first import.
    #[must_use]
    pub fn is_complete(&self, facts: &Facts) -> Freshness {
        let is_there = |name: &PackageName| {
            self.version(name).is_some() || facts.distributions.iter().any(|found| found.name == *name)
        };
        let needs =
            self.packages.iter().flat_map(|package| package.dependencies.iter().map(move |name| (package, name)));
        let lacking = needs.filter(|(_, name)| !is_there(name));
        Freshness::of(lacking.map(|(by, name)| Change::Needed { name: name.clone(), by: by.name.clone() }).collect())
    }

    fn fault(&self, requirement: &Requirement) -> Option<Change> {
        let asked = requirement.to_string();
        let Some(version) = self.version(&requirement.name) else { return Some(Change::Unlocked(asked)) };
        if let Ok(Some(direct)) = direct::wheel(requirement) {
            let is_it = self.package(&requirement.name).is_some_and(|package| package.wheel.sha256 == direct.sha256);
            return (!is_it).then_some(Change::OtherWheel(asked));
        }
        let satisfied = match &requirement.version_or_url {
            Some(VersionOrUrl::VersionSpecifier(specifiers)) => specifiers.contains(version),
            _ => true,
        };
        (!satisfied).then(|| Change::Other { asked, found: version.clone() })
    }

    /// Leaves what a base has already, in the very version, as the base has it.
    #[must_use]
    pub fn keeping(self, facts: &Facts) -> Self {
        let is_there = |package: &LockedPackage| {
            let same = |found: &Distribution| found.name == package.name && found.version == package.version;
            package.wheel.direct_url.is_none() && facts.distributions.iter().any(same)
        };
        let (there, packages): (Vec<_>, Vec<_>) = self.packages.into_iter().partition(is_there);
        let mut kept: Vec<KeptPackage> =
            self.kept.into_iter().chain(there.into_iter().map(KeptPackage::from)).collect();
        kept.sort_by(|one, other| one.name.cmp(&other.name));
        Self { packages, kept }
    }
}

impl From<LockedPackage> for KeptPackage {
    fn from(package: LockedPackage) -> Self {
        let LockedPackage { name, version, dependencies, requested, .. } = package;
        Self { name, version, dependencies, requested }
    }
}
