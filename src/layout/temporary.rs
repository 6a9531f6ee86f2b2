//! Files that nobody sees until they are whole, and that the next writer removes should this process be killed.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::NamedTempFile;

/// Returns the directory or file that images are written to at `path`, and what killed writers left beside it.
#[must_use]
pub fn own_paths(path: &Path) -> Vec<PathBuf> {
    let prefix = beside(path);
    let temporary = |entry: io::Result<std::fs::DirEntry>| {
        entry.ok().filter(|entry| is_temporary(&entry.file_name(), &prefix)).map(|entry| entry.path())
    };
    let entries = parent(path).read_dir().into_iter().flatten();
    entries.filter_map(temporary).chain([path.to_owned()]).collect()
}

/// Returns the prefix of files that become `path` once they are whole.
pub(super) fn beside(path: &Path) -> String {
    format!(".{}.leoflow-", path.file_name().unwrap_or_default().to_string_lossy())
}

/// Returns the directory of a file.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a file in `directory` whose name begins with `prefix`. Whoever holds such a file holds a lock on it, so that
/// those of killed processes can be told from others'.
pub(super) fn create(directory: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    let lock = File::open(directory)?;
    // Whoever has the lock removes what was left; some network file systems have none: then nothing is removed.
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
        sweep(directory, prefix)?;
    }
    loop {
        let file = tempfile::Builder::new()
            .prefix(prefix)
            // What is left of these is up to the umask.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(directory)?;
        let _ = flock(file.as_file(), FlockOperation::LockShared);
        // Before it was locked, it may have been taken for a killed process's.
        if file.as_file().metadata()?.nlink() > 0 {
            return Ok(file);
        }
    }
}

/// Removes what killed processes left.
pub(super) fn sweep(directory: &Path, prefix: &str) -> io::Result<()> {
    for entry in directory.read_dir()? {
        let path = entry?.path();
        if !is_temporary(path.file_name().unwrap_or_default(), prefix) {
            continue;
        }
        // Locked until it is gone: its owner, if there is one, waits for that and begins anew.
        if let Some(_locked) = abandoned(&path) {
            // Somebody else may have been faster.
            let _ = std::fs::remove_file(&path);
        }
    }
    Ok(())
}

pub(super) fn is_temporary(name: &OsStr, prefix: &str) -> bool {
    name.as_encoded_bytes().starts_with(prefix.as_bytes())
}

/// Returns a file that nobody holds, locked.
fn abandoned(path: &Path) -> Option<File> {
    path.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
    let file = File::open(path).ok()?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
    Some(file)
}
