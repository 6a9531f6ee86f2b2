//! requirements.txt with hashes: what it pins (pip's "Requirements File Format" and "Hash-checking Mode").
//!
//! It holds names, versions and hashes, no places: which files they are, an index tells. A requirements.txt without any
//! hash is an ordinary file of the project and no lock.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use pep440_rs::{Operator, Version};
use pep508_rs::{ExtraName, MarkerTree, PackageName, Requirement, VersionOrUrl};

use super::document::Source;
use super::error::{LockError, LockFault};
use super::lines::{Line, lines};
use crate::layers::Digest;
use crate::secret::masked;
use crate::source::SourceSpan;

/// How deep files may include one another.
const MAX_DEPTH: usize = 8;

const HELP: &str =
    "write it with hashes and exact versions (`uv pip compile --generate-hashes`), or run `leoflow lock`";

/// What a requirements.txt pins.
#[derive(Debug, Clone, PartialEq)]
pub struct Pins {
    /// The file.
    pub path: PathBuf,
    /// One a line, in the order of the file.
    pub pins: Vec<Pin>,
    /// Options that were not followed, each with its place.
    pub ignored: Vec<LockFault>,
}

/// `requests[socks]==2.34.2 ; python_version > "3" --hash=sha256:…`
#[derive(Debug, Clone, PartialEq)]
pub struct Pin {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// Its extras.
    pub extras: BTreeSet<ExtraName>,
    /// When it is wanted.
    pub marker: MarkerTree,
    /// The sha256 of each file that will do.
    pub hashes: BTreeSet<Digest>,
    /// Where it stands.
    pub span: SourceSpan,
}

/// Reads a requirements.txt with all that it includes; `load` returns the text of an included file.
///
/// Returns nothing when no line has a hash.
///
/// # Errors
/// With the line that is not pinned by version and hash.
pub(super) fn read(
    text: &str,
    path: &Path,
    load: &dyn Fn(&Path) -> Result<String, LockError>,
) -> Result<Option<Pins>, LockError> {
    let mut reading = Reading { load, hashed: false, unpinned: None, pins: Vec::new(), ignored: Vec::new() };
    reading.file(text, path, 0);
    if !reading.hashed {
        return Ok(None);
    }
    match reading.unpinned {
        Some(error) => Err(error),
        None => Ok(Some(Pins { path: path.to_owned(), pins: reading.pins, ignored: reading.ignored })),
    }
}

struct Reading<'a> {
    load: &'a dyn Fn(&Path) -> Result<String, LockError>,
    /// Whether any line has a hash.
    hashed: bool,
    /// The first fault: of interest only if the file is a lock at all.
    unpinned: Option<LockError>,
    pins: Vec<Pin>,
    ignored: Vec<LockFault>,
}

impl Reading<'_> {
    fn file(&mut self, text: &str, path: &Path, depth: usize) {
        let source = Source::new(text, path);
        for line in lines(&source.0.text) {
            if let Some(included) = line.included() {
                self.include(&source, &line, included, depth);
            } else if line.text.starts_with('-') {
                self.option(&source, &line);
            } else {
                self.requirement(&source, &line);
            }
        }
    }

    fn include(&mut self, source: &Source, line: &Line, name: &str, depth: usize) {
        let path = source.0.path.parent().unwrap_or(Path::new("")).join(name);
        let outside = Path::new(name).is_absolute() || path.components().any(|part| part == Component::ParentDir);
        if outside || depth == MAX_DEPTH {
            let why = if outside { "is outside the project" } else { "is included too deep" };
            let error = source.fault(line.range.clone(), format!("`{name}` {why}"), HELP);
            self.unpinned.get_or_insert(error);
            return;
        }
        match (self.load)(&path) {
            Ok(text) => self.file(&text, &path, depth + 1),
            Err(error) => drop(self.unpinned.get_or_insert(error)),
        }
    }

    /// Options of the whole file: some change nothing here, the rest is told of.
    fn option(&mut self, source: &Source, line: &Line) {
        let name = line.text.split([' ', '=']).next().unwrap_or_default();
        let harmless = ["--require-hashes", "--only-binary", "--prefer-binary", "--trusted-host", "--pre"];
        if harmless.contains(&name) {
            self.hashed |= name == "--require-hashes";
            return;
        }
        let span = SourceSpan { file: source.0.clone(), range: line.range.clone() };
        let message = format!("`{}` of a requirements file is not followed", masked(name));
        let help = "say where packages come from with `--index-url`, `--extra-index-url` or `--find-links`";
        self.ignored.push(LockFault { span, message, help: Some(help.to_owned()) });
    }

    fn requirement(&mut self, source: &Source, line: &Line) {
        self.hashed |= !line.hashes.is_empty();
        match pin(source, line) {
            Ok(pin) => self.pins.push(pin),
            Err(error) => drop(self.unpinned.get_or_insert(error)),
        }
    }
}

fn pin(source: &Source, line: &Line) -> Result<Pin, LockError> {
    let fault = |message: String| source.fault(line.range.clone(), message, HELP);
    if let Some(option) = &line.unknown {
        return Err(fault(format!("`{option}` is an option that is not known here")));
    }
    let requirement = crate::packages::requirements::parse(&line.text)
        .map_err(|unreadable| fault(format!("`{}`: {}", line.text, unreadable.message)))?;
    let Some(version) = exact(&requirement) else {
        return Err(fault(format!("`{}` is not pinned: a lock says `=={}` with one version", line.text, "VERSION")));
    };
    let digests = line.hashes.iter().filter_map(|hash| hash.strip_prefix("sha256:"));
    let digests = digests.map(|hex| format!("sha256:{}", hex.to_ascii_lowercase()).parse());
    let hashes = digests.collect::<Result<BTreeSet<Digest>, _>>();
    let hashes = hashes.map_err(|_| fault(format!("`{}` has a sha256 that is none", requirement.name)))?;
    if hashes.is_empty() {
        return Err(fault(format!("`{}` has no `--hash=sha256:…`", requirement.name)));
    }
    Ok(Pin {
        name: requirement.name,
        version,
        extras: requirement.extras.into_iter().collect(),
        marker: requirement.marker,
        hashes,
        span: SourceSpan { file: source.0.clone(), range: line.range.clone() },
    })
}

/// Returns the version of `==1.2` or `===1.2`; `==1.*` pins nothing.
fn exact(requirement: &Requirement) -> Option<Version> {
    let Some(VersionOrUrl::VersionSpecifier(specifiers)) = &requirement.version_or_url else { return None };
    let mut specifiers = specifiers.iter();
    let (only, None) = (specifiers.next()?, specifiers.next()) else { return None };
    matches!(only.operator(), Operator::Equal | Operator::ExactEqual).then(|| only.version().clone())
}
