//! Which lock a project has, if any.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use pep440_rs::Version;

use super::document::{self, Source};
use super::error::LockError;
use super::pylock::Pylock;
use super::requirements::{self, Pins};
use super::values::LockFile;
use super::{file_name, read};
use crate::image::Platform;
use crate::source::read_regular;

/// More than any lock has, in bytes.
const LIMIT: u64 = 64 << 20;

/// A lock that a project has.
pub enum Found {
    /// What `leoflow lock` wrote.
    Ours {
        /// Where it is.
        path: PathBuf,
        /// What it says.
        file: Box<LockFile>,
    },
    /// A pylock.toml of uv, pip or others.
    Pylock(Box<Pylock>),
    /// A requirements.txt with hashes.
    Requirements(Pins),
}

impl Found {
    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Ours { path, .. } => path,
            Self::Pylock(pylock) => pylock.path(),
            Self::Requirements(pins) => &pins.path,
        }
    }
}

/// Returns the lock of a project for a platform and a Python: `pylock.<platform>-<py>.toml`, then `pylock.toml`, then a
/// requirements.txt that has hashes. The first that is there counts, whoever wrote it.
///
/// # Errors
/// When it cannot be read, or is not what its name says.
pub fn find(root: &Path, platform: &Platform, python: &Version) -> Result<Option<Found>, LockError> {
    for name in [&*file_name(platform, python), "pylock.toml"] {
        let path = root.join(name);
        if let Some(text) = text_of(&path)? {
            return pylock(&text, path).map(Some);
        }
    }
    let path = root.join("requirements.txt");
    // An ordinary file of the project until it turns out to be a lock.
    let Ok(Some(text)) = text_of(&path) else { return Ok(None) };
    let load = |path: &Path| included(path, root);
    Ok(requirements::read(&text, &path, &load)?.map(Found::Requirements))
}

fn pylock(text: &str, path: PathBuf) -> Result<Found, LockError> {
    let source = Source::new(text, &path);
    let document = document::parse(&source)?;
    match &document.tool.leoflow {
        Some(ours) => {
            let file = Box::new(read::lock_file(&source, &document, ours)?);
            Ok(Found::Ours { path, file })
        }
        None => Ok(Found::Pylock(Box::new(Pylock { source, document }))),
    }
}

/// Reads a file if it is there.
fn text_of(path: &Path) -> Result<Option<String>, LockError> {
    match read_regular(path, LIMIT) {
        Ok(bytes) => decoded(path, bytes).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => no_link(path).map(|()| None),
        Err(error) => Err(LockError::Unreadable { path: path.to_owned(), error }),
    }
}

/// A link that leads nowhere is no lock that is missing: somebody put it there.
fn no_link(path: &Path) -> Result<(), LockError> {
    match std::fs::read_link(path) {
        Ok(target) => Err(LockError::Dangling { path: path.to_owned(), target }),
        Err(_) => Ok(()),
    }
}

fn decoded(path: &Path, bytes: Vec<u8>) -> Result<String, LockError> {
    let text = String::from_utf8(bytes).map_err(|_| {
        let error = std::io::Error::new(ErrorKind::InvalidData, "it is not UTF-8");
        LockError::Unreadable { path: path.to_owned(), error }
    })?;
    Ok(text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text))
}

/// Reads what a requirements file includes; a link may lead out of the project.
fn included(path: &Path, root: &Path) -> Result<String, LockError> {
    let unreadable = |error| LockError::Unreadable { path: path.to_owned(), error };
    let (real, root) = (path.canonicalize().map_err(unreadable)?, root.canonicalize().map_err(unreadable)?);
    if !real.starts_with(root) {
        return Err(unreadable(std::io::Error::other("it is outside the project")));
    }
    decoded(path, read_regular(&real, LIMIT).map_err(unreadable)?)
}
