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
    /// Projects in it are at fault, all of which are told at once.
    #[error("{}", .errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Faulty {
        /// At least one.
        errors: Vec<LoadError>,
    },
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
            Self::Faulty { .. } | Self::Empty { .. } => Code::NO_PROJECT,
        }
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Faulty { errors } => errors.iter().find_map(LoadError::help),
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
/// When there is none, some are at fault, or two share a dag_id.
pub fn discover(directory: &Path) -> Result<Vec<Project>, WorkspaceError> {
    let (projects, faults): (Vec<_>, Vec<_>) = survey(directory)?.into_iter().partition(|member| member.read.is_ok());
    let errors: Vec<LoadError> = faults.into_iter().filter_map(|member| member.read.err()).collect();
    if !errors.is_empty() {
        return Err(WorkspaceError::Faulty { errors });
    }
    let projects: Vec<Project> = projects.into_iter().filter_map(|member| member.read.ok()).collect();
    match duplicates(&projects).into_iter().next() {
        Some(error) => Err(error),
        None => Ok(projects),
    }
}

/// A directory of a workspace that has a leoflow.yaml, or that cannot be looked into.
#[derive(Debug)]
pub struct Member {
    /// Where it is.
    pub directory: PathBuf,
    /// What came of reading it.
    pub read: Result<Project, LoadError>,
}

/// Looks for projects as [`discover`] does, and hides none because another is at fault: the sound ones come first, by
/// dag_id, then the others by their paths.
///
/// # Errors
/// When there is none.
pub fn survey(directory: &Path) -> Result<Vec<Member>, WorkspaceError> {
    let mut members = Vec::new();
    let mut level = vec![directory.to_owned()];
    for depth in 0..=MAX_LEVELS {
        let mut below = Vec::new();
        for directory in level {
            if directory.join(CONFIG_FILE).exists() {
                members.push(Member { read: super::load(&directory), directory: directory.clone() });
            }
            if depth < MAX_LEVELS {
                match subdirectories(&directory) {
                    Ok(found) => below.extend(found),
                    Err(error) => members.push(Member { directory, read: Err(error) }),
                }
            }
        }
        level = below;
    }
    if members.is_empty() {
        return Err(WorkspaceError::Empty { directory: directory.to_owned() });
    }
    members.sort_by(|one, other| one.key().cmp(&other.key()));
    Ok(members)
}

/// Returns every dag_id that two of `projects`, sorted by it, have.
#[must_use]
pub fn duplicates(projects: &[Project]) -> Vec<WorkspaceError> {
    let pairs = projects.windows(2).filter(|pair| pair[0].config.dag_id == pair[1].config.dag_id);
    let error = |pair: &[Project]| WorkspaceError::Duplicate {
        dag_id: pair[0].config.dag_id.clone(),
        first: pair[0].root.clone(),
        second: pair[1].root.clone(),
    };
    pairs.map(error).collect()
}

impl Member {
    fn key(&self) -> (bool, Option<&str>, &Path) {
        let dag_id = self.read.as_ref().ok().map(|project| project.config.dag_id.as_str());
        (dag_id.is_none(), dag_id, &self.directory)
    }
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
