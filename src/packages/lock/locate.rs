//! Wheels on this machine: beside the lock, or where `--find-links` says.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use super::error::LockError;
use super::values::{Lock, LockedWheel};
use crate::packages::index::Location;

impl Lock {
    /// Finds wheels on this machine: those that the lock's author had on theirs where the lock says, or else by name in
    /// `directories`; those of an index in `directories` as well, where they need not be downloaded.
    ///
    /// # Errors
    /// When one that is on no index is in none of them.
    pub fn locate(&mut self, directories: &[PathBuf]) -> Result<(), LockError> {
        for package in &mut self.packages {
            locate(&mut package.wheel, directories)?;
        }
        Ok(())
    }
}

fn locate(wheel: &mut LockedWheel, directories: &[PathBuf]) -> Result<(), LockError> {
    let found = match &wheel.location {
        Location::Path(path) if path.is_file() => return Ok(()),
        Location::Path(path) => Some(here(wheel, directories, None).ok_or_else(|| LockError::WheelGone {
            wheel: wheel.name.to_string(),
            looked_in: looked_in(path, directories),
        })?),
        // One of another length was built by somebody else.
        Location::Url(_) => here(wheel, directories, wheel.size),
    };
    if let Some(path) = found {
        wheel.location = Location::Path(path);
    }
    Ok(())
}

/// Returns where a file of the wheel's name lies, of `size` bytes if that is known.
fn here(wheel: &LockedWheel, directories: &[PathBuf], size: Option<u64>) -> Option<PathBuf> {
    let fits = |path: &PathBuf| {
        let metadata = path.metadata().ok().filter(Metadata::is_file);
        metadata.is_some_and(|metadata| size.is_none_or(|size| size == metadata.len()))
    };
    directories.iter().map(|directory| directory.join(wheel.name.as_str())).find(fits)
}

fn looked_in(path: &Path, directories: &[PathBuf]) -> Vec<PathBuf> {
    path.parent().map(Path::to_owned).into_iter().chain(directories.iter().cloned()).collect()
}
