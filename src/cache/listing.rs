//! What was packed before, as far as it can be told without reading a file: a hint that hashing may spare compressing.

use std::io::{self, Write};

use leoflow_layers::{AssembleOptions, Content, Entry, FileSet, HashingWriter};

use super::Open;
use super::directory::{Kind, touch};

/// The digits of a hash over names, modes, the bytes in all, and options; of files on disk, no content.
pub(super) struct Listing(String);

impl Listing {
    /// Returns the listing of `files`, whose contents are `bytes` long in all.
    pub(super) fn of(files: &FileSet, bytes: u64, options: &AssembleOptions) -> Self {
        let mut hash = HashingWriter::new(io::sink());
        // A sink takes everything.
        let _ = write(&mut hash, files, bytes, options);
        Self(hash.finish().1.hex())
    }
}

fn write(out: &mut impl Write, files: &FileSet, bytes: u64, options: &AssembleOptions) -> io::Result<()> {
    writeln!(out, "{} {} {bytes}", options.compression.key(), options.modified)?;
    for (path, entry) in files.iter() {
        write!(out, "{path}\0")?;
        match entry {
            Entry::Directory => write!(out, "/")?,
            Entry::Symlink { target } => write!(out, "->{target}\0")?,
            Entry::File { content: Content::File(_) | Content::Below(_), executable } => {
                write!(out, "{executable} on disk\0")?
            }
            Entry::File { content: Content::Member(member), executable } => {
                write!(out, "{executable} {} {:08x}\0", member.size, member.crc32)?;
            }
            Entry::File { content: Content::Bytes(bytes), executable } => {
                write!(out, "{executable} {}\0", bytes.len())?;
                out.write_all(bytes)?;
            }
        }
    }
    Ok(())
}

impl Open {
    /// Returns whether this was packed before.
    pub(super) fn knows(&self, listing: &Listing) -> bool {
        let file = self.directory(Kind::Listings).and_then(|directory| directory.get(&listing.0));
        file.as_ref().inspect(|file| touch(file)).is_some()
    }

    /// Remembers that this was packed.
    pub(super) fn remember(&self, listing: &Listing) {
        self.write(|| self.put(Kind::Listings, &listing.0, io::empty()));
    }
}
