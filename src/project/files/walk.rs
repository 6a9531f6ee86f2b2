//! Directories into a sorted list of files and links.

use std::fs::{FileType, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::FilesError;
use super::found::Found;
use super::links::Resolved;
use super::rules::Rules;

/// The owner's permission to execute.
const OWNER_EXECUTE: u32 = 0o100;

/// A walk that is under way.
pub(super) struct Walk<'a> {
    root: &'a Path,
    rules: &'a Rules,
    /// Directories and files that are none of the project's.
    foreign: &'a [PathBuf],
    found: Found,
}

impl<'a> Walk<'a> {
    pub(super) fn new(root: &'a Path, rules: &'a Rules, foreign: &'a [PathBuf]) -> Result<Self, FilesError> {
        Ok(Self { root, rules, foreign, found: Found::new(root)? })
    }

    /// Returns all that was found.
    pub(super) fn finish(self) -> Found {
        self.found
    }

    /// Adds a file, or all below a directory, unless a rule keeps it out.
    pub(super) fn include(&mut self, path: &str) -> Result<(), FilesError> {
        if path == "." {
            return self.directory(PathBuf::new());
        }
        let Some(metadata) = self.metadata("include_paths", path)? else {
            let wild = path.contains(['*', '?', '[']);
            let reason = if wild { "these are paths, not patterns" } else { "there is no such file or directory" };
            return Err(rule("include_paths", path, reason));
        };
        let is_directory = metadata.is_dir();
        if self.rules.keep_out(path, is_directory) {
            return Ok(());
        }
        if is_directory { self.directory(PathBuf::from(path)) } else { self.add(path.to_owned(), &metadata) }
    }

    /// Adds a file that the author names exactly, whatever keeps its directory out.
    pub(super) fn keep_allowed(&mut self, path: &str) -> Result<(), FilesError> {
        match self.metadata("exclude_paths", path)? {
            Some(metadata) if !metadata.is_dir() => self.add(path.to_owned(), &metadata),
            _ => Ok(()),
        }
    }

    /// Adds a file that must be there, whatever the rules say.
    pub(super) fn keep(&mut self, key: &str, path: &str) -> Result<(), FilesError> {
        if self.found.resolve(path) == Resolved::Present {
            return Ok(());
        }
        match self.metadata(key, path)? {
            Some(metadata) if metadata.is_dir() => Err(rule(key, path, "it is a directory")),
            Some(metadata) => self.add(path.to_owned(), &metadata),
            None => Err(rule(key, path, "there is no such file")),
        }
    }

    /// Returns what stands at a path that runs through no link, or nothing.
    fn metadata(&self, key: &str, path: &str) -> Result<Option<Metadata>, FilesError> {
        let through = Path::new(path).ancestors().skip(1).find(|above| self.root.join(above).is_symlink());
        if let Some(link) = through.filter(|link| !link.as_os_str().is_empty()) {
            return Err(rule(key, path, &format!("it runs through the link `{}`", link.display())));
        }
        match std::fs::symlink_metadata(self.root.join(path)) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(FilesError::Read { path: path.into(), error }),
        }
    }

    fn directory(&mut self, top: PathBuf) -> Result<(), FilesError> {
        let mut pending = vec![top];
        while let Some(directory) = pending.pop() {
            for (path, kind) in list(self.root, &directory)? {
                if self.rules.exclude(&path, kind.is_dir()) || self.foreign.contains(&self.root.join(&path)) {
                    continue;
                }
                if kind.is_dir() {
                    pending.push(path);
                } else {
                    self.entry(path)?;
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: PathBuf) -> Result<(), FilesError> {
        let metadata = match std::fs::symlink_metadata(self.root.join(&path)) {
            Ok(metadata) => metadata,
            Err(error) => return Err(FilesError::Read { path, error }),
        };
        match path.into_os_string().into_string() {
            Ok(path) => self.add(path, &metadata),
            Err(path) => Err(FilesError::NotUtf8 { path: path.into() }),
        }
    }

    fn add(&mut self, path: String, metadata: &Metadata) -> Result<(), FilesError> {
        let kind = metadata.file_type();
        if kind.is_symlink() {
            self.found.add_link(&path, read_link(self.root, &path)?)
        } else if kind.is_file() {
            access(self.root.join(&path), Access::READ_OK)
                .map_err(|error| FilesError::Read { path: PathBuf::from(&path), error: error.into() })?;
            self.found.add_file(&path, metadata.mode() & OWNER_EXECUTE != 0, metadata.len())
        } else {
            Err(FilesError::Special { path: path.into(), kind: name(kind) })
        }
    }
}

/// Returns the entries of a directory, sorted, each with its path relative to the root.
fn list(root: &Path, directory: &Path) -> Result<Vec<(PathBuf, FileType)>, FilesError> {
    let shown = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let fault = |error| FilesError::Read { path: shown.to_owned(), error };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(root.join(directory)).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        entries.push((directory.join(entry.file_name()), entry.file_type().map_err(fault)?));
    }
    entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    Ok(entries)
}

fn read_link(root: &Path, path: &str) -> Result<String, FilesError> {
    let target = std::fs::read_link(root.join(path)).map_err(|error| FilesError::Read { path: path.into(), error })?;
    target.into_os_string().into_string().map_err(|target| FilesError::NotUtf8 { path: target.into() })
}

fn rule(key: &str, rule: &str, reason: &str) -> FilesError {
    FilesError::Rule { key: key.to_owned(), rule: rule.to_owned(), reason: reason.to_owned() }
}

fn name(kind: FileType) -> &'static str {
    if kind.is_socket() {
        "socket"
    } else if kind.is_fifo() {
        "FIFO"
    } else {
        "device"
    }
}
