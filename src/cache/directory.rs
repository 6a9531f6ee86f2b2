//! The directories on disk: files appear in them whole or not at all, and nobody else can put one there.
//!
//! Each operation opens its directory anew and works below that descriptor, so that a cache which is deleted, or whose
//! path is swapped for a link, in the middle of a run leads nowhere else.

use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, Mode, OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens, linkat, mkdirat, open,
    openat, renameat, unlinkat,
};
use rustix::io::Errno;

use super::CHUNK;

/// What a directory of the cache holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Manifests, indexes and configs, by digest.
    Documents,
    /// Compressed layers, by digest.
    Layers,
    /// What layers are found by: records, by content key.
    Keys,
    /// Listings that were packed before; empty files.
    Listings,
    /// Wheels, by sha256.
    Wheels,
    /// What has arrived of files that are being downloaded.
    Partial,
    /// What servers answered, by what was asked.
    Answers,
    /// What bases were found to have, by key.
    Facts,
    /// Files that are being written.
    Unfinished,
}

impl Kind {
    pub(super) const ALL: [Self; 9] = [
        Self::Documents,
        Self::Layers,
        Self::Keys,
        Self::Listings,
        Self::Wheels,
        Self::Partial,
        Self::Answers,
        Self::Facts,
        Self::Unfinished,
    ];

    /// Returns the name of its directory.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Layers => "layers",
            Self::Keys => "keys",
            Self::Listings => "listings",
            Self::Wheels => "wheels",
            Self::Partial => "partial",
            Self::Answers => "answers",
            Self::Facts => "facts",
            Self::Unfinished => "tmp",
        }
    }
}

/// Why a directory is not used.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Others could have put something there.
    Unsafe(&'static str),
    /// The system said so.
    System(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        Self::System(error.into())
    }
}

/// A directory that is ours alone to write to.
pub(super) struct Directory(OwnedFd);

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Nothing is followed, and a FIFO does not block.
const FILE: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// What such a file begins with.
const TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n# leoflow's cache; it may be deleted at any time.\n";

/// How many other names are tried for a temporary file.
const ATTEMPTS: usize = 8;

impl Directory {
    /// Opens the directory at `root`.
    pub(super) fn root(root: &Path) -> Result<Self, Refusal> {
        match open(root, DIRECTORY, Mode::empty()) {
            // Something above it is no directory.
            Err(error @ Errno::NOTDIR) if root.symlink_metadata().is_err() => Err(error.into()),
            opened => Self::checked(opened),
        }
    }

    /// Opens the directory of `kind` below `root`.
    pub(super) fn open(root: &Path, kind: Kind) -> Result<Self, Refusal> {
        Self::checked(openat(&Self::root(root)?.0, kind.name(), DIRECTORY, Mode::empty()))
    }

    /// Does the same, and makes what is missing.
    pub(super) fn create(root: &Path, kind: Kind) -> Result<Self, Refusal> {
        DirBuilder::new().recursive(true).mode(0o700).create(root)?;
        let above = Self::root(root)?;
        match mkdirat(&above.0, kind.name(), Mode::RWXU) {
            Ok(()) => above.tag(),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        Self::open(root, kind)
    }

    /// Tells programs that back up to leave it out (bford.info/cachedir); no harm is done where that fails.
    fn tag(&self) {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        if let Ok(file) = openat(&self.0, "CACHEDIR.TAG", flags, Mode::RUSR | Mode::WUSR) {
            let _ = File::from(file).write_all(TAG);
        }
    }

    fn checked(opened: rustix::io::Result<OwnedFd>) -> Result<Self, Refusal> {
        let directory = match opened {
            Ok(directory) => File::from(directory),
            // What of the two a link gives depends on the system.
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(Refusal::Unsafe("it is a link or a file")),
            Err(error) => return Err(error.into()),
        };
        let metadata = directory.metadata()?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(Refusal::Unsafe("it belongs to another user"));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(Refusal::Unsafe("other users can write to it"));
        }
        Ok(Self(directory.into()))
    }

