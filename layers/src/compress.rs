//! One block in, the bytes that decompress to it out: a gzip member or a zstd frame, by a fresh compressor.

mod gzip;
mod zstd;

use std::io;

use crate::Compression;

impl Compression {
    /// Returns how many bytes of the tar stream are compressed at a time.
    pub(crate) fn block_size(self) -> usize {
        match self {
            Self::Gzip => gzip::BLOCK,
            Self::Zstd { .. } => zstd::BLOCK,
        }
    }

    /// Compresses one block; several results in a row decompress to their blocks in a row.
    pub(crate) fn compress(self, block: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => gzip::member(block),
            Self::Zstd { level } => zstd::frame(block, level),
        }
    }

    /// Returns a name for all that the compressed bytes depend on besides the tar stream; it can be part of a file name.
    ///
    /// Two layers of one `DiffId` and one key are the same bytes, whichever version of this program made them.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::Gzip => gzip::KEY.to_owned(),
            Self::Zstd { level } => format!("{}-l{level}", zstd::KEY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ZstdLevel;

    const ZSTD: Compression = Compression::Zstd { level: ZstdLevel::DEFAULT };

    /// A crate that is bumped without its key would let a cache give bytes that nobody would make any more.
    #[test]
    fn a_key_names_the_version_that_is_pinned() {
        let manifest = include_str!("../Cargo.toml");
        for (compression, name) in [(Compression::Gzip, "libdeflater"), (ZSTD, "zstd")] {
            let line = manifest.lines().find(|line| line.starts_with(&format!("{name} ="))).unwrap();
            let pinned = line.split_once("\"=").and_then(|(_, rest)| rest.split_once('"')).unwrap().0;
            assert!(compression.key().contains(&format!("{name}{pinned}-")), "{}", compression.key());
        }
    }

    #[test]
    fn what_decides_the_bytes_is_in_the_key() {
        let level = |level| Compression::Zstd { level: ZstdLevel::new(level).unwrap() };
        let keys = [Compression::Gzip.key(), ZSTD.key(), level(4).key()];
        assert_eq!(keys, ["gzip1-libdeflater1.26.1-1m-l7", "zstd1-zstd0.14.4-2m-l3", "zstd1-zstd0.14.4-2m-l4"]);
    }
}
