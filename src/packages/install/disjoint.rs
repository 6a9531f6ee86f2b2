//! No path has two owners.

use std::collections::BTreeMap;

use super::unpack::Owner;
use super::{InstallError, InstalledBatch};
use crate::layers::EntryPath;

/// Checks that no path is owned by two wheels of different batches; within one, `files` has checked it.
///
/// # Errors
/// When two wheels own one path, or one owns what to another is a directory.
pub fn check_disjoint<'a>(batches: impl IntoIterator<Item = &'a InstalledBatch>) -> Result<(), InstallError> {
    let mut owners = Owners::default();
    for batch in batches {
        for (path, owner) in &batch.owners {
            owners.add(path, owner)?;
        }
    }
    owners.check_directories()
}

/// Whose each path is.
#[derive(Default)]
pub(super) struct Owners<'a>(BTreeMap<&'a str, &'a Owner>);

impl<'a> Owners<'a> {
    /// Adds an owner; returns whether it is the first.
    ///
    /// Packages that share a namespace in the way of `pkgutil` each bring the same `__init__.py` (Python Packaging User
    /// Guide, "Packaging namespace packages"): those may have several.
    pub(super) fn add(&mut self, path: &'a EntryPath, owner: &'a Owner) -> Result<bool, InstallError> {
        let Some(present) = self.0.get(path.as_str()) else {
            self.0.insert(path.as_str(), owner);
            return Ok(true);
        };
        let is_shared = path.as_str().ends_with("/__init__.py") && present.content == owner.content;
        if is_shared { Ok(false) } else { Err(conflict(path.as_str(), present, owner)) }
    }

    /// A file of one that is a directory of another would hide all that is in it.
    pub(super) fn check_directories(&self) -> Result<(), InstallError> {
        for (path, owner) in &self.0 {
            let mut above = std::iter::successors(path.rsplit_once('/'), |(parent, _)| parent.rsplit_once('/'));
            if let Some((file, present)) = above.find_map(|(parent, _)| self.0.get_key_value(parent)) {
                return Err(conflict(file, present, owner));
            }
        }
        Ok(())
    }
}

fn conflict(path: &str, one: &Owner, other: &Owner) -> InstallError {
    let (one, other) = (one.wheel.to_string(), other.wheel.to_string());
    InstallError::TwoOwners { path: path.to_owned(), one, other }
}
