//! A project directory: what leoflow.yaml says, and which files go into the image.

mod config;
pub(crate) mod connectors;
mod files;
mod provenance;
mod quantity;
pub(crate) mod requirement;
mod since;
mod top_level;
mod version;
mod workspace;
mod yaml;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use config::reader::{Field, Section};
pub use config::{
    Alert, AlertKind, AuthMethod, Build, Config, ConfigError, ConfigFault, DEFAULT_EXCLUDES, Defaults, Execution,
    Proposal, PythonVersion, Registry, Resources, Staging, Starter, TagStrategy, TaskConfig, schema, starter,
};
pub use files::{FilesError, FilesOptions, Packed, SuspectFile, check_included, files};
pub use provenance::{Provenance, provenance};
pub use quantity::{Quantity, QuantityError};
pub use since::{SinceError, changed_since};
pub(crate) use top_level::read_key;
pub use top_level::{YamlEntry, top_level};
pub use version::{VersionError, describe};
pub use workspace::{Member, WorkspaceError, discover, duplicates, survey};

use crate::source::{SourceFile, read_regular};

/// What a project's configuration is called.
pub const CONFIG_FILE: &str = "leoflow.yaml";

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
    /// A file was named that is neither leoflow.yaml nor the file with the DAG.
    #[error("`{}` is neither leoflow.yaml nor its project's dag_source, `{dag_source}`", path.display())]
    OtherFile {
        /// What was named.
        path: PathBuf,
        /// As leoflow.yaml has it.
        dag_source: String,
    },
    /// leoflow.yaml has faults, all of which are told at once.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl LoadError {
    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoConfig { directory } if directory.join("leoflow.yml").is_file() => {
                Some("rename leoflow.yml to leoflow.yaml".to_owned())
            }
            Self::NoConfig { .. } => {
                Some("name a directory that holds a leoflow.yaml; its least content is `dag_id: …`".to_owned())
            }
            Self::Read { error, .. } if error.kind() == std::io::ErrorKind::NotFound => {
                Some("give the path of a directory with a leoflow.yaml".to_owned())
            }
            Self::OtherFile { .. } => Some("name the project's directory".to_owned()),
            // Each fault of a leoflow.yaml brings its own.
            Self::Read { .. } | Self::Config(_) => None,
        }
    }
}

/// Reads the project in the directory `path`, or that of the leoflow.yaml or dag.py which it names.
///
/// # Errors
/// When there is none, or its leoflow.yaml is at fault.
pub fn load(path: &Path) -> Result<Project, LoadError> {
    let metadata = std::fs::metadata(path).map_err(|error| LoadError::Read { path: path.to_owned(), error })?;
    if metadata.is_dir() {
        return load_directory(path);
    }
    let project = load_directory(parent(path))?;
    let same = |name: &str| path.canonicalize().ok() == project.root.join(name).canonicalize().ok();
    if same(CONFIG_FILE) || same(&project.config.dag_source) {
        return Ok(project);
    }
    Err(LoadError::OtherFile { path: path.to_owned(), dag_source: project.config.dag_source })
}

fn load_directory(directory: &Path) -> Result<Project, LoadError> {
    let read_error = |path: &Path| {
        let path = path.to_owned();
        move |error| LoadError::Read { path, error }
    };
    let path = directory.join(CONFIG_FILE);
    let bytes = match read_regular(&path, yaml::MAX_BYTES as u64 + 1) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(LoadError::NoConfig { directory: directory.to_owned() });
        }
        Err(error) => return Err(LoadError::Read { path, error }),
    };
    let root = directory.canonicalize().map_err(read_error(directory))?;
    let shown = path.strip_prefix(".").unwrap_or(&path);
    let (config_source, fault) = yaml::decode(shown, bytes);
    if let Some(fault) = fault {
        return Err(ConfigError { faults: vec![fault] }.into());
    }
    let config = config::read(&config_source)?;
    Ok(Project { root, config, config_source })
}

/// The directory of a file; of a bare file name, the one we are in.
fn parent(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
