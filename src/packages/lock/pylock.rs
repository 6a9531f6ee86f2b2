//! A pylock.toml that uv, pip, PDM or another wrote: for many platforms, with markers and several wheels a package.
//!
//! Read as the specification's "Installation" has it, but nothing is built: a package without a wheel is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{MarkerEnvironment, PackageName};
use toml::Spanned;

use super::document::{Document, Package, Source};
use super::error::LockError;
use super::groups;
use super::read::{archive, check_wheel, name, version, wheel};
use super::values::{Lock, LockedPackage, LockedWheel};
use crate::packages::target::{Tags, Target};

const HELP: &str = "lock for this target as well, or remove the file and run `leoflow lock`";

/// A pylock.toml of others, in whole.
pub struct Pylock {
    pub(super) source: Source,
    pub(super) document: Document,
}

/// What is asked of each package.
struct Chosen<'a> {
    source: &'a Source,
    target: &'a Target,
    markers: MarkerEnvironment,
    tags: Tags,
    groups: &'a [String],
}

impl Pylock {
    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.source.0.path
    }

    /// Returns the names in it.
    pub(super) fn names(&self) -> BTreeSet<PackageName> {
        self.document.packages.iter().filter_map(|entry| entry.name.get_ref().parse().ok()).collect()
    }

    /// Returns the versions that it locks, of packages that it has in one version for all platforms.
    #[must_use]
    pub fn versions(&self) -> BTreeMap<PackageName, Version> {
        let mut versions: BTreeMap<PackageName, BTreeSet<Version>> = BTreeMap::new();
        for entry in &self.document.packages {
            let version = entry.version.as_ref().and_then(|text| text.get_ref().parse().ok());
            if let (Ok(name), Some(version)) = (entry.name.get_ref().parse(), version) {
                versions.entry(name).or_default().insert(version);
            }
        }
        let only =
            |(name, mut all): (_, BTreeSet<_>)| all.pop_first().filter(|_| all.is_empty()).map(|one| (name, one));
        versions.into_iter().filter_map(only).collect()
    }

    /// Returns what it locks for a target: one wheel a package, the one that fits best.
    ///
    /// # Errors
    /// When it is not for that target, or a package has no wheel that runs there.
    pub fn lock(&self, target: &Target, requested: &BTreeSet<PackageName>) -> Result<Lock, LockError> {
        let chosen = Chosen {
            source: &self.source,
            target,
            markers: target.markers().ok_or_else(|| self.not_for(target, 0..0))?,
            tags: target.tags(),
            groups: &self.document.default_groups,
        };
        self.check_environment(&chosen)?;
        let mut packages: Vec<LockedPackage> = Vec::new();
        for entry in &self.document.packages {
            if !chosen.is_wanted(entry)? {
                continue;
            }
            let package = chosen.package(entry, requested)?;
            if packages.iter().any(|other| other.name == package.name) {
                let message = format!("`{}` is locked twice for {}", package.name, chosen.whom());
                return Err(self.source.fault(entry.name.span(), message, HELP));
            }
            packages.push(package);
        }
        packages.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Lock { packages, kept: Vec::new() })
    }

    fn check_environment(&self, chosen: &Chosen<'_>) -> Result<(), LockError> {
        if let Some(python) = &self.document.requires_python {
            chosen.check_python(python, "the file")?;
        }
        let Some(environments) = self.document.environments.as_ref().filter(|all| !all.is_empty()) else {
            return Ok(());
        };
        let fits = environments.iter().map(|marker| chosen.holds(marker)).collect::<Result<Vec<_>, _>>()?;
        if fits.contains(&true) { Ok(()) } else { Err(self.not_for(chosen.target, environments[0].span())) }
    }

    fn not_for(&self, target: &Target, range: std::ops::Range<usize>) -> LockError {
        self.source.fault(range, format!("the file is not for {} with Python {}", target.platform, target.python), HELP)
    }
}

