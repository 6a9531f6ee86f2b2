//! Where compressed bytes lie between assembly and upload.

use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many bytes stay in memory.
const MEMORY: usize = 4 << 20;

/// Compressed bytes, in memory while they are few and in an unlinked temporary file once they are many.
///
/// Two are equal when they hold the same bytes in memory, or are the same part of the same open file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    size: u64,
    source: BlobSource,
}

#[derive(Debug, Clone)]
enum BlobSource {
    Memory(Arc<[u8]>),
    /// From an offset in the file on.
    File(Arc<File>, u64),
}

impl PartialEq for BlobSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Memory(one), Self::Memory(other)) => one == other,
            (Self::File(one, at), Self::File(other, other_at)) => Arc::ptr_eq(one, other) && at == other_at,
            _ => false,
        }
    }
}

impl Eq for BlobSource {}

/// Takes a blob's bytes; those of a large one go to a file that no other process can name.
pub(crate) struct Spool {
    directory: PathBuf,
    size: u64,
    memory: Vec<u8>,
    file: Option<File>,
}

impl Spool {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), size: 0, memory: Vec::new(), file: None }
    }

    pub(crate) fn finish(self) -> Blob {
        let source = match self.file {
            Some(file) => BlobSource::File(Arc::new(file), 0),
            None => BlobSource::Memory(self.memory.into()),
        };
        Blob { size: self.size, source }
    }

    /// Returns the file, once there is more than memory should hold.
    fn file_for(&mut self, more: usize) -> io::Result<Option<&mut File>> {
        if self.file.is_none() && self.memory.len() + more > MEMORY {
            let mut file = tempfile::tempfile_in(&self.directory)?;
            file.write_all(&std::mem::take(&mut self.memory))?;
            self.file = Some(file);
        }
        Ok(self.file.as_mut())
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = match self.file_for(bytes.len())? {
            Some(file) => file.write(bytes)?,
            None => self.memory.write(bytes)?,
        };
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Blob {
    /// Holds `bytes` in memory.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { size: bytes.len() as u64, source: BlobSource::Memory(bytes.into()) }
    }

    /// Stands for `size` bytes of an open file, from `offset` on: an image layout's blob, or a member of a tar archive.
    #[must_use]
    pub fn of_file(file: Arc<File>, offset: u64, size: u64) -> Self {
        Self { size, source: BlobSource::File(file, offset) }
    }

    /// Returns a part of it: `size` bytes from `offset` on, or as many of them as there are.
    #[must_use]
    pub fn slice(&self, offset: u64, size: u64) -> Self {
        let offset = offset.min(self.size);
        let size = size.min(self.size - offset);
        let source = match &self.source {
            BlobSource::Memory(bytes) => BlobSource::Memory(bytes[offset as usize..][..size as usize].into()),
            BlobSource::File(file, start) => BlobSource::File(Arc::clone(file), start + offset),
        };
        Self { size, source }
    }

    /// Returns the file that holds these bytes alone and has no name, if there is one: a spool file.
    #[must_use]
    pub fn unnamed_file(&self) -> Option<&File> {
        let BlobSource::File(file, 0) = &self.source else { return None };
        let is_own = |metadata: Metadata| metadata.nlink() == 0 && metadata.len() == self.size;
        file.metadata().is_ok_and(is_own).then_some(file)
    }

    /// Returns whether its bytes are in memory.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        matches!(self.source, BlobSource::Memory(_))
    }

    /// Returns the length in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Fills `buffer` from `offset` on and returns the number of bytes read, 0 at the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.source {
            BlobSource::Memory(bytes) => (&bytes[(offset as usize).min(bytes.len())..]).read(buffer),
            BlobSource::File(file, start) => {
                let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
                let most = left.min(buffer.len());
                std::os::unix::fs::FileExt::read_at(&**file, &mut buffer[..most], start.saturating_add(offset))
            }
        }
    }

    /// Returns a reader over the whole blob; each has a position of its own.
    pub fn reader(&self) -> impl Read + Send + 'static {
        BlobReader { blob: self.clone(), offset: 0 }
    }
}

struct BlobReader {
    blob: Blob,
    offset: u64,
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.blob.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(size: usize) {
        let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(directory.path());
        for slice in bytes.chunks(1 << 20) {
            spool.write_all(slice).unwrap();
        }
        let blob = spool.finish();
        assert_eq!(matches!(blob.source, BlobSource::File(..)), size > MEMORY);
        assert_eq!(directory.path().read_dir().unwrap().count(), 0, "nothing is left that has a name");
        for _ in 0..2 {
            let mut read = Vec::new();
            blob.reader().read_to_end(&mut read).unwrap();
            assert!(read == bytes, "{size}");
        }
        assert_eq!(blob.size(), size as u64);
        assert_eq!(blob.unnamed_file().is_some(), size > MEMORY);
        assert_eq!(blob.read_at(&mut [0; 8], 1 << 40).unwrap(), 0);
    }

    #[test]
    fn a_blob_reads_as_it_was_written_wherever_it_lies() {
        for size in [0, 1, MEMORY, MEMORY + 1, 3 * MEMORY] {
            check(size);
        }
    }

    #[test]
    fn a_part_of_a_file_ends_where_it_ends() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"before[inside]after").unwrap();
        let blob = Blob::of_file(Arc::new(file), 7, 6);
        let mut read = String::new();
        blob.reader().read_to_string(&mut read).unwrap();
        assert_eq!((read.as_str(), blob.size()), ("inside", 6));
        assert_eq!(blob.read_at(&mut [0; 8], 6).unwrap(), 0);
    }

    #[test]
    fn a_slice_never_reaches_beyond_its_blob() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"before[inside]after").unwrap();
        for blob in [Blob::of_file(Arc::new(file), 7, 6), Blob::from_bytes(b"inside".to_vec())] {
            for (offset, size, expected) in
                [(0, 6, "inside"), (2, 3, "sid"), (4, 9, "de"), (6, 1, ""), (9, 9, ""), (u64::MAX, u64::MAX, "")]
            {
                let mut read = String::new();
                let slice = blob.slice(offset, size);
                slice.reader().read_to_string(&mut read).unwrap();
                assert_eq!((read.as_str(), slice.size()), (expected, expected.len() as u64));
            }
        }
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut spool = Spool { file: Some(full), ..Spool::new(Path::new("/")) };
        assert_eq!(spool.write_all(b"x").unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
