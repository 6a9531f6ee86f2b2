//! The text of our own pylock.toml back into the lock.

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;

use pep440_rs::Version;
use pep508_rs::PackageName;
use toml::Spanned;
use url::Url;

use super::document::{self, Base, Document, Kept, Ours, Package, Replaced, Source, Wheel};
use super::error::LockError;
use super::values::{BaseOfLock, KeptPackage, Lock, LockFile, LockedPackage, LockedWheel};
use super::write::{FORMAT, public, stripped};
use crate::inspect::{Distribution, Facts, Interpreter, Libc};
use crate::packages::Target;
use crate::packages::index::Location;

const ANEW: &str = "write it anew: `leoflow lock`";

/// Reads a lock file that `leoflow lock` wrote; `path` is where it is, which relative paths in it are relative to.
///
/// # Errors
/// With the place of what is not as it should be.
pub fn read(text: &str, path: &Path) -> Result<LockFile, LockError> {
    let source = Source::new(text, path);
    let document = document::parse(&source)?;
    match &document.tool.leoflow {
        Some(ours) => lock_file(&source, &document, ours),
        None => Err(source.fault(0..0, "the file has no `[tool.leoflow]`: somebody else wrote it", ANEW)),
    }
}

pub(super) fn lock_file(source: &Source, document: &Document, ours: &Ours) -> Result<LockFile, LockError> {
    if *ours.format.get_ref() != FORMAT {
        let message =
            format!("`tool.leoflow.format` {} is another than this program's, {FORMAT}", ours.format.get_ref());
        return Err(source.fault(
            ours.format.span(),
            message,
            "update leoflow, or write the file anew: `leoflow lock`",
        ));
    }
    let target = target(source, ours)?;
    let requested = requested(source, &ours.requirements)?;
    let lock = Lock { packages: packages(source, document, &requested)?, kept: kept(source, ours, &requested)? };
    let base = ours.base.as_ref().map(|base| self::base(source, base, &target)).transpose()?;
    let requirements = ours.requirements.iter().map(|text| text.get_ref().clone()).collect();
    Ok(LockFile { target, requirements, base, lock })
}

fn target(source: &Source, ours: &Ours) -> Result<Target, LockError> {
    let LibcText(libc) = source.parse(&ours.libc, "a C library such as `glibc 2.36`")?;
    Ok(Target {
        platform: source.parse(&ours.platform, "a platform such as `linux/amd64`")?,
        python: source.parse(&ours.python, "a version of Python")?,
        libc,
    })
}

/// The names that the project asks for.
fn requested(source: &Source, requirements: &[Spanned<String>]) -> Result<BTreeSet<PackageName>, LockError> {
    let parse = |text: &Spanned<String>| {
        let fault = |_| source.fault(text.span(), format!("`{}` is not a requirement (PEP 508)", text.get_ref()), ANEW);
        crate::packages::requirements::parse(text.get_ref()).map(|requirement| requirement.name).map_err(fault)
    };
    requirements.iter().map(parse).collect()
}

fn packages(
    source: &Source,
    document: &Document,
    requested: &BTreeSet<PackageName>,
) -> Result<Vec<LockedPackage>, LockError> {
    let mut packages: Vec<LockedPackage> = Vec::with_capacity(document.packages.len());
    for entry in &document.packages {
        let package = package(source, entry, requested)?;
        match packages.last().map(|last| last.name.cmp(&package.name)) {
            Some(std::cmp::Ordering::Equal) => {
                let message = format!("`{}` is locked twice", package.name);
                return Err(source.fault(entry.name.span(), message, ANEW));
            }
            Some(std::cmp::Ordering::Greater) => {
                let message = format!("`{}` is not in its place: packages are sorted by name", package.name);
                return Err(source.fault(entry.name.span(), message, ANEW));
            }
            _ => packages.push(package),
        }
    }
    Ok(packages)
}

fn package(source: &Source, entry: &Package, requested: &BTreeSet<PackageName>) -> Result<LockedPackage, LockError> {
    let name = name(source, &entry.name)?;
    let Some(version) = &entry.version else {
        return Err(source.fault(entry.name.span(), format!("`{name}` has no version"), ANEW));
    };
    let version = self::version(source, version)?;
    let wheel = match (&entry.wheels[..], &entry.archive) {
        ([], Some(archive)) => self::archive(source, archive)?,
        ([wheel], None) => self::wheel(source, wheel, entry.index.clone())?,
        (wheels, _) => {
            let message = format!("`{name}` has {} wheels, not one", wheels.len());
            return Err(source.fault(entry.name.span(), message, ANEW));
        }
    };
    check_wheel(source, entry, &wheel, &name, &version)?;
    let ours = &entry.tool.leoflow;
    let dependencies = entry.dependencies.iter().map(|dependency| &dependency.name).chain(&ours.dependencies_in_base);
    Ok(LockedPackage {
        requested: requested.contains(&name),
        dependencies: dependencies.map(|text| self::name(source, text)).collect::<Result<_, _>>()?,
        extras: ours.extras.iter().map(|text| source.parse(text, "an extra")).collect::<Result<_, _>>()?,
        name,
        version,
        wheel,
    })
}

/// A wheel of something else under a package's name would be installed as that package.
pub(super) fn check_wheel(
    source: &Source,
    entry: &Package,
    wheel: &LockedWheel,
    name: &PackageName,
    version: &Version,
) -> Result<(), LockError> {
    if wheel.name.name == *name && wheel.name.version == *version {
        return Ok(());
    }
    let message = format!("`{}` is no wheel of {name} {version}", wheel.name);
    Err(source.fault(entry.name.span(), message, ANEW))
}

