//! What git says of the repositories around many projects, asked once of each repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::version::{Git, VersionError, describe};
use super::{Project, Provenance, TagStrategy, provenance};
use crate::reference::Tag;

/// The answers of one command: a work tree that is edited meanwhile is what it was at first.
#[derive(Debug, Default)]
pub struct Versions {
    tags: Mutex<BTreeMap<(PathBuf, &'static str), Tag>>,
    provenances: Mutex<BTreeMap<PathBuf, Provenance>>,
}

impl Versions {
    /// Returns a project's version as [`describe`] does.
    ///
    /// # Errors
    /// As [`describe`].
    pub fn describe(&self, project: &Project, strategy: TagStrategy, given: Option<&str>) -> Result<Tag, VersionError> {
        match repository(project).filter(|_| given.is_none()) {
            None => describe(project, strategy, given),
            Some(repository) => {
                let key = (repository.to_owned(), word(strategy));
                once(&self.tags, key, || describe(project, strategy, None))
            }
        }
    }

    /// Returns where a project comes from, as [`provenance`] does.
    ///
    /// # Errors
    /// As [`provenance`].
    pub fn provenance(&self, project: &Project) -> Result<Provenance, VersionError> {
        match repository(project) {
            None => provenance(project),
            Some(repository) => once(&self.provenances, repository.to_owned(), || provenance(project)),
        }
    }
}

fn repository(project: &Project) -> Option<&Path> {
    Git::of(&project.root).map(|git| git.repository())
}

fn word(strategy: TagStrategy) -> &'static str {
    match strategy {
        TagStrategy::Version => "version",
        TagStrategy::GitSha => "git_sha",
        TagStrategy::GitTag => "git_tag",
        TagStrategy::Custom => "custom",
    }
}

/// Returns the answer to `key`; errors are not kept, since they speak of one project.
fn once<K: Ord, V: Clone>(
    answers: &Mutex<BTreeMap<K, V>>,
    key: K,
    ask: impl FnOnce() -> Result<V, VersionError>,
) -> Result<V, VersionError> {
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(answer) = answers.get(&key) {
        return Ok(answer.clone());
    }
    let answer = ask()?;
    answers.insert(key, answer.clone());
    Ok(answer)
}
