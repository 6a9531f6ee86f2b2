//! All files of a project, or none: each lies complete beside its place before the first one takes its name.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::super::exit::Exit;
use super::super::report::{Failure, reason, shown};

/// A file to be.
pub(super) struct NewFile {
    /// Relative to the project.
    pub(super) path: PathBuf,
    /// What it holds.
    pub(super) bytes: Vec<u8>,
    /// Whether it can be executed.
    pub(super) executable: bool,
}

impl NewFile {
    pub(super) fn text(path: impl Into<PathBuf>, text: String) -> Self {
        Self { path: path.into(), bytes: text.into_bytes(), executable: false }
    }
}

/// What was made so far, and goes again unless it is kept.
#[derive(Default)]
struct Made {
    directories: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Made {
    fn keep(&mut self) {
        self.directories.clear();
        self.files.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // What cannot be removed is what could not be made; the error that led here is told.
        self.files.iter().for_each(|file| drop(std::fs::remove_file(file)));
        self.directories.iter().rev().for_each(|directory| drop(std::fs::remove_dir(directory)));
    }
}

/// Writes all files below `directory`, which is made if need be, and replaces none.
///
/// # Errors
/// When one cannot be written; then none is.
pub(super) fn all(directory: &Path, files: &[NewFile]) -> Result<(), Failure> {
    let mut made = Made::default();
    let mut staged: Vec<(TempPath, PathBuf)> = Vec::new();
    for file in files {
        let path = directory.join(&file.path);
        let parent = path.parent().unwrap_or(directory);
        directories(parent, &mut made).map_err(|error| failure(parent, &error))?;
        let temporary = staged_file(parent, file).map_err(|error| failure(&path, &error))?;
        staged.push((temporary, path));
    }
    for (temporary, path) in staged {
        temporary.persist_noclobber(&path).map_err(|error| failure(&path, &error.error))?;
        made.files.push(path);
    }
    made.keep();
    Ok(())
}

fn directories(path: &Path, made: &mut Made) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        directories(parent, made)?;
    }
    std::fs::create_dir(path)?;
    made.directories.push(path.to_owned());
    Ok(())
}

fn staged_file(directory: &Path, file: &NewFile) -> std::io::Result<TempPath> {
    let mode = if file.executable { 0o777 } else { 0o666 };
    // The user's umask holds, as for any new file.
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(".leoflow-init.").permissions(std::fs::Permissions::from_mode(mode));
    let mut staged: NamedTempFile = builder.tempfile_in(directory)?;
    staged.write_all(&file.bytes)?;
    Ok(staged.into_temp_path())
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("nothing was written: cannot make `{}`: {}", shown(path).display(), reason(error));
    let help = match error.kind() {
        std::io::ErrorKind::AlreadyExists => "something else made it just now; look at it and run the command again",
        _ => "choose a directory that you can write to, on a disk that has room",
    };
    Failure::new(Exit::System, message, Some(help.to_owned()))
}
