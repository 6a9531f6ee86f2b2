//! A layer's blob into its tar stream, whatever it is compressed with, up to a limit.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// How much is read of a blob at a time, in bytes.
const CHUNK: usize = 128 << 10;

/// Returns the tar stream of a layer. What it is compressed with is told by its first bytes, as runtimes tell it: some
/// builders have written media types that say otherwise.
pub(super) fn unpacked<'a>(bytes: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut bytes = BufReader::with_capacity(CHUNK, bytes);
    Ok(match bytes.fill_buf()? {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(bytes)),
        // A frame, or a skippable one (RFC 8878, section 3.1).
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            Box::new(zstd::stream::read::Decoder::with_buffer(bytes)?)
        }
        _ => Box::new(bytes),
    })
}

/// Reads until a number of bytes is spent, which is then an error and no end.
pub(super) struct Limited<'a, R> {
    pub(super) inner: R,
    pub(super) left: &'a mut u64,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => *self.left = left,
            None => return Err(io::ErrorKind::FileTooLarge.into()),
        }
        Ok(count)
    }
}
