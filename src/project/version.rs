//! The version of a project, from its own git repository.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Project, TagStrategy};
use crate::reference::Tag;

/// The version of a project without git, or without a commit.
const UNVERSIONED: &str = "dev";

/// Variables that point git at another repository than the project's (`git rev-parse --local-env-vars`), as they are
/// set for whoever deploys from a git hook.
const FOREIGN: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Why no version could be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// git was needed and failed.
    #[error("cannot tell the version of `{}`: {reason}", directory.display())]
    Git {
        /// The project.
        directory: PathBuf,
        /// The repository around it.
        repository: PathBuf,
        /// What git said.
        reason: String,
    },
    /// There is a repository, and no git to ask about it.
    #[error("cannot tell the version of `{}`: there is no `git` on the PATH", directory.display())]
    NoProgram {
        /// The project.
        directory: PathBuf,
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

impl VersionError {
    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let given = "give a version with `--dag-version`";
        Some(match self {
            Self::Git { reason, repository, .. } if reason.contains("dubious ownership") => format!(
                "the repository belongs to another user; trust it with `git config --global --add safe.directory {}`",
                repository.display()
            ),
            Self::Git { .. } => format!("run `git status` there, or {given}"),
            Self::NoProgram { .. } => format!("install git, or {given}"),
            Self::Strategy { strategy: "git_tag", .. } => format!("tag the commit with `git tag`, or {given}"),
            Self::Strategy { .. } => given.to_owned(),
            Self::Tag(error) => {
                let near = sanitize(&error.text);
                let sound = near.parse::<Tag>().is_ok();
                if sound {
                    format!("give `{near}`, or another version, with `--dag-version`")
                } else {
                    given.to_owned()
                }
            }
        })
    }
}

/// Returns the project's version by its tag strategy; `given` (`--dag-version`) wins over all.
///
/// What git says and a tag cannot hold (`release/1.2`, `1.0+build`) is replaced by `-`; what was given is not touched.
///
/// # Errors
/// When git fails or has no such tag, or `custom` is asked for and nothing was given.
pub fn describe(project: &Project, strategy: TagStrategy, given: Option<&str>) -> Result<Tag, VersionError> {
    if let Some(given) = given {
        return Ok(given.parse()?);
    }
    let git = Git::of(&project.root);
    let text = match (strategy, git) {
        (TagStrategy::Version, Some(git)) => git.version()?,
        (TagStrategy::Version, None) => UNVERSIONED.to_owned(),
        (TagStrategy::GitSha, Some(git)) => git.commit()?,
        (TagStrategy::GitTag, Some(git)) => git.tag()?,
        (TagStrategy::GitSha, None) => return Err(lacks("git_sha", "the project is in no git repository")),
        (TagStrategy::GitTag, None) => return Err(lacks("git_tag", "the project is in no git repository")),
        (TagStrategy::Custom, _) => return Err(lacks("custom", "no version was given")),
    };
    Ok(sanitize(&text).parse()?)
}

fn lacks(strategy: &'static str, reason: &str) -> VersionError {
    VersionError::Strategy { strategy, reason: reason.to_owned() }
}

/// Replaces what a tag cannot hold by `-`, and drops what it cannot begin with.
fn sanitize(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let plain: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    plain.trim_start_matches(['-', '.']).to_owned()
}

/// The git repository around a project.
pub(super) struct Git<'a> {
    project: &'a Path,
    /// The directory with `.git` in it.
    repository: &'a Path,
}

impl<'a> Git<'a> {
    pub(super) fn of(project: &'a Path) -> Option<Self> {
        let repository = project.ancestors().find(|directory| directory.join(".git").symlink_metadata().is_ok())?;
        Some(Self { project, repository })
    }

    fn version(&self) -> Result<String, VersionError> {
        match self.run(&["describe", "--tags", "--always", "--dirty"])? {
            Ok(version) => Ok(version),
            Err(_) if self.is_unborn()? => Ok(UNVERSIONED.to_owned()),
            Err(reason) => Err(self.fault(reason)),
        }
    }

    /// The whole commit; `-dirty` when the work tree is not what was committed.
    fn commit(&self) -> Result<String, VersionError> {
        match self.run(&["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"])? {
            Ok(commit) => Ok(commit),
            Err(_) if self.is_unborn()? => Err(lacks("git_sha", "nothing is committed yet")),
            Err(reason) => Err(self.fault(reason)),
        }
    }

    /// The tag on the commit; `-dirty` when the work tree is not what was committed.
    fn tag(&self) -> Result<String, VersionError> {
        match self.run(&["describe", "--tags", "--exact-match", "--dirty"])? {
            Ok(tag) => Ok(tag),
            Err(_) if self.is_unborn()? => Err(lacks("git_tag", "nothing is committed yet")),
            Err(reason) if reason.contains("no tag exactly matches") || reason.contains("No names found") => {
                Err(lacks("git_tag", "the commit has no tag"))
            }
            Err(reason) => Err(self.fault(reason)),
        }
    }

    /// Returns whether nothing was committed yet.
    fn is_unborn(&self) -> Result<bool, VersionError> {
        let head = self.run(&["rev-parse", "--verify", "--quiet", "HEAD"])?;
        Ok(head.is_err_and(|reason| reason.is_empty()))
    }

    /// Returns the git of a repository, by the directory with `.git` in it.
    pub(super) fn at(repository: &'a Path) -> Self {
        Self { project: repository, repository }
    }

    /// Returns the directory with `.git` in it.
    pub(super) fn repository(&self) -> &'a Path {
        self.repository
    }

    /// Runs git; the inner error is what it said.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<Result<String, String>, VersionError> {
        Ok(self.output(arguments)?.map(|output| trimmed(&output)))
    }

    /// Does the same, and returns what it wrote as it is.
    pub(super) fn output(&self, arguments: &[&str]) -> Result<Result<Vec<u8>, String>, VersionError> {
        let mut command = Command::new("git");
        // A file monitor configured in the repository would be a program of its choice, run by us.
        command.arg("-C").arg(self.project).args(["-c", "core.fsmonitor=false"]).args(arguments);
        for variable in FOREIGN {
            command.env_remove(variable);
        }
        // Messages are matched, and the index is not ours to refresh.
        command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null());
        match command.output() {
            Ok(output) if output.status.success() => Ok(Ok(output.stdout)),
            Ok(output) => Ok(Err(trimmed(&output.stderr))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(VersionError::NoProgram { directory: self.project.to_owned() })
            }
            Err(error) => Err(self.fault(error.to_string())),
        }
    }

    /// Of what git said, the first line is the reason; the rest is advice that we give ourselves.
    pub(super) fn fault(&self, said: String) -> VersionError {
        let first = said.lines().next().unwrap_or_default();
        let reason = first.strip_prefix("fatal: ").unwrap_or(first).to_owned();
        let (directory, repository) = (self.project.to_owned(), self.repository.to_owned());
        VersionError::Git { directory, repository, reason }
    }
}

fn trimmed(output: &[u8]) -> String {
    String::from_utf8_lossy(output).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tag_cannot_hold_is_replaced() {
        for (text, expected) in [
            ("v1.2.3", "v1.2.3"),
            ("release/1.2", "release-1.2"),
            ("1.0+build.5", "1.0-build.5"),
            ("übung-1", "bung-1"),
            ("-x", "x"),
        ] {
            assert_eq!(sanitize(text), expected);
        }
    }
}
