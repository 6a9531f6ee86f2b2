//! The files of a project, as the file system tells them apart: nothing is opened.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// More files than this are not looked for: what was read is watched all the same.
const MOST: usize = 20_000;
const SKIPPED: &[&str] = &["__pycache__", "venv", "node_modules"];

/// Which files matter.
pub(in crate::cli) enum Scope {
    /// Any: nobody knows what would have been read.
    Everything,
    /// These, and new ones that Python could import or that say what is in the image.
    Read(BTreeSet<PathBuf>),
}

/// What stood where at one time.
pub(super) struct Tree(BTreeMap<PathBuf, Stamp>);

/// What changes when a file does, whatever the clock says: editors replace files, or write into them.
#[derive(PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    changed: (i64, i64),
    size: u64,
    inode: u64,
}

impl Tree {
    /// Reads the tree below a directory, without `written`; what cannot be read is not there.
    pub(super) fn read(root: &Path, written: &[PathBuf]) -> Self {
        let mut files = BTreeMap::new();
        let mut pending = vec![root.to_owned()];
        while let Some(directory) = pending.pop() {
            for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
                let (path, name) = (entry.path(), entry.file_name());
                // A link counts as what it leads to, but is not descended.
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && !is_skipped(&name) => pending.push(path),
                    Ok(kind) if !kind.is_dir() && !is_passing(&name) && !written.contains(&path) => {
                        files.extend(std::fs::metadata(&path).map(|metadata| (path, Stamp::of(&metadata))));
                    }
                    _ => {}
                }
            }
            if files.len() > MOST {
                break;
            }
        }
        Self(files)
    }

    /// Tells whether a file that matters was changed, is gone, or is new.
    pub(super) fn differs(&self, now: &Self, scope: &Scope) -> bool {
        let paths: BTreeSet<&PathBuf> = self.0.keys().chain(now.0.keys()).collect();
        let differing = paths.into_iter().filter(|path| self.0.get(*path) != now.0.get(*path));
        differing.into_iter().any(|path| scope.matters(path, self.0.contains_key(path)))
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            size: metadata.size(),
            inode: metadata.ino(),
        }
    }
}

impl Scope {
    fn matters(&self, path: &Path, was_there: bool) -> bool {
        match self {
            Self::Everything => true,
            Self::Read(read) => read.contains(path) || (!was_there && is_of_interest(path)),
        }
    }
}

/// A file that was not there and would have been read.
fn is_of_interest(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_lock = name.starts_with("pylock.") || name == "requirements.txt";
    is_lock || name == ".dockerignore" || path.extension().is_some_and(|extension| extension == "py")
}

/// Nothing below them is the project's own.
fn is_skipped(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") || SKIPPED.iter().any(|skipped| name == *skipped)
}

/// What editors, and we ourselves, leave for a moment while a file is saved.
fn is_passing(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let swap = name.starts_with('.') && [".swp", ".swo", ".swx", ".tmp"].iter().any(|end| name.ends_with(end));
    swap || name.ends_with('~') || name.starts_with(".#") || name.starts_with(".dag.json.") || name == "4913"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_what_was_read_and_what_would_have_been() {
        let read = || Scope::Read([PathBuf::from("/p/dag.py")].into());
        for (path, was_there, expected) in [
            ("/p/dag.py", true, true),
            ("/p/dag.py", false, true),
            ("/p/notes.md", true, false),
            ("/p/notes.md", false, false),
            ("/p/other.py", true, false),
            ("/p/other.py", false, true),
            ("/p/.dockerignore", false, true),
            ("/p/pylock.linux-amd64-py311.toml", false, true),
        ] {
            assert_eq!(read().matters(Path::new(path), was_there), expected, "{path} {was_there}");
            assert!(Scope::Everything.matters(Path::new(path), was_there));
        }
    }

    #[test]
    fn what_is_there_for_a_moment_is_not_seen() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(directory.path().join(name), "x").unwrap();
        let written = [directory.path().join("dag.json")];
        let before = Tree::read(directory.path(), &written);
        for name in ["dag.json", ".dag.json.a1b2", ".dag.py.swp", "dag.py~", ".#dag.py", "4913"] {
            write(name);
        }
        assert!(!before.differs(&Tree::read(directory.path(), &written), &Scope::Everything));
        write("dag.py");
        assert!(before.differs(&Tree::read(directory.path(), &written), &Scope::Everything));
    }

    #[test]
    fn a_file_of_the_same_size_that_takes_the_place_of_another_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("dag.py");
        std::fs::write(&path, "one").unwrap();
        let before = Tree::read(directory.path(), &[]);
        std::fs::write(directory.path().join("4913"), "two").unwrap();
        std::fs::rename(directory.path().join("4913"), &path).unwrap();
        assert!(before.differs(&Tree::read(directory.path(), &[]), &Scope::Everything));
    }
}
