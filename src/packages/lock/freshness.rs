//! Whether a lock still answers what is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pep440_rs::Version;
use pep508_rs::PackageName;

use super::values::{KeptPackage, LockFile};
use crate::inspect::Facts;
use crate::packages::Target;
use crate::packages::requirements::parse;
use crate::packages::wheel::WheelName;

/// Whether a lock still answers what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// It does.
    Fresh,
    /// It does not; what is different now, at least one thing.
    Stale(Vec<Change>),
}

/// What is different now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A requirement that the lock does not know.
    Added(String),
    /// A requirement that nobody asks for any more.
    Removed(String),
    /// A requirement that reads differently.
    Changed {
        /// In the lock.
        before: String,
        /// Now.
        now: String,
    },
    /// A requirement that somebody else's lock has no package for.
    Unlocked(String),
    /// A requirement that somebody else's lock has another version for.
    Other {
        /// The requirement.
        asked: String,
        /// The version in the lock.
        found: Version,
    },
    /// A package that somebody else's lock lacks, and the base too.
    Needed {
        /// The package.
        name: PackageName,
        /// A package of the lock.
        by: PackageName,
    },
    /// The base has another Python.
    Python {
        /// In the lock.
        before: Version,
        /// Now.
        now: Version,
    },
    /// The base has another version of a package that was good enough, or has it no more.
    Base {
        /// The package.
        name: PackageName,
        /// In the lock.
        before: Version,
        /// Now.
        now: Option<Version>,
    },
    /// A wheel that is asked for by its sha256, of which somebody else's lock has another.
    OtherWheel(String),
    /// A wheel of the lock that does not run on the base, whose C library is older or another.
    Wheel(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(requirement) => write!(f, "`{requirement}` was added"),
            Self::Removed(requirement) => write!(f, "`{requirement}` was removed"),
            Self::Changed { before, now } => write!(f, "`{before}` became `{now}`"),
            Self::Unlocked(requirement) => write!(f, "`{requirement}` is not locked"),
            Self::Other { asked, found } => write!(f, "`{asked}` is asked for, {found} is locked"),
            Self::OtherWheel(requirement) => write!(f, "`{requirement}` is asked for, another wheel is locked"),
            Self::Needed { name, by } => write!(f, "`{by}` needs `{name}`, which the lock does not hold"),
            Self::Python { before, now } => write!(f, "the base's Python is {now}, it was {before}"),
            Self::Base { name, before, now: Some(now) } => write!(f, "the base has {name} {now}, it had {before}"),
            Self::Base { name, before, now: None } => write!(f, "the base has no {name} any more, it had {before}"),
            Self::Wheel(file) => write!(f, "`{file}` does not run on the base"),
        }
    }
}

impl Freshness {
    /// Tells whether both are fresh, or all that is different.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let changes = |freshness| match freshness {
            Self::Fresh => Vec::new(),
            Self::Stale(changes) => changes,
        };
        Self::of([changes(self), changes(other)].concat())
    }

    pub(super) fn of(changes: Vec<Change>) -> Self {
        if changes.is_empty() { Self::Fresh } else { Self::Stale(changes) }
    }
}

/// Tells whether a lock answers `requirements`, canonical as [`super::canonical`] returns them.
#[must_use]
pub fn freshness(file: &LockFile, requirements: &[String]) -> Freshness {
    let (before, now) = (by_name(&file.requirements), by_name(requirements));
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let none = BTreeSet::new();
    let of = |side: &'_ BTreeMap<String, BTreeSet<String>>, name| side.get(name).unwrap_or(&none).clone();
    Freshness::of(names.into_iter().flat_map(|name| changes(&of(&before, name), &of(&now, name))).collect())
}

/// Several requirements may have one name, each with a marker of its own.
fn by_name(requirements: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let mut by_name: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for text in requirements {
        let name = parse(text).map_or_else(|_| text.clone(), |parsed| parsed.name.to_string());
        by_name.entry(name).or_default().insert(text.clone());
    }
    by_name
}

fn changes(before: &BTreeSet<String>, now: &BTreeSet<String>) -> Vec<Change> {
    let gone: Vec<&String> = before.difference(now).collect();
    let new: Vec<&String> = now.difference(before).collect();
    if let ([before], [now]) = (&gone[..], &new[..]) {
        return vec![Change::Changed { before: (*before).clone(), now: (*now).clone() }];
    }
    let gone = gone.into_iter().map(|text| Change::Removed(text.clone()));
    gone.chain(new.into_iter().map(|text| Change::Added(text.clone()))).collect()
}

impl LockFile {
    /// Tells whether a base other than the lock's will do: the same Python but for its patch release, a C library on which
    /// the wheels run, and the packages that were kept, in the same versions.
    #[must_use]
    pub fn fits(&self, facts: &Facts) -> Freshness {
        let target = facts.libc.map(|libc| Target { libc, ..self.target.clone() });
        let tags = target.map(|target| target.tags());
        let runs = |wheel: &WheelName| tags.as_ref().is_some_and(|tags| tags.rank(wheel).is_some());
        let wheels = self.lock.packages.iter().map(|package| &package.wheel.name).filter(|wheel| !runs(wheel));
        let wheels = wheels.map(|wheel| Change::Wheel(wheel.to_string()));
        let python = facts.python.as_ref().map(|python| &python.version);
        let other = python.filter(|now| now.release().iter().take(2).ne(self.target.python.release().iter().take(2)));
        let python = other.map(|now| Change::Python { before: self.target.python.clone(), now: now.clone() });
        let kept = self.lock.kept.iter().filter_map(|kept| moved(kept, facts));
        Freshness::of(python.into_iter().chain(wheels).chain(kept).collect())
    }
}

fn moved(kept: &KeptPackage, facts: &Facts) -> Option<Change> {
    let found = facts.distributions.iter().find(|found| found.name == kept.name).map(|found| found.version.clone());
    let change = Change::Base { name: kept.name.clone(), before: kept.version.clone(), now: found.clone() };
    (found.as_ref() != Some(&kept.version)).then_some(change)
}
