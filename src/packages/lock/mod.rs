//! Which wheels an image gets: what resolving comes to, and what a lock file remembers (PEP 751).

use std::collections::BTreeSet;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use crate::layers::Digest;
use crate::packages::index::Location;
use crate::packages::wheel::WheelName;

/// The packages of an image for one platform, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lock {
    /// The packages to install, sorted by name; none of them twice.
    pub packages: Vec<LockedPackage>,
    /// What the base has already and is good enough.
    pub kept: Vec<KeptPackage>,
}

/// A package and the one wheel that it is installed from.
#[derive(Debug, Clone, PartialEq)]
pub struct LockedPackage {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// The wheel.
    pub wheel: LockedWheel,
    /// The extras that are wanted of it.
    pub extras: BTreeSet<ExtraName>,
    /// What it needs itself, on this platform: names of this lock, or of what the base has.
    pub dependencies: BTreeSet<PackageName>,
    /// Whether the project asks for it by name (`REQUESTED`, PEP 376).
    pub requested: bool,
}

/// A wheel that is known byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedWheel {
    /// Its file's name.
    pub name: WheelName,
    /// Where it is.
    pub location: Location,
    /// The index or directory that it was found on, without credentials.
    pub index: Option<String>,
    /// The sha256 of its bytes.
    pub sha256: Digest,
    /// Its length in bytes, where it is known.
    pub size: Option<u64>,
}

/// A package that stays as the base has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPackage {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// What it needs itself.
    pub dependencies: BTreeSet<PackageName>,
    /// Whether the project asks for it by name.
    pub requested: bool,
}
