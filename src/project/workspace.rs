//! Finding projects below a directory.

use std::path::{Path, PathBuf};

use super::{LoadError, Project};

/// Why a workspace cannot be worked with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// A project in it is at fault.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// One dag_id, two projects.
    #[error("dag_id `{dag_id}` stands in both `{}` and `{}`", first.display(), second.display())]
    Duplicate {
        /// The id.
        dag_id: String,
        /// One project.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// No project was found.
    #[error("no leoflow.yaml in `{}` or up to 5 levels below it", directory.display())]
    Empty {
        /// Where the search began.
        directory: PathBuf,
    },
}

/// Returns the projects in and at most 5 levels below `directory`, hidden directories skipped, sorted by dag_id.
///
/// # Errors
/// When there is none, one is at fault, or two share a dag_id.
pub fn discover(directory: &Path) -> Result<Vec<Project>, WorkspaceError> {
    let _ = directory;
    todo!("the project room")
}
