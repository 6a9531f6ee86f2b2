//! Why a project's packages do not get into its image.

use std::path::PathBuf;

use super::index::IndexError;
use super::install::InstallError;
use super::lock::{Change, LockError};
use super::requirements::RequirementsError;
use super::resolve::ResolveError;
use super::system::SystemPackagesError;

/// Why a project's packages do not get into its image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackagesError {
    /// What is asked for cannot be read.
    #[error(transparent)]
    Requirements(#[from] RequirementsError),
    /// It cannot be fulfilled.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// A lock is of no use.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// There is no lock, and one is required.
    #[error("there is no lock for {platforms}, and --locked wants one")]
    NoLock {
        /// For which platforms.
        platforms: String,
    },
    /// There is a lock, but it is for something else, and one is required.
    #[error("the lock `{}` does not answer any more, and --locked wants it to:{}", path.display(), lines(changes))]
    StaleLock {
        /// The lock.
        path: PathBuf,
        /// Why it does not.
        changes: Vec<Change>,
    },
    /// A wheel cannot be had.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A wheel cannot be installed.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// The base lacks Debian packages.
    #[error(transparent)]
    System(#[from] SystemPackagesError),
}

fn lines(changes: &[Change]) -> String {
    changes.iter().map(|change| format!("\n  {change}")).collect()
}

impl PackagesError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Requirements(error) => error.faults.first().map(|fault| fault.help.clone()),
            Self::Resolve(error) => error.help(),
            Self::Lock(error) => error.help(),
            Self::NoLock { .. } => Some("run `leoflow lock`, and commit what it writes".to_owned()),
            Self::StaleLock { .. } => Some("run `leoflow lock` again, and commit what it writes".to_owned()),
            Self::Index(error) => error.help(),
            Self::Install(error) => error.help(),
            Self::System(error) => error.help(),
        }
    }

    /// Returns whether this machine is at fault: its disk, say.
    #[must_use]
    pub fn is_system(&self) -> bool {
        match self {
            Self::Index(error)
            | Self::Lock(LockError::Index(error))
            | Self::Resolve(ResolveError::Index { error, .. }) => error.is_system(),
            _ => false,
        }
    }
}
