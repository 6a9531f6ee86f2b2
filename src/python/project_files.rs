//! The one capability that the interpreter has: to look at and read the project's files.
//!
//! dag.py sees the project where it will lie in the image, so that `__file__` and every path built from it are the same
//! on each machine and hold in the pod. No descriptor ever reaches the interpreter; nothing outside the root is opened.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// Where the project lies in the image (and for dag.py).
pub(super) const IMAGE_ROOT: &str = "/home/leoflow";
/// Bytes of a file that dag.py may read; what is larger belongs into a task.
const LARGEST_FILE: u64 = 16 << 20;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    File(PathBuf),
    Directory(PathBuf),
    Missing,
    /// Not in the project, or a link that leaves it.
    Outside,
    /// A device, a FIFO, a socket.
    Special,
}

impl Found {
    /// Returns the word that the Python side knows it by.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Directory(_) => "directory",
            Self::Missing => "missing",
            Self::Outside => "outside",
            Self::Special => "special",
        }
    }
}

/// The project, read-only, and what was read of it.
#[derive(Debug)]
pub(super) struct ProjectFiles {
    /// Canonical.
    root: PathBuf,
    read: BTreeSet<PathBuf>,
}

impl ProjectFiles {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, read: BTreeSet::new() }
    }

    /// Returns what a path, as dag.py writes it, leads to.
    pub(super) fn look(&self, path: &str) -> Found {
        let Some(relative) = relative(path) else { return Found::Outside };
        let Ok(real) = self.root.join(relative).canonicalize() else { return Found::Missing };
        if !real.starts_with(&self.root) {
            return Found::Outside;
        }
        match real.metadata() {
            Ok(metadata) if metadata.is_file() => Found::File(real),
            Ok(metadata) if metadata.is_dir() => Found::Directory(real),
            Ok(_) => Found::Special,
            Err(_) => Found::Missing,
        }
    }

    /// Reads a regular file and remembers it.
    pub(super) fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let Found::File(real) = self.look(path) else { return Err("not a file of the project".to_owned()) };
        let file = std::fs::File::open(real).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(format!("it is larger than {} MiB", LARGEST_FILE >> 20));
        }
        self.read.extend(relative(path));
        Ok(bytes)
    }

    /// Returns the names in a directory of the project, sorted.
    pub(super) fn list(&self, path: &str) -> Vec<String> {
        let Found::Directory(real) = self.look(path) else { return Vec::new() };
        let Ok(entries) = std::fs::read_dir(real) else { return Vec::new() };
        let mut names: Vec<_> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Returns the files that were read, relative to the root.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.read.iter().map(PathBuf::as_path)
    }
}

/// Turns a path as dag.py writes it into one relative to the project's root; `None` when it leaves the project.
fn relative(path: &str) -> Option<PathBuf> {
    let absolute = Path::new(IMAGE_ROOT).join(path);
    let mut plain = PathBuf::new();
    for component in absolute.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain.strip_prefix(IMAGE_ROOT).ok().map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_into_the_project_or_nowhere() {
        let check = |path: &str, expected: Option<&str>| {
            assert_eq!(relative(path), expected.map(PathBuf::from), "{path}");
        };
        check("dag.py", Some("dag.py"));
        check("/home/leoflow/sql/../dag.py", Some("dag.py"));
        check("./a/./b", Some("a/b"));
        check("/home/leoflow", Some(""));
        check("/home/leoflow2/x", None);
        check("/etc/passwd", None);
        check("../../etc/passwd", None);
        check("/home/leoflow/../../etc/passwd", None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_may_not_leave_the_project() {
        let directory = tempfile::tempdir().expect("a directory");
        let outside = directory.path().join("outside");
        let root = directory.path().join("root");
        std::fs::create_dir(&root).expect("root");
        std::fs::write(&outside, "secret").expect("outside");
        std::os::unix::fs::symlink(&outside, root.join("link")).expect("link");
        std::os::unix::fs::symlink("dag.py", root.join("inner")).expect("link");
        std::fs::write(root.join("dag.py"), "x = 1").expect("dag.py");
        let mut files = ProjectFiles::new(root.canonicalize().expect("canonical"));
        assert_eq!(files.look("link"), Found::Outside);
        assert!(files.read("link").is_err());
        assert_eq!(files.read("inner"), Ok(b"x = 1".to_vec()));
        assert_eq!(files.files().collect::<Vec<_>>(), [Path::new("inner")]);
    }
}
