//! An ordered set of entries: the plan of a layer.

use std::collections::BTreeMap;

use crate::{Entry, EntryPath};

/// What a layer holds, ordered by the bytes of its paths; parent directories are implied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSet {
    entries: BTreeMap<EntryPath, Entry>,
}

/// An entry that contradicts one already in the set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileSetError {
    /// Two different entries claim one path.
    #[error("`{path}` is claimed twice, by different content")]
    Collision {
        /// The path at stake.
        path: EntryPath,
    },
    /// A path runs through something that is not a directory.
    #[error("`{path}` cannot stand below `{ancestor}`, which is not a directory")]
    NotADirectory {
        /// The path at stake.
        path: EntryPath,
        /// The file or link above it.
        ancestor: EntryPath,
    },
}

impl FileSet {
    /// Returns an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry and its parent directories; the same entry twice is no fault.
    ///
    /// # Errors
    /// When the path, or one of its parents, is taken by something else.
    pub fn insert(&mut self, path: EntryPath, entry: Entry) -> Result<(), FileSetError> {
        let mut ancestor = path.parent();
        while let Some(parent) = ancestor {
            match self.entries.get(&parent) {
                Some(Entry::Directory) => break,
                Some(_) => return Err(FileSetError::NotADirectory { path, ancestor: parent }),
                None => ancestor = parent.parent(),
            }
        }
        match self.entries.get(&path) {
            Some(present) if *present == entry => return Ok(()),
            Some(_) => return Err(FileSetError::Collision { path }),
            None => {}
        }
        let mut parent = path.parent();
        while let Some(directory) = parent {
            parent = directory.parent();
            self.entries.entry(directory).or_insert(Entry::Directory);
        }
        self.entries.insert(path, entry);
        Ok(())
    }

    /// Returns what stands at `path`.
    #[must_use]
    pub fn get(&self, path: &EntryPath) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// Goes through the entries in the order in which a layer holds them.
    pub fn iter(&self) -> impl Iterator<Item = (&EntryPath, &Entry)> {
        self.entries.iter()
    }

    /// Returns the number of entries, parents included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