/// Reads `packages.wheels`; its name may be that of its place.
pub(super) fn wheel(source: &Source, wheel: &Spanned<Wheel>, index: Option<String>) -> Result<LockedWheel, LockError> {
    let (range, wheel) = (wheel.span(), wheel.get_ref());
    let location = location(source, wheel, &range)?;
    let name = wheel.name.clone().or_else(|| last_part(&location)).unwrap_or_default();
    let name = name.parse().map_err(|error| source.fault(range.clone(), format!("{error}"), ANEW))?;
    let Some(sha256) = wheel.hashes.get("sha256") else {
        let message = format!("`{name}` has no sha256, by which it could be verified");
        return Err(source.fault(range, message, ANEW));
    };
    let digest = format!("sha256:{}", sha256.get_ref()).parse();
    let Ok(sha256) = digest else {
        return Err(source.fault(sha256.span(), "this is no sha256: 64 hexadecimal digits in lowercase", ANEW));
    };
    let index = index.as_deref().and_then(public).or_else(|| Some(beside(&location)));
    Ok(LockedWheel { name, location, index, sha256, size: wheel.size, direct_url: None })
}

/// Reads `packages.archive` that is a wheel: a direct reference (PEP 610).
///
/// Of a path, the file's name is all that is passed on: where it lay on the machine that builds is nobody's business, and
/// would give every machine another digest.
pub(super) fn archive(source: &Source, archive: &Spanned<Wheel>) -> Result<LockedWheel, LockError> {
    let wheel = self::wheel(source, archive, None)?;
    let direct_url = match &wheel.location {
        Location::Url(url) => url.to_string(),
        Location::Path(_) => format!("file:///{}", wheel.name),
    };
    Ok(LockedWheel { index: None, direct_url: Some(direct_url), ..wheel })
}

fn location(source: &Source, wheel: &Wheel, range: &std::ops::Range<usize>) -> Result<Location, LockError> {
    let directory = source.0.path.parent().unwrap_or(Path::new(""));
    match (&wheel.path, &wheel.url) {
        (Some(path), _) => Ok(Location::Path(directory.join(path.get_ref()))),
        (None, Some(url)) => address(source, url),
        (None, None) => Err(source.fault(range.clone(), "the wheel has neither a `url` nor a `path`", ANEW)),
    }
}

/// Where a wheel was found that no index is told of: only an `archive` counts as a direct reference (PEP 610).
fn beside(location: &Location) -> String {
    match location {
        Location::Url(url) => url.join(".").map_or_else(|_| url.to_string(), |url| url.to_string()),
        Location::Path(path) => path.parent().unwrap_or(Path::new("")).display().to_string(),
    }
}

fn address(source: &Source, text: &Spanned<String>) -> Result<Location, LockError> {
    let url: Url = source.parse(text, "a URL")?;
    match url.scheme() {
        "https" | "http" => Ok(Location::Url(stripped(&url))),
        "file" if let Ok(path) = url.to_file_path() => Ok(Location::Path(path)),
        _ => Err(source.fault(text.span(), "wheels are had over http and https", ANEW)),
    }
}

fn last_part(location: &Location) -> Option<String> {
    match location {
        Location::Url(url) => {
            let last = url.path_segments()?.next_back()?;
            Some(percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned())
        }
        Location::Path(path) => Some(path.file_name()?.to_string_lossy().into_owned()),
    }
}

fn kept(source: &Source, ours: &Ours, requested: &BTreeSet<PackageName>) -> Result<Vec<KeptPackage>, LockError> {
    let kept = |kept: &Kept| {
        let name = name(source, &kept.name)?;
        Ok(KeptPackage {
            version: version(source, &kept.version)?,
            dependencies: kept.dependencies.iter().map(|text| self::name(source, text)).collect::<Result<_, _>>()?,
            requested: requested.contains(&name),
            name,
        })
    };
    ours.kept.iter().map(kept).collect()
}

fn base(source: &Source, base: &Base, target: &Target) -> Result<BaseOfLock, LockError> {
    let python = Interpreter {
        version: target.python.clone(),
        executable: base.python.executable.clone(),
        site_packages: base.python.site_packages.clone(),
        scripts: base.python.scripts.clone(),
        prefix: base.python.prefix.clone(),
        include: base.python.include.clone(),
    };
    let distributions = base.replaced.iter().map(|replaced| self::replaced(source, replaced));
    let facts = Facts {
        python: Some(python),
        libc: Some(target.libc),
        distributions: distributions.collect::<Result<_, _>>()?,
        debian: base.debian.clone(),
        pythons: Vec::new(),
    };
    Ok(BaseOfLock { digest: source.parse(&base.digest, "a digest")?, facts })
}

fn replaced(source: &Source, replaced: &Replaced) -> Result<Distribution, LockError> {
    Ok(Distribution {
        name: name(source, &replaced.name)?,
        version: version(source, &replaced.version)?,
        requires: Vec::new(),
        extras: Vec::new(),
        directory: replaced.directory.clone(),
        files: replaced.files.clone(),
    })
}

pub(super) fn name(source: &Source, text: &Spanned<String>) -> Result<PackageName, LockError> {
    source.parse(text, "a package's name")
}

pub(super) fn version(source: &Source, text: &Spanned<String>) -> Result<Version, LockError> {
    source.parse(text, "a version (PEP 440)")
}

/// `glibc 2.36`
struct LibcText(Libc);

impl FromStr for LibcText {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (name, version) = text.split_once(' ').ok_or(())?;
        let (major, minor) = version.split_once('.').ok_or(())?;
        let (major, minor) = (major.parse().map_err(drop)?, minor.parse().map_err(drop)?);
        match name {
            "glibc" => Ok(Self(Libc::Glibc { major, minor })),
            "musl" => Ok(Self(Libc::Musl { major, minor })),
            _ => Err(()),
        }
    }
}
