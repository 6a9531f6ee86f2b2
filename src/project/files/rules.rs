//! What stays out: the defaults, then `.dockerignore`, then `exclude_paths`; the last pattern that matches decides.

use std::collections::BTreeSet;
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::FilesError;
use crate::project::{DEFAULT_EXCLUDES, Project};
use crate::source::read_regular;

const DOCKERIGNORE: &str = ".dockerignore";
const EXCLUDE_PATHS: &str = "exclude_paths";

/// The patterns of a project, ready to be asked.
pub(super) struct Rules {
    matcher: Gitignore,
    /// Files that `exclude_paths` takes in by an exact path (`!conf/.env.example`).
    allowed: BTreeSet<String>,
}

impl Rules {
    pub(super) fn read(project: &Project) -> Result<Self, FilesError> {
        let mut builder = GitignoreBuilder::new("");
        for pattern in DEFAULT_EXCLUDES {
            add(&mut builder, EXCLUDE_PATHS, pattern)?;
        }
        for line in dockerignore(&project.root)?.lines() {
            add(&mut builder, DOCKERIGNORE, line)?;
        }
        for pattern in &project.config.exclude_paths {
            add(&mut builder, EXCLUDE_PATHS, pattern)?;
        }
        let matcher = builder.build().map_err(|error| fault(EXCLUDE_PATHS, "", &error))?;
        let allowed = project.config.exclude_paths.iter().filter_map(|pattern| exact_negation(pattern)).collect();
        Ok(Self { matcher, allowed })
    }

    /// Returns whether a path is kept out, given that the directories above it are not.
    pub(super) fn exclude(&self, path: &Path, is_directory: bool) -> bool {
        self.matcher.matched(path, is_directory).is_ignore()
    }

    /// Returns whether a path is kept out, by itself or by a directory above it.
    pub(super) fn keep_out(&self, path: &str, is_directory: bool) -> bool {
        let path = Path::new(path);
        path.ancestors().any(|above| self.exclude(above, is_directory || above != path))
    }

    /// Returns the pattern, and where it stands, that keeps a file or a directory above it out.
    pub(super) fn excluding(&self, path: &str) -> Option<String> {
        let path = Path::new(path);
        let mut above: Vec<&Path> = path.ancestors().collect();
        above.reverse();
        above.into_iter().find_map(|above| match self.matcher.matched(above, above != path) {
            ignore::Match::Ignore(glob) => {
                let place = glob.from().unwrap_or(Path::new(EXCLUDE_PATHS));
                Some(format!("{} in {}", glob.original(), place.display()))
            }
            _ => None,
        })
    }

    /// Returns whether the author named this file exactly and a later pattern does not take that back.
    pub(super) fn allows(&self, path: &str) -> bool {
        self.allowed.contains(path) && !self.exclude(Path::new(path), false)
    }

    /// Returns the files that are in the image even below a directory that is kept out.
    pub(super) fn allowed(&self) -> impl Iterator<Item = &str> {
        self.allowed.iter().map(String::as_str).filter(|path| self.allows(path))
    }
}

fn add(builder: &mut GitignoreBuilder, key: &str, line: &str) -> Result<(), FilesError> {
    builder.add_line(Some(key.into()), line).map(drop).map_err(|error| fault(key, line, &error))
}

fn fault(key: &str, rule: &str, error: &ignore::Error) -> FilesError {
    let reason = match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    };
    FilesError::Rule { key: key.to_owned(), rule: rule.to_owned(), reason }
}

fn dockerignore(root: &Path) -> Result<String, FilesError> {
    let path = Path::new(DOCKERIGNORE);
    let bytes = match read_regular(&root.join(path), u64::MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(FilesError::Read { path: path.to_owned(), error }),
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error());
        FilesError::Read { path: path.to_owned(), error }
    })?;
    Ok(text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text))
}

/// Returns the path that a negated pattern names, if it has no wildcard and so names one file only.
fn exact_negation(pattern: &str) -> Option<String> {
    let pattern = pattern.strip_prefix('!')?.trim_end();
    let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
    let mut path = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' | '?' | '[' => return None,
            '\\' => path.push(characters.next()?),
            other => path.push(other),
        }
    }
    (!path.is_empty() && !path.ends_with('/')).then_some(path)
}

/// Writes a path as a pattern that matches just it.
pub(super) fn escape(path: &str) -> String {
    let mut pattern = String::new();
    for (at, character) in path.char_indices() {
        if matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '\\') || (at == 0 && matches!(character, '!' | '#'))
        {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}
