//! Files that nobody sees until they are whole, and that the next writer removes should this process be killed.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
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
/// those of killed processes can be told from others'; the directory is locked meanwhile.
pub(super) fn create(directory: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    let lock = File::open(directory)?;
    // Some network file systems have no locks: then nothing is removed.
    if flock(&lock, FlockOperation::LockExclusive).is_ok() {
        sweep(directory, prefix)?;
    }
    let file = tempfile::Builder::new()
        .prefix(prefix)
        // What is left of these is up to the umask.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory)?;
    let _ = flock(file.as_file(), FlockOperation::LockShared);
    Ok(file)
}

/// Removes what killed processes left.
fn sweep(directory: &Path, prefix: &str) -> io::Result<()> {
    for entry in directory.read_dir()? {
        let path = entry?.path();
        if is_temporary(path.file_name().unwrap_or_default(), prefix) && is_abandoned(&path) {
            // Somebody else may have been faster.
            let _ = std::fs::remove_file(&path);
        }
    }
    Ok(())
}

pub(super) fn is_temporary(name: &OsStr, prefix: &str) -> bool {
    name.as_encoded_bytes().starts_with(prefix.as_bytes())
}

fn is_abandoned(path: &Path) -> bool {
    let regular = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    regular && File::open(path).is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok())
}
