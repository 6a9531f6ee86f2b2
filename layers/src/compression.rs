//! The ways of compressing that there are, by the names that people and manifests give them.

use std::fmt;
use std::str::FromStr;

/// How a layer's tar stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Gzip, in members of a fixed size: what every registry and runtime reads.
    #[default]
    Gzip,
    /// Zstandard, in frames of a fixed size.
    Zstd {
        /// How hard to try.
        level: ZstdLevel,
    },
}

/// A level of Zstandard's: from 1, the fastest, to 19, beyond which zstd itself wants to be asked twice (`--ultra`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ZstdLevel(u8);

/// A text that names no way of compressing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompressionError {
    /// No such way.
    #[error("expected `gzip`, `zstd`, or `zstd:LEVEL`")]
    Unknown,
    /// No such level.
    #[error("`{0}` is no level of zstd's: expected a number from 1 to {max}", max = ZstdLevel::MAX)]
    Level(String),
}

impl Compression {
    /// Returns the OCI media type of a layer compressed so (OCI image-spec, layer.md).
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd { .. } => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

impl ZstdLevel {
    /// The one that zstd itself takes when none is given.
    pub const DEFAULT: Self = Self(3);

    const MAX: u8 = 19;

    /// Returns the level of that number, if there is one.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    pub(crate) fn get(self) -> i32 {
        self.0.into()
    }
}

impl fmt::Display for ZstdLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Compression {
    type Err = CompressionError;

    fn from_str(text: &str) -> Result<Self, CompressionError> {
        match text.split_once(':') {
            None if text == "gzip" => Ok(Self::Gzip),
            None if text == "zstd" => Ok(Self::Zstd { level: ZstdLevel::DEFAULT }),
            Some(("zstd", level)) => match level.parse().ok().and_then(ZstdLevel::new) {
                Some(level) => Ok(Self::Zstd { level }),
                None => Err(CompressionError::Level(level.to_owned())),
            },
            _ => Err(CompressionError::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compression_is_named_on_the_command_line() {
        let zstd = |level| Compression::Zstd { level: ZstdLevel(level) };
        for (text, expected) in
            [("gzip", Compression::Gzip), ("zstd", zstd(3)), ("zstd:1", zstd(1)), ("zstd:19", zstd(19))]
        {
            assert_eq!(text.parse(), Ok(expected));
        }
        for text in ["", "gz", "GZIP", "gzip:6", "gzip:", "brotli", "zst:3"] {
            assert_eq!(text.parse::<Compression>(), Err(CompressionError::Unknown), "{text}");
        }
        for level in ["", "0", "20", "-1", "3.5", "256", "fast"] {
            let expected = Err(CompressionError::Level(level.to_owned()));
            assert_eq!(format!("zstd:{level}").parse::<Compression>(), expected);
        }
    }
}
