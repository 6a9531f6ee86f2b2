//! The files of one DAG on one server.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::error::RecordError;
use crate::layers::Digest;

/// The largest file that is read, in bytes.
const LIMIT: u64 = 32 << 20;

/// How often a lock is tried for, and the pause in between.
const ATTEMPTS: usize = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// How the names of files begin that are being written.
const UNFINISHED: &str = ".new.";

/// How much of a name is kept for people to read, in bytes.
const READABLE: usize = 100;

/// Where the files are; the directory need not exist yet.
pub(super) struct Directory(PathBuf);

/// Keeps others from changing the files; none where the file system has no locks.
pub(super) struct Lock(Option<File>);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing it does the same.
        self.0.iter().for_each(|file| drop(file.unlock()));
    }
}

impl Directory {
    pub(super) fn new(root: &Path, server: &str, dag_id: &str) -> Self {
        Self(root.join(file_name(server)).join(file_name(dag_id)))
    }

    /// Returns those of a DAG on any server.
    pub(super) fn all_of(root: &Path, dag_id: &str) -> Vec<Self> {
        let servers = fs::read_dir(root).into_iter().flatten().flatten();
        servers.map(|server| Self(server.path().join(file_name(dag_id)))).collect()
    }

    pub(super) fn deploys(&self) -> PathBuf {
        self.0.join("deploys.ndjson")
    }

    pub(super) fn spec_file(&self, digest: &Digest) -> PathBuf {
        self.specs().join(format!("{}.json", digest.hex()))
    }

    fn specs(&self) -> PathBuf {
        self.0.join("specs")
    }

    /// Makes the directory, and waits until nobody else changes it.
    pub(super) fn lock(&self) -> Result<Lock, RecordError> {
        let lock = self.0.join("lock");
        let fail = |error| RecordError::Write { file: lock.clone(), error };
        DirBuilder::new().recursive(true).mode(0o700).create(self.specs()).map_err(fail)?;
        let options = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock);
        let file = options.map_err(fail)?;
        for _ in 0..ATTEMPTS {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(Some(file))),
                Err(TryLockError::WouldBlock) => sleep(PAUSE),
                Err(TryLockError::Error(_)) => return Ok(Lock(None)),
            }
        }
        Err(RecordError::Busy { lock })
    }

    /// Returns the lines of entries, the oldest first; of a DAG that was never deployed, none.
    pub(super) fn lines(&self) -> Result<Vec<String>, RecordError> {
        let file = self.deploys();
        match read(&file) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(RecordError::Read { file, error }),
        }
    }

    pub(super) fn put_lines(&self, lines: &[String]) -> Result<(), RecordError> {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.replace(self.deploys(), text.as_bytes())
    }

    pub(super) fn spec(&self, digest: &Digest) -> Result<Vec<u8>, RecordError> {
        let file = self.spec_file(digest);
        read(&file).map_err(|error| RecordError::Read { file, error })
    }

    pub(super) fn put_spec(&self, digest: &Digest, json: &[u8]) -> Result<(), RecordError> {
        self.replace(self.spec_file(digest), json)
    }

    /// Removes the specs that no line names, and what killed processes left half written.
    pub(super) fn sweep(&self, lines: &[String]) -> Result<(), RecordError> {
        let is_named = |hex: &str| lines.iter().any(|line| line.contains(hex));
        self.remove(&self.specs(), |name| name.strip_suffix(".json").is_some_and(|hex| !is_named(hex)))?;
        self.remove(&self.0, |name| name.starts_with(UNFINISHED))
    }

    fn remove(&self, directory: &Path, goes: impl Fn(&str) -> bool) -> Result<(), RecordError> {
        let fail = |error| RecordError::Write { file: directory.to_owned(), error };
        for entry in fs::read_dir(directory).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            if name.to_str().is_some_and(&goes) {
                fs::remove_file(directory.join(name)).map_err(fail)?;
            }
        }
        Ok(())
    }

    /// Replaces a file as a whole; only its owner reads it.
    fn replace(&self, file: PathBuf, bytes: &[u8]) -> Result<(), RecordError> {
        self.try_replace(&file, bytes).map_err(|error| RecordError::Write { file, error })
    }

    fn try_replace(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let owners = Permissions::from_mode(0o600);
        let mut temporary = tempfile::Builder::new().prefix(UNFINISHED).permissions(owners).tempfile_in(&self.0)?;
        temporary.write_all(bytes)?;
        // A name that leads to an empty file after a crash would be worse than none.
        temporary.as_file().sync_all()?;
        temporary.persist(file).map(drop).map_err(|error| error.error)
    }
}

/// Reads a file that should be a small one; whatever has taken its place does not block.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(file)?;
    if !metadata.is_file() || metadata.len() > LIMIT {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is no file of the record"));
    }
    let mut bytes = Vec::new();
    File::open(file)?.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns a file name for any text: two texts have two, also where letter case does not count.
fn file_name(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '.' };
    let readable: String = text.replace("://", ".").chars().map(plain).take(READABLE).collect();
    format!("{}.{}", readable.trim_start_matches('.'), &Digest::of(text.as_bytes()).hex()[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_has_a_file_name_of_its_own() {
        let texts =
            ["https://a.b", "https://a.b/c", "https://a.b:8443", "https://A.b", "..", "../..", "", "é/\0", "a b"];
        let names: Vec<String> = texts.iter().map(|text| file_name(text).to_lowercase()).collect();
        for (at, name) in names.iter().enumerate() {
            assert!(!name.starts_with("..") && !name.contains(['/', '\0']), "{name}");
            assert!(!names[..at].contains(name), "{name}");
        }
        assert!(file_name("https://pro.example.com/x").starts_with("https.pro.example.com.x."), "{names:?}");
        assert!(file_name(&"x".repeat(10_000)).len() < 255);
    }
}