impl Chosen<'_> {
    fn whom(&self) -> String {
        format!("{} with Python {}", self.target.platform, self.target.python)
    }

    fn is_wanted(&self, entry: &Package) -> Result<bool, LockError> {
        entry.marker.as_ref().map_or(Ok(true), |marker| self.holds(marker))
    }

    fn holds(&self, marker: &Spanned<String>) -> Result<bool, LockError> {
        let fault =
            || self.source.fault(marker.span(), format!("`{}` is not a marker (PEP 508)", marker.get_ref()), HELP);
        let tree = groups::marker(marker.get_ref(), self.groups).ok_or_else(fault)?;
        Ok(tree.evaluate(&self.markers, &[]))
    }

    fn check_python(&self, python: &Spanned<String>, what: &str) -> Result<(), LockError> {
        let wanted: VersionSpecifiers = self.source.parse(python, "a Python version specifier")?;
        if wanted.contains(&self.target.python) {
            return Ok(());
        }
        let message = format!("{what} is for Python {wanted}, and the base has {}", self.target.python);
        Err(self.source.fault(python.span(), message, HELP))
    }

    fn package(&self, entry: &Package, requested: &BTreeSet<PackageName>) -> Result<LockedPackage, LockError> {
        let name = name(self.source, &entry.name)?;
        if let Some(python) = &entry.requires_python {
            self.check_python(python, &format!("`{name}`"))?;
        }
        let wheel = self.wheel(entry, &name)?;
        let version = entry.version.as_ref().map(|text| version(self.source, text)).transpose()?;
        let version = version.unwrap_or_else(|| wheel.name.version.clone());
        check_wheel(self.source, entry, &wheel, &name, &version)?;
        let dependencies = entry.dependencies.iter().map(|dependency| self::name(self.source, &dependency.name));
        Ok(LockedPackage {
            requested: requested.contains(&name),
            dependencies: dependencies.collect::<Result<_, _>>()?,
            extras: BTreeSet::new(),
            name,
            version,
            wheel,
        })
    }

    /// Returns the wheel that fits best; of equals, the one with the greater build tag.
    fn wheel(&self, entry: &Package, name: &PackageName) -> Result<LockedWheel, LockError> {
        let listed = entry.wheels.iter().map(|listed| wheel(self.source, listed, entry.index.clone()));
        let archive = entry.archive.iter().filter(|archive| is_wheel(archive.get_ref()));
        let direct = archive.map(|archive| self::archive(self.source, archive));
        let wheels = listed.chain(direct).collect::<Result<Vec<_>, LockError>>()?;
        let ranked = wheels.iter().filter_map(|wheel| Some((self.tags.rank(&wheel.name)?, wheel)));
        let best = ranked.min_by(|(rank, one), (other_rank, other)| {
            rank.cmp(other_rank).then_with(|| other.name.build.cmp(&one.name.build))
        });
        best.map(|(_, wheel)| wheel.clone()).ok_or_else(|| self.no_wheel(entry, name, &wheels))
    }

    fn no_wheel(&self, entry: &Package, name: &PackageName, wheels: &[LockedWheel]) -> LockError {
        let source =
            |message: &str, help: &str| self.source.fault(entry.name.span(), format!("`{name}` {message}"), help);
        let prebuilt = "leoflow builds nothing: use a version that has wheels, or build one and give its directory with \
                        --find-links, then run `leoflow lock`";
        if entry.directory.is_some() {
            let help = "write the lock without the project itself: `uv export --no-emit-project --format pylock.toml`";
            return source("is a directory, not a package", help);
        }
        if entry.vcs.is_some() || entry.archive.is_some() {
            return source("is source code, which would have to be built", prebuilt);
        }
        if wheels.is_empty() {
            return source("has a source distribution only, which would have to be built", prebuilt);
        }
        let tags: BTreeSet<String> = wheels.iter().map(|wheel| wheel.name.platform.join(".")).collect();
        let tags: Vec<String> = tags.into_iter().take(4).collect();
        source(&format!("has no wheel that runs on {}: there are some for {}", self.whom(), tags.join(", ")), HELP)
    }
}

fn is_wheel(archive: &super::document::Wheel) -> bool {
    let place = archive.path.as_ref().or(archive.url.as_ref());
    place.is_some_and(|place| place.get_ref().ends_with(".whl"))
}
