//! A project directory: what leoflow.yaml says, and which files go into the image.

mod config;
mod files;
mod quantity;
mod version;
mod workspace;
mod yaml;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use config::{
    Alert, AlertKind, AuthMethod, Build, Config, ConfigError, ConfigFault, Defaults, Execution, PythonVersion,
    Registry, Resources, Staging, TagStrategy, TaskConfig,
};
pub use files::{FilesError, FilesOptions, Packed, SuspectFile, files};
pub use quantity::{Quantity, QuantityError};
pub use version::{VersionError, describe};
pub use workspace::{WorkspaceError, discover};

use crate::source::SourceFile;

/// A directory with a leoflow.yaml that was read and found sound.
#[derive(Debug, Clone)]
pub struct Project {
    /// The project's directory, absolute.
    pub root: PathBuf,
    /// What leoflow.yaml says.
    pub config: Config,
    /// leoflow.yaml as it was read, for diagnostics.
    pub config_source: Arc<SourceFile>,
}

/// Why a directory is not a project that can be worked with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no leoflow.yaml.
    #[error("`{}` has no leoflow.yaml", directory.display())]
    NoConfig {
        /// The directory that was looked at.
        directory: PathBuf,
    },
    /// There is no such directory, or it cannot be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// leoflow.yaml has faults, all of which are told at once.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Reads the project in `directory` (or of the leoflow.yaml or dag.py given by its path).
///
/// # Errors
/// When there is none, or its leoflow.yaml is at fault.
pub fn load(directory: &Path) -> Result<Project, LoadError> {
    let _ = directory;
    todo!("the project room")
}
