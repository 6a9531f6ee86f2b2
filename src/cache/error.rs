//! Why a cache is not used.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::directory::Refusal;

/// Why a cache is not used, or no longer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// Others could have put something into it.
    #[error("the cache in `{}` cannot be trusted: {reason}", directory.display())]
    Unsafe {
        /// The cache.
        directory: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It could not be written.
    #[error("the cache in `{}` cannot be written: {error}", directory.display())]
    Write {
        /// The cache.
        directory: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It could not be looked through.
    #[error("the cache in `{}` cannot be read: {error}", directory.display())]
    Read {
        /// The cache.
        directory: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl CacheError {
    pub(super) fn writing(directory: &Path, refusal: Refusal) -> Self {
        let directory = directory.to_owned();
        match refusal {
            Refusal::Unsafe(reason) => Self::Unsafe { directory, reason },
            Refusal::System(error) => Self::Write { directory, error },
        }
    }

    pub(super) fn reading(directory: &Path, refusal: Refusal) -> Self {
        let directory = directory.to_owned();
        match refusal {
            Refusal::Unsafe(reason) => Self::Unsafe { directory, reason },
            Refusal::System(error) => Self::Read { directory, error },
        }
    }

    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Unsafe { directory, .. } => {
                format!("make `{0}` a directory of your own (chmod 700), or remove it", directory.display())
            }
            Self::Write { error, .. } if is_full(error) => {
                "free space there, e.g. with `leoflow cache prune --all`, or set XDG_CACHE_HOME to a larger disk"
                    .to_owned()
            }
            Self::Write { directory, .. } | Self::Read { directory, .. } => format!(
                "make `{}` a directory that you can write to, or set XDG_CACHE_HOME to one",
                directory.display()
            ),
        })
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}
