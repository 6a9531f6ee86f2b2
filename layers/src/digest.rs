//! The two identities of a layer, which are never interchangeable.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of bytes as a registry stores them: a compressed layer, a config, a manifest (OCI image-spec,
/// descriptor.md#digests).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// The SHA-256 of a layer's uncompressed tar stream, as a config's `rootfs.diff_ids` lists it (OCI image-spec,
/// config.md#layer-diffid).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiffId([u8; 32]);

/// A text that is not `sha256:` and 64 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// The algorithm is registered but is not one we compute.
    #[error("digest `{0}` uses an algorithm other than sha256")]
    Algorithm(String),
    /// The text does not have a digest's form.
    #[error("`{0}` is not a digest: expected `sha256:` and 64 lowercase hexadecimal digits")]
    Malformed(String),
}

macro_rules! identity {
    ($name:ident) => {
        impl $name {
            /// Returns the identity of `bytes`.
            #[must_use]
            pub fn of(bytes: &[u8]) -> Self {
                Self(Sha256::digest(bytes).into())
            }

            /// Returns the hash itself.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Returns the 64 lowercase hexadecimal digits, without the algorithm.
            #[must_use]
            pub fn hex(&self) -> String {
                self.0.iter().map(|byte| format!("{byte:02x}")).collect()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "sha256:{}", self.hex())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = DigestError;

            fn from_str(text: &str) -> Result<Self, DigestError> {
                parse(text).map(Self)
            }
        }
    };
}

identity!(Digest);
identity!(DiffId);

fn parse(text: &str) -> Result<[u8; 32], DigestError> {
    let malformed = || DigestError::Malformed(text.to_owned());
    let (algorithm, hex) = text.split_once(':').ok_or_else(malformed)?;
    if algorithm != "sha256" {
        return Err(match algorithm {
            "sha512" | "blake3" => DigestError::Algorithm(text.to_owned()),
            _ => malformed(),
        });
    }
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(malformed());
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = nibble(pair[0]) << 4 | nibble(pair[1]);
    }
    Ok(bytes)
}

fn nibble(hex_digit: u8) -> u8 {
    match hex_digit {
        b'0'..=b'9' => hex_digit - b'0',
        _ => hex_digit - b'a' + 10,
    }
}

/// Passes bytes on and hashes them on the way; a copy goes on from the same point.
#[derive(Clone)]
pub struct HashingWriter<W> {
    inner: W,
    hasher: Sha256,
    written: u64,
}

impl<W: Write> HashingWriter<W> {
    /// Starts an empty hash over what will be written to `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: Sha256::new(), written: 0 }
    }

    /// Returns the writer, the digest of everything written and its length in bytes.
    pub fn finish(self) -> (W, Digest, u64) {
        (self.inner, Digest(self.hasher.finalize().into()), self.written)
    }

    /// Returns the writer, the uncompressed identity of everything written and its length in bytes.
    pub fn finish_diff_id(self) -> (W, DiffId, u64) {
        (self.inner, DiffId(self.hasher.finalize().into()), self.written)
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_digest_prints_as_it_parses() {
        assert_eq!(Digest::of(b"").to_string(), EMPTY);
        assert_eq!(EMPTY.parse::<Digest>(), Ok(Digest::of(b"")));
    }

    #[test]
    fn what_is_not_a_digest_is_refused() {
        let upper = EMPTY.to_uppercase().replace("SHA256", "sha256");
        for text in ["", "sha256:", "sha256:abc", &EMPTY[7..], &upper, &format!("{EMPTY}0")] {
            assert_eq!(text.parse::<Digest>(), Err(DigestError::Malformed(text.to_owned())), "{text}");
        }
        let sha512 = format!("sha512:{}", "0".repeat(128));
        assert_eq!(sha512.parse::<Digest>(), Err(DigestError::Algorithm(sha512.clone())));
    }
}
