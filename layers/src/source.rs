//! A file on disk in, exactly the bytes that it had when it was opened out, or word that it changed meanwhile.
//!
//! A tar header states a size before the bytes follow; a file that grows or shrinks in between must never shift what
//! comes after it.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, open, openat};

/// How much is read at a time, in bytes. A file up to this size is read before any of it is passed on.
const CHUNK: usize = 256 << 10;

/// Why a source did not give its bytes.
#[derive(Debug)]
pub(crate) enum SourceError {
    /// The system refused.
    Read { source_path: PathBuf, error: io::Error },
    /// It changed while it was read, and again while it was read anew.
    Changed { source_path: PathBuf },
    /// It changed after some of it was passed on: what was made of it must be thrown away.
    ChangedHalfway { source_path: PathBuf },
}

/// A source whose size holds, and whose bytes come in chunks.
pub(crate) enum Source {
    Whole { bytes: Vec<u8>, given: bool },
    Stream(Stream),
}

/// A file too large to be held.
pub(crate) struct Stream {
    path: PathBuf,
    file: File,
    identity: Identity,
    left: u64,
    buffer: Vec<u8>,
}

/// What differs once a file was written to.
#[derive(PartialEq, Eq, Clone, Copy)]
struct Identity {
    size: u64,
    modified: (i64, i64),
}

/// Opens `path`, which must be a regular file and run through no link: whoever listed it has followed links already.
pub(crate) fn open_source(path: &Path) -> Result<Source, SourceError> {
    let fail = |error| SourceError::Read { source_path: path.to_owned(), error };
    for _ in 0..2 {
        let (file, identity) = open_file(path).map_err(fail)?;
        if identity.size > CHUNK as u64 {
            let left = identity.size;
            return Ok(Source::Stream(Stream { path: path.to_owned(), file, identity, left, buffer: Vec::new() }));
        }
        if let Some(bytes) = read_settled(file, identity).map_err(fail)? {
            return Ok(Source::Whole { bytes, given: false });
        }
    }
    Err(SourceError::Changed { source_path: path.to_owned() })
}

/// Without blocking, since a FIFO may have taken the file's place.
fn open_file(path: &Path) -> io::Result<(File, Identity)> {
    let file = open_through_directories(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok((file, Identity::of(&metadata)))
}

/// Opens a path that runs through directories alone: one that was swapped for a link since it was listed would
/// otherwise lead out of what was listed.
#[cfg(target_os = "linux")]
fn open_through_directories(path: &Path, flags: OFlags) -> io::Result<File> {
    use rustix::fs::{ResolveFlags, openat2};
    use rustix::io::Errno;
    match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        // Kernels before 5.6 do not have the call, and seccomp profiles of that time refuse it.
        Err(Errno::NOSYS | Errno::PERM) => open_step_by_step(path, flags),
        result => Ok(result?.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn open_through_directories(path: &Path, flags: OFlags) -> io::Result<File> {
    open_step_by_step(path, flags)
}

fn open_step_by_step(path: &Path, flags: OFlags) -> io::Result<File> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let step = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let top = if path.is_absolute() { "/" } else { "." };
    let mut directory = open(top, step, Mode::empty())?;
    for component in path.parent().into_iter().flat_map(Path::components) {
        if !matches!(component, Component::RootDir | Component::CurDir) {
            directory = openat(&directory, component.as_os_str(), step, Mode::empty())?;
        }
    }
    Ok(openat(&directory, name, flags | OFlags::NOFOLLOW, Mode::empty())?.into())
}

/// Returns the bytes of a file, unless they changed while they were read.
///
/// There is room for one more than it should have: when no more than those come, they are all.
fn read_settled(mut file: File, identity: Identity) -> io::Result<Option<Vec<u8>>> {
    let size = identity.size as usize;
    let mut bytes = vec![0; size + 1];
    let count = read_at_least(&mut file, &mut bytes, size.max(1))?;
    bytes.truncate(size);
    let settled = count == size && Identity::of(&file.metadata()?) == identity;
    Ok(settled.then_some(bytes))
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.size(), modified: (metadata.mtime(), metadata.mtime_nsec()) }
    }
}

impl Source {
    /// Returns the number of bytes that the chunks come to.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Whole { bytes, .. } => bytes.len() as u64,
            Self::Stream(stream) => stream.identity.size,
        }
    }

    /// Returns the next bytes, nothing after the last.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<&[u8]>, SourceError> {
        match self {
            Self::Whole { bytes, given } => Ok((!std::mem::replace(given, true)).then_some(bytes)),
            Self::Stream(stream) => stream.next_chunk(),
        }
    }
}