    /// Returns the file `name`, if there is one; whatever else has taken its place is removed.
    pub(super) fn get(&self, name: &str) -> Option<File> {
        let file = match openat(&self.0, name, FILE, Mode::empty()) {
            Ok(file) => File::from(file),
            // A link, and a socket.
            Err(Errno::LOOP | Errno::NXIO) => return self.none_without(name),
            Err(_) => return None,
        };
        match file.metadata() {
            Ok(metadata) if metadata.is_file() => Some(file),
            _ => self.none_without(name),
        }
    }

    fn none_without(&self, name: &str) -> Option<File> {
        // What cannot be removed is found out again the next time.
        let _ = self.remove(name);
        None
    }

    /// Removes `name`, if it is there; a directory in a file's place goes if it is empty.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => unlinkat(&self.0, name, AtFlags::REMOVEDIR).map_err(|_| error.into()),
        }
    }

    /// Returns whether there is nothing in it.
    pub(super) fn is_empty(&self) -> io::Result<bool> {
        for entry in Dir::read_from(&self.0)? {
            if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Opens the file `name` for reading and writing, and makes it if there is none.
    pub(super) fn open_or_create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidInput.into()) }
    }

    /// Moves a file to another directory, over what is there.
    pub(super) fn moved(&self, name: &str, directory: &Self, new: &str) -> io::Result<()> {
        Ok(renameat(&self.0, name, &directory.0, new)?)
    }

    /// Starts a file under a name that no other process takes, nor takes away as long as the file is locked.
    pub(super) fn start(&self) -> io::Result<Unfinished<'_>> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        self.named(|name| Ok(File::from(openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?)))
    }

    /// Gives a file that has no name one, without copying it.
    pub(super) fn adopt(&self, file: &File) -> io::Result<Unfinished<'_>> {
        file.set_permissions(Permissions::from_mode(0o600))?;
        let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
        self.named(|name| {
            linkat(CWD, &unnamed, &self.0, name, AtFlags::SYMLINK_FOLLOW)?;
            file.try_clone()
        })
    }

    /// Between the making of a file and its locking, somebody who sweeps may have removed it.
    fn named(&self, make: impl Fn(&str) -> io::Result<File>) -> io::Result<Unfinished<'_>> {
        for _ in 0..ATTEMPTS {
            let name = format!("{:016x}", fastrand::u64(..));
            let file = match make(&name) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                made => made?,
            };
            let unfinished = Unfinished { directory: self, name, file };
            // Where there are no locks, nobody sweeps either.
            let is_swept = matches!(unfinished.file.try_lock(), Err(TryLockError::WouldBlock));
            if !is_swept && unfinished.file.metadata()?.nlink() > 0 {
                return Ok(unfinished);
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Removes `name` unless the process that writes it still runs.
    pub(super) fn sweep(&self, name: &str) {
        if self.get(name).is_some_and(|file| file.try_lock().is_ok()) {
            let _ = self.remove(name);
        }
    }
}

/// A file that is being written; it is removed unless it is finished.
pub(super) struct Unfinished<'a> {
    directory: &'a Directory,
    name: String,
    file: File,
}

impl Unfinished<'_> {
    /// Writes all of `bytes`.
    pub(super) fn fill(&mut self, bytes: impl Read) -> io::Result<()> {
        io::copy(&mut BufReader::with_capacity(CHUNK, bytes), &mut self.file).map(drop)
    }

    /// Moves it to its place, over what is there. Nothing waits for the disk: what a crash of the machine leaves half
    /// written does not have its digest.
    pub(super) fn finish(self, directory: &Directory, name: &str) -> io::Result<()> {
        renameat(&self.directory.0, &self.name, &directory.0, name)?;
        Ok(())
    }
}

impl Drop for Unfinished<'_> {
    /// What was renamed is not there any more.
    fn drop(&mut self) {
        let _ = unlinkat(&self.directory.0, &self.name, AtFlags::empty());
        let _ = self.file.unlock();
    }
}

/// Notes that a file was used; on a disk that is read only, nothing is noted.
pub(super) fn touch(file: &File) {
    let time = |nanoseconds| Timespec { tv_sec: 0, tv_nsec: nanoseconds };
    let _ = futimens(file, &Timestamps { last_access: time(UTIME_OMIT), last_modification: time(UTIME_NOW) });
}
