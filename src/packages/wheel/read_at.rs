//! The bytes of an archive, wherever they are.

use std::io::{self, Read};

use crate::layers::Blob;

/// Bytes that can be read from any place on; some may not be here yet, which is an error of [`io::ErrorKind::WouldBlock`].
pub trait ReadAt {
    /// Returns how many there are.
    fn size(&self) -> u64;

    /// Returns `length` bytes from `offset` on, or as many of them as there are.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read_at(&self, offset: u64, length: u64) -> io::Result<Vec<u8>>;
}

impl ReadAt for Blob {
    fn size(&self) -> u64 {
        Self::size(self)
    }

    fn read_at(&self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.slice(offset, length).reader().read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