impl Stream {
    fn next_chunk(&mut self) -> Result<Option<&[u8]>, SourceError> {
        match self.fill() {
            Ok(Some(0)) => Ok(None),
            Ok(Some(count)) => Ok(Some(&self.buffer[..count])),
            Ok(None) => Err(SourceError::ChangedHalfway { source_path: self.path.clone() }),
            Err(error) => Err(SourceError::Read { source_path: self.path.clone(), error }),
        }
    }

    /// Returns how many bytes were read, 0 at the end, and nothing when the file is not what it was.
    fn fill(&mut self) -> io::Result<Option<usize>> {
        self.buffer.resize(CHUNK, 0);
        let wanted = self.left.min(CHUNK as u64) as usize;
        let room = wanted.max(1);
        let count = read_at_least(&mut self.file, &mut self.buffer[..room], room)?;
        if count != wanted || (wanted == 0 && Identity::of(&self.file.metadata()?) != self.identity) {
            return Ok(None);
        }
        self.left -= count as u64;
        Ok(Some(count))
    }
}

/// Reads `least` bytes or all that there are, and more only if more come at once.
fn read_at_least(file: &mut File, buffer: &mut [u8], least: usize) -> io::Result<usize> {
    let mut filled = 0;
    while filled < least {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Reads all of a file of `size` bytes, doing `meddle` to it after the first chunk.
    fn read(size: usize, meddle: impl Fn(&Path)) -> Result<u64, SourceError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap().join("file");
        fs::write(&path, vec![b'x'; size]).unwrap();
        let mut source = open_source(&path)?;
        let mut total = 0;
        while let Some(chunk) = source.next_chunk()? {
            if total == 0 {
                meddle(&path);
            }
            total += chunk.len() as u64;
        }
        Ok(total)
    }

    fn resize(path: &Path, size: usize) {
        fs::OpenOptions::new().write(true).open(path).unwrap().set_len(size as u64).unwrap();
    }

    #[test]
    fn a_large_file_that_changes_while_it_streams_is_noticed() {
        for size in [CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 9] {
            let check = |meddle: &dyn Fn(&Path)| matches!(read(size, meddle), Err(SourceError::ChangedHalfway { .. }));
            assert!(check(&|path| resize(path, size + 1)), "grown from {size}");
            assert!(check(&|path| resize(path, size - 1)), "shrunk from {size}");
            assert!(check(&|path| resize(path, 0)), "emptied from {size}");
            assert!(!check(&|_| {}), "untouched {size}");
        }
    }

    #[test]
    fn a_file_in_memory_does_not_change_any_more() {
        for size in [0, 1, CHUNK] {
            assert_eq!(read(size, |path| resize(path, 5)).unwrap(), size as u64);
        }
    }

    /// What the kernel makes up has another length than it states, each time.
    #[test]
    fn a_small_file_that_never_settles_is_given_up() {
        let status = format!("/proc/{}/status", std::process::id());
        for path in [status.as_str(), "/sys/devices/system/cpu/online"] {
            if Path::new(path).exists() {
                assert!(matches!(open_source(Path::new(path)), Err(SourceError::Changed { .. })), "{path}");
            }
        }
    }

    #[test]
    fn only_a_regular_file_is_a_source() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
        let fifo = directory.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, Mode::RWXU).unwrap();
        let missing = directory.path().join("missing");
        for path in [directory.path(), &link, &fifo, &missing, Path::new("/dev/null")] {
            assert!(matches!(open_source(path), Err(SourceError::Read { .. })), "{}", path.display());
        }
    }

    /// A directory that was swapped for a link after it was listed must not let in what lies elsewhere.
    #[test]
    fn a_source_is_not_reached_through_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        fs::create_dir(root.join("real")).unwrap();
        fs::write(root.join("real/file"), "x").unwrap();
        std::os::unix::fs::symlink("real", root.join("link")).unwrap();
        for open in [open_through_directories, open_step_by_step] {
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            assert!(open(&root.join("real/file"), flags).is_ok());
            for outside in ["link/file", "link", "real/file/x", "nothing"] {
                assert!(open(&root.join(outside), flags).is_err(), "{outside}");
            }
        }
    }
}
