//! Where a download goes: hashed on the way, into the cache's unfinished file or one without a name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use crate::cache::Partial;
use crate::layers::{Blob, Digest, HashingWriter};

/// How much is hashed at a time, in bytes.
const CHUNK: usize = 256 << 10;

/// What has arrived of a file.
pub(super) struct Sink {
    to: To,
    hash: HashingWriter<io::Sink>,
    /// Bytes that are here.
    pub(super) written: u64,
    /// Whether some of them came in an earlier run of the program.
    pub(super) inherited: bool,
}

enum To {
    Partial(Partial),
    Unnamed(File),
}

impl Sink {
    /// Goes on with what is in an unfinished file.
    pub(super) fn resume(mut partial: Partial) -> io::Result<Self> {
        let mut hash = HashingWriter::new(io::sink());
        partial.file.rewind()?;
        let written = copy(&mut partial.file, &mut hash)?;
        Ok(Self { to: To::Partial(partial), hash, written, inherited: written > 0 })
    }

    /// Begins a file that nobody else can name.
    pub(super) fn unnamed(directory: &Path) -> io::Result<Self> {
        let to = To::Unnamed(tempfile::tempfile_in(directory)?);
        Ok(Self { to, hash: HashingWriter::new(io::sink()), written: 0, inherited: false })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file().write_all(bytes)?;
        self.hash.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Forgets everything.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        let file = self.file();
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        (self.hash, self.written, self.inherited) = (HashingWriter::new(io::sink()), 0, false);
        Ok(())
    }

    /// Returns the digest of what is here.
    pub(super) fn digest(&self) -> Digest {
        self.hash.clone().finish().1
    }

    /// Keeps it as the wheel of `sha256`, which the caller has compared.
    pub(super) fn finish(self, sha256: Digest) -> io::Result<Blob> {
        match self.to {
            To::Partial(partial) => partial.finish(sha256),
            To::Unnamed(file) => Ok(Blob::of_file(Arc::new(file), 0, self.written)),
        }
    }

    /// Keeps nothing of it.
    pub(super) fn discard(self) {
        if let To::Partial(partial) = self.to {
            partial.discard();
        }
    }

    /// Keeps nothing of it, as the disk takes no more; `error` comes back unless it is the cache's alone.
    pub(super) fn give_up(self, error: io::Error) -> Result<(), io::Error> {
        match self.to {
            To::Partial(partial) => {
                partial.give_up(error);
                Ok(())
            }
            To::Unnamed(_) => Err(error),
        }
    }

    fn file(&mut self) -> &mut File {
        match &mut self.to {
            To::Partial(partial) => &mut partial.file,
            To::Unnamed(file) => file,
        }
    }
}

/// Returns the digest of all of `blob`.
pub(super) fn digest_of(blob: &Blob) -> io::Result<Digest> {
    let mut hash = HashingWriter::new(io::sink());
    copy(&mut blob.reader(), &mut hash)?;
    Ok(hash.finish().1)
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<u64> {
    io::copy(&mut io::BufReader::with_capacity(CHUNK, from), to)
}
