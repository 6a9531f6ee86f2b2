//! An ordered set of entries: the plan of a layer.

use std::collections::BTreeMap;
use std::ops::Bound;

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
        let mut missing = Vec::new();
        let mut ancestor = path.parent();
        while let Some(parent) = ancestor {
            match self.entries.get(&parent) {
                Some(Entry::Directory) => break,
                Some(_) => return Err(FileSetError::NotADirectory { path, ancestor: parent }),
                None => ancestor = parent.parent(),
            }
            missing.push(parent);
        }
        match self.entries.get(&path) {
            Some(present) if *present == entry => return Ok(()),
            Some(_) => return Err(self.collision(path)),
            None => {}
        }
        self.entries.extend(missing.into_iter().map(|directory| (directory, Entry::Directory)));
        self.entries.insert(path, entry);
        Ok(())
    }

    /// A file where others already stand below is told as if they had come second.
    fn collision(&self, path: EntryPath) -> FileSetError {
        let below = |other: &&EntryPath| other.as_str().strip_prefix(path.as_str()).is_some_and(|r| r.starts_with('/'));
        let later = self.entries.range((Bound::Excluded(&path), Bound::Unbounded)).map(|(other, _)| other);
        match later.take_while(|other| other.as_str().starts_with(path.as_str())).find(below).cloned() {
            Some(child) => FileSetError::NotADirectory { path: child, ancestor: path },
            None => FileSetError::Collision { path },
        }
    }

    /// Returns what stands at `path`.
    #[must_use]
    pub fn get(&self, path: &EntryPath) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// Returns what stands at `path`, to be changed in place.
    pub fn get_mut(&mut self, path: &EntryPath) -> Option<&mut Entry> {
        self.entries.get_mut(path)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Content;

    fn path(text: &str) -> EntryPath {
        EntryPath::new(text).unwrap()
    }

    fn entry(kind: char) -> Entry {
        match kind {
            'd' => Entry::Directory,
            'l' => Entry::Symlink { target: "elsewhere".to_owned() },
            _ => Entry::File { content: Content::Bytes(vec![kind as u8]), executable: false },
        }
    }

    /// Inserts `PATH=KIND` words in order and returns the paths that stand, or the first error.
    fn insert_all(words: &[&str]) -> Result<FileSet, FileSetError> {
        let mut set = FileSet::new();
        for word in words {
            let (at, kind) = word.split_once('=').unwrap();
            set.insert(path(at), entry(kind.chars().next().unwrap()))?;
        }
        Ok(set)
    }

    #[test]
    fn parents_are_explicit_and_paths_sorted_by_bytes() {
        let set = insert_all(&["b/c/d=x", "b-=x", "b/c=d", "a=x"]).unwrap();
        let paths: Vec<_> = set.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["a", "b", "b-", "b/c", "b/c/d"]);
    }

    #[test]
    fn contradictions_are_refused_whichever_comes_first() {
        let collision = |at: &str| FileSetError::Collision { path: path(at) };
        let below = |at: &str, ancestor: &str| FileSetError::NotADirectory { path: path(at), ancestor: path(ancestor) };
        for (one, other, expected) in [
            ("a=x", "a=y", collision("a")),
            ("a=d", "a=x", collision("a")),
            ("a=l", "a=x", collision("a")),
            ("a=x", "a/b=x", below("a/b", "a")),
            ("a=l", "a/b=x", below("a/b", "a")),
            ("a=x", "a/b=d", below("a/b", "a")),
        ] {
            assert_eq!(insert_all(&[one, other]), Err(expected.clone()), "{one} {other}");
            assert_eq!(insert_all(&[other, one]), Err(expected), "{other} {one}");
        }
    }

    #[test]
    fn what_is_refused_leaves_no_trace() {
        let mut set = insert_all(&["a/b=x"]).unwrap();
        let before = set.clone();
        assert!(set.insert(path("a/b/c/d"), entry('x')).is_err());
        assert!(set.insert(path("a"), entry('x')).is_err());
        assert_eq!(set, before);
    }

    proptest! {
        #[test]
        fn the_order_of_insertion_does_not_matter(
            words in prop::collection::vec("[ab](/[ab]){0,2}=[dlxy]", 0..8),
            seed in prop::collection::vec(any::<prop::sample::Index>(), 8),
        ) {
            let mut shuffled: Vec<&str> = words.iter().map(String::as_str).collect();
            let forward = insert_all(&shuffled);
            for (position, index) in (1..shuffled.len()).rev().zip(&seed) {
                shuffled.swap(position, index.index(position + 1));
            }
            match (forward, insert_all(&shuffled)) {
                (Ok(one), Ok(other)) => prop_assert_eq!(one, other),
                (one, other) => prop_assert_eq!(one.is_ok(), other.is_ok()),
            }
        }
    }
}
