//! Which directories hold a file that changed since a commit of git.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::version::{Git, VersionError};

/// Why it cannot be told what changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinceError {
    /// There is nothing to compare with.
    #[error("cannot tell what changed since `{revision}`: `{}` is in no git repository", directory.display())]
    NoRepository {
        /// What was asked for.
        revision: String,
        /// The directory.
        directory: PathBuf,
    },
    /// git knows no such commit.
    #[error("`{revision}` is no commit of the git repository in `{}`", repository.display())]
    NoCommit {
        /// What was asked for.
        revision: String,
        /// The repository.
        repository: PathBuf,
    },
    /// git failed.
    #[error(transparent)]
    Git(#[from] VersionError),
}

impl SinceError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoRepository { .. } => {
                Some("ask the server what differs from what is registered: --changed".to_owned())
            }
            Self::NoCommit { .. } => Some(
                "name a commit, tag or branch that `git log` knows, e.g. `--since origin/main`; a shallow clone lacks \
                 older ones until `git fetch --unshallow`"
                    .to_owned(),
            ),
            Self::Git(error) => error.help(),
        }
    }
}

/// Returns those of `directories` with a file that is not as it was in `revision`, committed or not, new or gone. What
/// git is told to ignore does not count.
///
/// # Errors
/// When one is in no repository, or its repository has no such commit.
pub fn changed_since(directories: &[PathBuf], revision: &str) -> Result<BTreeSet<PathBuf>, SinceError> {
    let mut changes = BTreeMap::<PathBuf, BTreeSet<Vec<u8>>>::new();
    let mut found = BTreeSet::new();
    for directory in directories {
        let real = directory.canonicalize().unwrap_or_else(|_| directory.clone());
        let Some(git) = Git::of(&real) else {
            let (revision, directory) = (revision.to_owned(), directory.clone());
            return Err(SinceError::NoRepository { revision, directory });
        };
        let repository = git.repository();
        if !changes.contains_key(repository) {
            changes.insert(repository.to_owned(), changes_of(repository, revision)?);
        }
        let below = real.strip_prefix(repository).unwrap_or(Path::new(""));
        if holds_one(below, &changes[repository]) {
            found.insert(directory.clone());
        }
    }
    Ok(found)
}

/// Returns the paths of a repository that changed, relative to it; a renamed file counts at both places.
fn changes_of(repository: &Path, revision: &str) -> Result<BTreeSet<Vec<u8>>, SinceError> {
    let git = Git::at(repository);
    let commit = format!("{revision}^{{commit}}");
    let Ok(commit) = git.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])? else {
        return Err(SinceError::NoCommit { revision: revision.to_owned(), repository: repository.to_owned() });
    };
    let ask = |arguments: &[&str]| git.output(arguments)?.map_err(|said| git.fault(said));
    let changed = ask(&["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", &commit, "--"])?;
    let new = ask(&["ls-files", "--others", "--exclude-standard", "-z"])?;
    let paths = changed.split(|byte| *byte == 0).chain(new.split(|byte| *byte == 0));
    Ok(paths.filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect())
}

/// Returns whether a change lies in a directory, or is the submodule that the directory lies in.
fn holds_one(directory: &Path, changes: &BTreeSet<Vec<u8>>) -> bool {
    if directory.as_os_str().is_empty() {
        return !changes.is_empty();
    }
    let name = directory.as_os_str().as_bytes();
    let below = [name, b"/"].concat();
    let first = changes.range((Bound::Included(below.clone()), Bound::Unbounded)).next();
    let is_below = first.is_some_and(|path| path.starts_with(&below));
    is_below || directory.ancestors().any(|above| changes.contains(above.as_os_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_in_a_directory_or_is_the_submodule_around_it() {
        let changes = ["dags/a/dag.py", "dags/ab.py", "vendor/shared"].map(|path| path.as_bytes().to_vec()).into();
        for (directory, expected) in [
            ("", true),
            ("dags", true),
            ("dags/a", true),
            ("dags/ab", false),
            ("dags/b", false),
            ("vendor/shared/etl", true),
            ("vendor", true),
            ("vendo", false),
        ] {
            assert_eq!(holds_one(Path::new(directory), &changes), expected, "{directory}");
        }
        assert!(!holds_one(Path::new(""), &BTreeSet::new()));
    }
}
