//! A walk over the project into the plan of its layer.

use std::path::PathBuf;

use leoflow_layers::{FileSet, FileSetError};

use super::Project;

/// What a walk needs to know besides the project.
#[derive(Debug, Clone, Default)]
pub struct FilesOptions {
    /// Files that must be in the image because dag.py imports or reads them, relative to the project's root.
    pub required: Vec<PathBuf>,
    /// Files that look like credentials but were allowed by path on the command line.
    pub allowed: Vec<PathBuf>,
}

/// The plan, and how much it is.
#[derive(Debug, Clone)]
pub struct Packed {
    /// Everything below `/home/leoflow`, as paths of the image (`home/leoflow/dag.py`).
    pub set: FileSet,
    /// How many regular files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// A file that looks like a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspectFile {
    /// Relative to the project's root.
    pub path: PathBuf,
    /// Why it looks like one.
    pub reason: &'static str,
}

/// Why a project's files cannot be packed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// Files that look like credentials are among them.
    #[error("{} in the project look like credentials", suspects.len())]
    Credentials {
        /// All of them.
        suspects: Vec<SuspectFile>,
    },
    /// A socket, device or FIFO.
    #[error("`{}` is a {kind}, which cannot be in an image", path.display())]
    Special {
        /// Relative to the project's root.
        path: PathBuf,
        /// `socket`, `device`, `FIFO`
        kind: &'static str,
    },
    /// A link that leaves the project.
    #[error("`{}` is a link to `{}`, which is outside the project", path.display(), target.display())]
    LinkOutside {
        /// Relative to the project's root.
        path: PathBuf,
        /// The link's text.
        target: PathBuf,
    },
    /// A file that dag.py needs is not included.
    #[error("dag.py needs `{}`, which `{rule}` keeps out of the image", path.display())]
    RequiredExcluded {
        /// Relative to the project's root.
        path: PathBuf,
        /// The pattern, or `include_paths`.
        rule: String,
    },
    /// A path that is not UTF-8.
    #[error("`{}` is not a UTF-8 file name", path.display())]
    NotUtf8 {
        /// Relative to the project's root.
        path: PathBuf,
    },
    /// An `include_paths` entry that does not exist, or a pattern that does not parse.
    #[error("`{rule}` in {key}: {reason}")]
    Rule {
        /// `include_paths`, `exclude_paths`, `.dockerignore`
        key: String,
        /// As written.
        rule: String,
        /// What is wrong.
        reason: String,
    },
    /// Something could not be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Two includes contradict each other.
    #[error(transparent)]
    Set(#[from] FileSetError),
}

/// Plans the project's layer.
///
/// # Errors
/// When something in it cannot or must not be in an image.
pub fn files(project: &Project, options: &FilesOptions) -> Result<Packed, FilesError> {
    let _ = (project, options);
    todo!("the project room")
}
