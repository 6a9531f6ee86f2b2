//! Why a lock file is of no use.

use std::path::PathBuf;

use crate::packages::index::IndexError;
use crate::source::SourceSpan;

/// Why a lock file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// It is there, but cannot be read.
    #[error("cannot read the lock file `{}`: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is a link to what is not there.
    #[error("the lock file `{}` is a link to `{}`, which is not there", path.display(), target.display())]
    Dangling {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// Something in it is not as it should be.
    #[error("{0}")]
    Fault(Box<LockFault>),
    /// A wheel of it was on the machine that wrote it, and is not on this one.
    #[error("the lock file wants `{wheel}`, which is not in {}", paths(looked_in))]
    WheelGone {
        /// The name of its file.
        wheel: String,
        /// Where it was looked for.
        looked_in: Vec<PathBuf>,
    },
    /// An index did not say where the files are.
    #[error(transparent)]
    Index(#[from] IndexError),
}

fn paths(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(" nor in ")
}

/// One thing that is wrong with a lock file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LockFault {
    /// The place.
    pub span: SourceSpan,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl LockError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => Some("make it a readable text file, or remove it and run `leoflow lock`".into()),
            Self::Dangling { .. } => Some("put the lock there, or remove the link and run `leoflow lock`".into()),
            Self::Fault(fault) => fault.help.clone(),
            Self::WheelGone { .. } => Some("say where it is: `--find-links DIR`".into()),
            Self::Index(error) => error.help(),
        }
    }

    /// Returns the place in the file, where there is one.
    #[must_use]
    pub fn span(&self) -> Option<&SourceSpan> {
        match self {
            Self::Fault(fault) => Some(&fault.span),
            _ => None,
        }
    }
}
