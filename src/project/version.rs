//! The version of a project, from its own git repository.

use super::{Project, TagStrategy};
use crate::reference::Tag;

/// Why no version could be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// git was needed and failed.
    #[error("cannot tell the version of `{}`: {reason}", directory.display())]
    Git {
        /// The project.
        directory: std::path::PathBuf,
        /// What git said.
        reason: String,
    },
    /// The strategy asks for something the repository does not have.
    #[error("tag_strategy `{strategy}`: {reason}")]
    Strategy {
        /// As written in leoflow.yaml.
        strategy: &'static str,
        /// What is missing.
        reason: String,
    },
    /// What git said cannot be a tag.
    #[error(transparent)]
    Tag(#[from] crate::reference::ReferenceError),
}

/// Returns the project's version by its tag strategy; `given` (`--dag-version`) wins over all.
///
/// # Errors
/// When git fails or has no such tag, or `custom` is asked for and nothing was given.
pub fn describe(project: &Project, strategy: TagStrategy, given: Option<&str>) -> Result<Tag, VersionError> {
    let _ = (project, strategy, given);
    todo!("the project room")
}
