//! A file of a zip archive in, exactly the bytes that its archive states out, or word that it lies.
//!
//! Its compressed bytes stay where they are and are inflated a chunk at a time: a wheel is never held, and neither is a
//! file of it. No more than the stated size is ever made, so that a bomb goes off at nobody's cost.

use std::io::{self, Write};
use std::sync::Arc;

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::Crc;

use crate::Blob;

/// How many bytes are read or made at a time.
const CHUNK: usize = 128 << 10;

/// A file of a zip archive (PKWARE's APPNOTE.TXT, section 4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name of its archive, to be told in errors.
    pub archive: Arc<str>,
    /// Its bytes as they lie in the archive.
    pub packed: Blob,
    /// How they are compressed.
    pub method: Method,
    /// How many bytes they come to.
    pub size: u64,
    /// The CRC-32 of these.
    pub crc32: u32,
}

/// How a member is compressed: the two ways that wheels use (APPNOTE.TXT, section 4.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Not at all (0).
    Stored,
    /// By DEFLATE, RFC 1951 (8).
    Deflated,
}

/// Why a member does not give its bytes.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The system refused.
    #[error("its archive cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is no DEFLATE stream, or is cut off.
    #[error("its compressed bytes are damaged")]
    Damaged,
    /// It is longer or shorter than stated.
    #[error("it does not come to the {stated} bytes that the archive states")]
    Size {
        /// The size that the archive states, in bytes.
        stated: u64,
    },
    /// It has another CRC-32 than stated.
    #[error("its CRC-32 is {found:08x}, and the archive states {stated:08x}")]
    Checksum {
        /// What the archive states.
        stated: u32,
        /// What the bytes have.
        found: u32,
    },
}

impl Member {
    /// Returns all of its bytes.
    ///
    /// # Errors
    /// When it is damaged or not what the archive states.
    pub fn read(&self) -> Result<Vec<u8>, MemberError> {
        let mut bytes = Vec::new();
        self.copy_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes all of its bytes to `out`.
    ///
    /// # Errors
    /// As [`Self::read`], and when `out` fails.
    pub fn copy_to(&self, out: &mut impl Write) -> Result<(), MemberError> {
        let mut reader = self.reader();
        while let Some(chunk) = reader.next_chunk()? {
            out.write_all(chunk)?;
        }
        Ok(())
    }

    /// Returns whether its bytes begin so, without looking at more than the first few, and without checking them.
    ///
    /// # Errors
    /// When it is damaged already there.
    pub fn starts_with(&self, prefix: &[u8]) -> Result<bool, MemberError> {
        let mut beginning = vec![0; prefix.len()];
        Ok(self.reader().fill(&mut beginning)? == prefix.len() && beginning == prefix)
    }

    pub(crate) fn reader(&self) -> MemberReader<'_> {
        let inflate = (self.method == Method::Deflated).then(|| Decompress::new(false));
        let (input, output) = (Window::default(), Vec::new());
        MemberReader { member: self, inflate, input, output, left: self.size, crc: Crc::new(), ended: false }
    }
}

/// Gives a member's bytes in chunks.
pub(crate) struct MemberReader<'a> {
    member: &'a Member,
    /// None for what is stored.
    inflate: Option<Decompress>,
    input: Window,
    output: Vec<u8>,
    left: u64,
    crc: Crc,
    ended: bool,
}

impl MemberReader<'_> {
    /// Returns the next bytes, nothing after the last; only then are they known to be right.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<&[u8]>, MemberError> {
        if self.left == 0 {
            self.check_end()?;
            return Ok(None);
        }
        let wanted = usize::try_from(self.left).map_or(CHUNK, |left| left.min(CHUNK));
        let mut output = std::mem::take(&mut self.output);
        output.resize(wanted, 0);
        let filled = self.fill(&mut output);
        self.output = output;
        if filled? < wanted {
            return Err(MemberError::Size { stated: self.member.size });
        }
        self.left -= wanted as u64;
        self.crc.update(&self.output);
        Ok(Some(&self.output))
    }

    /// Checks, once all was given, that there is no more and that it was right.
    fn check_end(&mut self) -> Result<(), MemberError> {
        if self.fill(&mut [0])? != 0 || !self.input.is_empty(&self.member.packed) {
            return Err(MemberError::Size { stated: self.member.size });
        }
        let (stated, found) = (self.member.crc32, self.crc.sum());
        if stated == found { Ok(()) } else { Err(MemberError::Checksum { stated, found }) }
    }

    /// Fills `output` as far as there is something, and returns how far.
    fn fill(&mut self, output: &mut [u8]) -> Result<usize, MemberError> {
        let mut filled = 0;
        while filled < output.len() && !self.ended {
            filled += match &mut self.inflate {
                Some(inflate) => {
                    let (made, ended) = step(inflate, self.input.fill(&self.member.packed)?, &mut output[filled..])?;
                    self.input.consume(made.0);
                    self.ended = ended;
                    made.1
                }
                None => {
                    let bytes = self.input.fill(&self.member.packed)?;
                    let count = bytes.len().min(output.len() - filled);
                    output[filled..][..count].copy_from_slice(&bytes[..count]);
                    self.input.consume(count);
                    self.ended = count == 0;
                    count
                }
            };
        }
        Ok(filled)
    }
}

