//! What resolving comes to, and what a lock file remembers of it.

use std::collections::BTreeSet;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName};

use crate::inspect::{Distribution, Facts};
use crate::layers::Digest;
use crate::packages::Target;
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
    /// The URL that it was asked for by, if it was (PEP 610): it then comes from nowhere else, unless its bytes do.
    pub direct_url: Option<String>,
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

/// What `leoflow lock` writes: the packages of an image, and what they are the answer to.
#[derive(Debug, Clone, PartialEq)]
pub struct LockFile {
    /// What the packages are for.
    pub target: Target,
    /// The requirements that they answer: canonical, sorted ([`super::canonical`]).
    pub requirements: Vec<String>,
    /// The base that they were chosen for; without it, its layers are read.
    pub base: Option<BaseOfLock>,
    /// The packages.
    pub lock: Lock,
}

/// What a lock file remembers of a base, so that nobody has to read the base's layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseOfLock {
    /// The digest of the base's manifest for the platform.
    pub digest: Digest,
    /// Its interpreter and C library, and the distributions that the lock's packages replace.
    pub facts: Facts,
}

impl BaseOfLock {
    /// Takes what an install needs of a base: of its distributions only those that are replaced, of its Debian packages
    /// those that the project asks for.
    #[must_use]
    pub fn new(digest: Digest, facts: &Facts, lock: &Lock, system_packages: &[String]) -> Self {
        let replaced = |found: &&Distribution| lock.package(&found.name).is_some();
        let distributions = facts.distributions.iter().filter(replaced).map(only_files).collect();
        let debian = system_packages.iter().filter(|name| facts.debian.contains(*name)).cloned().collect();
        let python = facts.python.clone();
        let facts = Facts { python, libc: facts.libc, distributions, debian, pythons: Vec::new() };
        Self { digest, facts }
    }
}

/// What a replaced distribution required matters to nobody.
fn only_files(distribution: &Distribution) -> Distribution {
    let mut files = distribution.files.clone();
    files.sort();
    Distribution { requires: Vec::new(), extras: Vec::new(), files, ..distribution.clone() }
}

impl Lock {
    /// Returns the package of that name, if it is installed.
    #[must_use]
    pub fn package(&self, name: &PackageName) -> Option<&LockedPackage> {
        self.packages.binary_search_by(|package| package.name.cmp(name)).ok().map(|at| &self.packages[at])
    }

    /// Returns the version that the image will have of a package, whether it is installed or was there.
    #[must_use]
    pub fn version(&self, name: &PackageName) -> Option<&Version> {
        let kept = || self.kept.iter().find(|kept| kept.name == *name).map(|kept| &kept.version);
        self.package(name).map(|package| &package.version).or_else(kept)
    }
}
