//! The ways of compressing that there are, by their names.

use crate::compress;

/// How a layer's tar stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Gzip, in members of a fixed size.
    #[default]
    Gzip,
}

impl Compression {
    /// Returns the OCI media type of a layer compressed so (OCI image-spec, layer.md).
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
        }
    }

    /// Returns a name for all that the compressed bytes depend on besides the tar stream; it can be part of a file name.
    ///
    /// Two layers of one `DiffId` and one key are the same bytes, whichever version of this program made them.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::Gzip => compress::GZIP_KEY.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate that is bumped without its key would let a cache give bytes that nobody would make any more.
    #[test]
    fn a_key_names_the_version_that_is_pinned() {
        let manifest = include_str!("../Cargo.toml");
        let pinned = |name: &str| {
            let line = manifest.lines().find(|line| line.starts_with(&format!("{name} ="))).unwrap();
            line.split_once("\"=").and_then(|(_, rest)| rest.split_once('"')).unwrap().0.to_owned()
        };
        let key = Compression::Gzip.key();
        assert!(key.contains(&format!("libdeflate{}-", pinned("libdeflater"))), "{key}");
    }
}