/// Inflates as much as there is room for; returns how many bytes went in and out, and whether the stream ended.
fn step(inflate: &mut Decompress, input: &[u8], output: &mut [u8]) -> Result<((usize, usize), bool), MemberError> {
    let before = (inflate.total_in(), inflate.total_out());
    let status = inflate.decompress(input, output, FlushDecompress::None).map_err(|_| MemberError::Damaged)?;
    let made = ((inflate.total_in() - before.0) as usize, (inflate.total_out() - before.1) as usize);
    let ended = status == Status::StreamEnd;
    if !ended && made == (0, 0) { Err(MemberError::Damaged) } else { Ok((made, ended)) }
}

/// The part of the compressed bytes that is in memory.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    used: usize,
    offset: u64,
}

impl Window {
    /// Returns what is there, or else the next part; nothing at the end.
    fn fill(&mut self, blob: &Blob) -> io::Result<&[u8]> {
        if self.used == self.bytes.len() {
            let left = blob.size().saturating_sub(self.offset);
            self.bytes.resize(usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK)), 0);
            let count = blob.read_at(&mut self.bytes, self.offset)?;
            self.bytes.truncate(count);
            self.offset += count as u64;
            self.used = 0;
        }
        Ok(&self.bytes[self.used..])
    }

    fn consume(&mut self, count: usize) {
        self.used += count;
    }

    fn is_empty(&self, blob: &Blob) -> bool {
        self.used == self.bytes.len() && self.offset == blob.size()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;
    use crate::testing::noise;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn member(method: Method, packed: Vec<u8>, content: &[u8]) -> Member {
        let mut crc = Crc::new();
        crc.update(content);
        let packed = Blob::from_bytes(packed);
        Member { archive: "a.whl".into(), packed, method, size: content.len() as u64, crc32: crc.sum() }
    }

    fn contents() -> [Vec<u8>; 6] {
        let text = b"all work and no play\n".repeat(30_000);
        [Vec::new(), b"x".to_vec(), noise(CHUNK), noise(CHUNK + 1), text, vec![0; 5 * CHUNK]]
    }

    #[test]
    fn a_member_gives_what_was_put_in() {
        for content in contents() {
            assert!(member(Method::Stored, content.clone(), &content).read().unwrap() == content);
            assert!(member(Method::Deflated, deflated(&content), &content).read().unwrap() == content);
        }
    }

    #[test]
    fn a_beginning_is_looked_at_alone() {
        let content = [b"#!python -E\n".to_vec(), vec![0; 9 * CHUNK]].concat();
        let member = Member { crc32: 0, ..member(Method::Deflated, deflated(&content), &content) };
        assert!(member.starts_with(b"#!python").unwrap());
        assert!(!member.starts_with(b"#!/bin/sh").unwrap());
        assert!(!super::tests::member(Method::Stored, b"#!".to_vec(), b"#!").starts_with(b"#!python").unwrap());
    }

    /// Each fault of what follows must be found, wherever the chunks end.
    #[test]
    fn a_member_that_lies_is_found_out() {
        for content in contents() {
            for (method, packed) in [(Method::Stored, content.clone()), (Method::Deflated, deflated(&content))] {
                let good = member(method, packed.clone(), &content);
                let size = |size| Member { size, ..good.clone() }.read();
                assert!(matches!(size(good.size + 1), Err(MemberError::Size { .. })), "{method:?} too short");
                assert!(content.is_empty() || matches!(size(good.size - 1), Err(MemberError::Size { .. })));
                let crc32 = !good.crc32;
                assert!(matches!(Member { crc32, ..good.clone() }.read(), Err(MemberError::Checksum { .. })));
                let trailing = Blob::from_bytes([&packed[..], b"x"].concat());
                let trailing = Member { packed: trailing, ..good.clone() }.read();
                assert!(matches!(trailing, Err(MemberError::Size { .. })), "{method:?} {trailing:?}");
                if let Some(most) = packed.len().checked_sub(1) {
                    let cut = Member { packed: good.packed.slice(0, most as u64), ..good.clone() }.read();
                    assert!(matches!(cut, Err(MemberError::Size { .. } | MemberError::Damaged)), "{cut:?}");
                }
            }
        }
        let no_stream = member(Method::Deflated, vec![0xff; 100], b"x").read();
        assert!(matches!(no_stream, Err(MemberError::Damaged)));
    }
}
