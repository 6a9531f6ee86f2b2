//! Finding projects below a directory.

use std::path::{Path, PathBuf};

use super::{CONFIG_FILE, LoadError, Project};
use crate::code::Code;

/// How far below the start projects are looked for.
const MAX_LEVELS: usize = 5;

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

impl WorkspaceError {
    /// Returns what kind of fault it is.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Duplicate { .. } => Code::DUPLICATE_ID,
            Self::Load(_) | Self::Empty { .. } => Code::NO_PROJECT,
        }
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Load(error) => error.help(),
            Self::Duplicate { second, .. } => {
                Some(format!("give `{}` a dag_id of its own, in leoflow.yaml and dag.py", second.display()))
            }
            Self::Empty { .. } => {
                Some("name a directory that holds a leoflow.yaml; its least content is `dag_id: …`".to_owned())
            }
        }
    }
}

/// Returns the projects in and at most 5 levels below `directory`, hidden directories skipped, sorted by dag_id.
///
/// Linked directories are not followed: they may lead anywhere, in circles too.
///
/// # Errors
/// When there is none, one is at fault, or two share a dag_id.
pub fn discover(directory: &Path) -> Result<Vec<Project>, WorkspaceError> {
    let mut projects = Vec::new();
    let mut level = vec![directory.to_owned()];
    for depth in 0..=MAX_LEVELS {
        let mut below = Vec::new();
        for directory in level {
            if directory.join(CONFIG_FILE).exists() {
                projects.push(super::load(&directory)?);
            }
            if depth < MAX_LEVELS {
                below.extend(subdirectories(&directory)?);
            }
        }
        level = below;
    }
    if projects.is_empty() {
        return Err(WorkspaceError::Empty { directory: directory.to_owned() });
    }
    sorted(projects)
}

/// Returns the directories in one that are neither hidden nor links, sorted.
fn subdirectories(directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let fault = |error| LoadError::Read { path: directory.to_owned(), error };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden && entry.file_type().map_err(fault)?.is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn sorted(mut projects: Vec<Project>) -> Result<Vec<Project>, WorkspaceError> {
    projects.sort_by(|one, other| (&one.config.dag_id, &one.root).cmp(&(&other.config.dag_id, &other.root)));
    match projects.windows(2).find(|pair| pair[0].config.dag_id == pair[1].config.dag_id) {
        Some([first, second]) => Err(WorkspaceError::Duplicate {
            dag_id: first.config.dag_id.clone(),
            first: first.root.clone(),
            second: second.root.clone(),
        }),
        _ => Ok(projects),
    }
}
