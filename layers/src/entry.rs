//! What stands at one path of a layer.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::Member;

/// A path inside a layer: relative, `/`-separated UTF-8, without `.`, `..`, empty components or NUL.
///
/// Ordered by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPath(Box<str>);

/// A text that cannot stand as a path in a layer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` cannot be a path in an image: {reason}")]
pub struct EntryPathError {
    /// The text as given.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl EntryPath {
    /// Checks `path` and takes it.
    ///
    /// # Errors
    /// When it is absolute, empty, holds NUL, or has a component that is empty, `.` or `..`.
    pub fn new(path: impl Into<String>) -> Result<Self, EntryPathError> {
        let path = path.into();
        match fault(&path) {
            Some(reason) => Err(EntryPathError { path, reason }),
            None => Ok(Self(path.into())),
        }
    }

    /// Returns the path as text, without a leading or trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the path of the directory that holds this one, or nothing at the top.
    #[must_use]
    pub fn parent(&self) -> Option<EntryPath> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.into()))
    }
}

fn fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.starts_with('/') {
        return Some("it is absolute");
    }
    if path.contains('\0') {
        return Some("it holds a NUL character");
    }
    path.split('/').find_map(|component| match component {
        "" => Some("it has an empty component"),
        "." | ".." => Some("it has a `.` or `..` component"),
        _ => None,
    })
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A directory, mode 0755.
    Directory,
    /// A regular file, mode 0755 when executable, else 0644.
    File {
        /// Where its bytes come from.
        content: Content,
        /// Whether anybody may execute it.
        executable: bool,
    },
    /// A symbolic link, kept as a link.
    Symlink {
        /// The link's text, as it will be read inside the container.
        target: String,
    },
}

/// Where a file's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Bytes already in memory.
    Bytes(Vec<u8>),
    /// A file on disk, read while the layer is assembled; a path that runs through a link is refused then.
    File(PathBuf),
    /// Likewise, the file of the same path below a tree: a million entries share one, and hold no path of their own.
    Below(Arc<Tree>),
    /// A file of a zip archive, inflated while the layer is assembled.
    Member(Arc<Member>),
}

/// A directory on disk whose files stand below one path of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The directory.
    pub directory: PathBuf,
    /// Where it stands: `DIRECTORY/b` is at `AT/b`.
    pub at: EntryPath,
}

impl Tree {
    /// Returns the file that stands at `path`.
    pub(crate) fn source(&self, path: &EntryPath) -> PathBuf {
        let below = path.as_str().strip_prefix(self.at.as_str()).and_then(|rest| rest.strip_prefix('/'));
        self.directory.join(below.unwrap_or(path.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_checked_once_at_the_edge() {
        for good in ["a", "a/b", "a b/ü", ".hidden", "..a", "a/...", "home/leoflow/dag.py"] {
            assert_eq!(EntryPath::new(good).map(|path| path.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a\0b"] {
            assert!(EntryPath::new(bad).is_err(), "{bad:?}");
        }
    }
}
