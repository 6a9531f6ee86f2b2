//! Wheels on this machine: beside the lock, or where `--find-links` says.

use std::path::{Path, PathBuf};

use super::error::LockError;
use super::values::{Lock, LockedWheel};
use crate::packages::index::Location;

impl Lock {
    /// Finds the wheels that were on the machine which wrote the lock: where it says, or else by name in `directories`.
    ///
    /// # Errors
    /// When one is in none of them.
    pub fn locate(&mut self, directories: &[PathBuf]) -> Result<(), LockError> {
        for package in &mut self.packages {
            locate(&mut package.wheel, directories)?;
        }
        Ok(())
    }
}

fn locate(wheel: &mut LockedWheel, directories: &[PathBuf]) -> Result<(), LockError> {
    let Location::Path(path) = &wheel.location else { return Ok(()) };
    if path.is_file() {
        return Ok(());
    }
    let mut elsewhere = directories.iter().map(|directory| directory.join(wheel.name.as_str()));
    match elsewhere.find(|path| path.is_file()) {
        Some(found) => wheel.location = Location::Path(found),
        None => {
            return Err(LockError::WheelGone {
                wheel: wheel.name.to_string(),
                looked_in: looked_in(path, directories),
            });
        }
    }
    Ok(())
}

fn looked_in(path: &Path, directories: &[PathBuf]) -> Vec<PathBuf> {
    path.parent().map(Path::to_owned).into_iter().chain(directories.iter().cloned()).collect()
}
