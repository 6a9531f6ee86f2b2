//! Gzip members (RFC 1952, section 2.2, allows any number of them in a row), made by libdeflate.

use std::io;

use libdeflater::{CompressionLvl, Compressor};

/// What a member's bytes depend on: how blocks are sampled and stored (a count), compressor, block size, level.
pub(super) const KEY: &str = "gzip1-libdeflater1.26.1-1m-l7";

/// How many bytes a member holds.
pub(super) const BLOCK: usize = 1 << 20;

/// The least level at which no kind of input that was measured comes out larger than from `gzip -6`.
const LEVEL: i32 = 7;

/// The level that stores.
const STORED: i32 = 0;

/// The fastest level that compresses.
const SAMPLING: i32 = 1;

/// How many samples of how many bytes tell whether a block is worth compressing.
const SAMPLES: usize = 8;
const SAMPLE: usize = 4 << 10;

/// Compresses one block.
pub(super) fn member(block: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = compressor(level(block));
    let mut member = vec![0; compressor.gzip_compress_bound(block.len())];
    let length = compressor.gzip_compress(block, &mut member).map_err(io::Error::other)?;
    member.truncate(length);
    Ok(member)
}

fn compressor(level: i32) -> Compressor {
    Compressor::new(CompressionLvl::new(level).unwrap_or_default())
}

/// Returns no compression for a block that would not shrink, which saves nearly all of the time that it takes.
fn level(block: &[u8]) -> i32 {
    if is_incompressible(block) { STORED } else { LEVEL }
}

/// Tells by samples all over the block, and only when not one of them shrinks by a 64th.
fn is_incompressible(block: &[u8]) -> bool {
    if block.len() < SAMPLES * SAMPLE * 2 {
        return false;
    }
    let mut compressor = compressor(SAMPLING);
    let mut output = [0; SAMPLE - SAMPLE / 64];
    let stride = block.len() / SAMPLES;
    block.chunks_exact(stride).all(|part| compressor.deflate_compress(&part[..SAMPLE], &mut output).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    #[test]
    fn only_what_would_not_shrink_anywhere_is_stored() {
        let mut block = noise(BLOCK);
        assert!(is_incompressible(&block));
        assert!(member(&block).unwrap().len() < BLOCK + 200);
        block[BLOCK / 2..][..BLOCK / 4].fill(b' ');
        assert!(!is_incompressible(&block));
        assert!(!is_incompressible(&vec![0; BLOCK]));
        assert!(!is_incompressible(&noise(1000)));
    }

    #[test]
    fn a_header_tells_nothing_of_time_or_system() {
        for block in [&b""[..], &[b'a'; BLOCK]] {
            assert_eq!(member(block).unwrap()[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        }
    }
}
