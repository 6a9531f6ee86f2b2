//! Digests as clients write them, and hashing while bytes arrive.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use leoflow_layers::Digest;
use sha2::{Digest as _, Sha256, Sha512};

use super::fault::Fault;

/// The registered algorithms of the OCI image specification (descriptor.md#registered-algorithms) that are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Sha256,
    Sha512,
}

/// A digest that is fit to be a file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContentDigest {
    pub(super) algorithm: Algorithm,
    pub(super) hex: String,
}

/// A hash over bytes that are still arriving.
pub(super) enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Algorithm {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    pub(super) fn hasher(self) -> Hasher {
        match self {
            Self::Sha256 => Hasher::Sha256(Sha256::new()),
            Self::Sha512 => Hasher::Sha512(Sha512::new()),
        }
    }

    fn hex_digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

impl FromStr for Algorithm {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        match text {
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            _ => Err(Fault::digest_invalid(format!("digest algorithm `{text}` is neither sha256 nor sha512"))),
        }
    }
}

impl ContentDigest {
    /// Returns the digest of `bytes`.
    pub(super) fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = algorithm.hasher();
        hasher.update(bytes);
        hasher.finish()
    }
}

impl FromStr for ContentDigest {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let malformed = || Fault::digest_invalid(format!("`{text}` is not a digest"));
        let (algorithm, hex) = text.split_once(':').ok_or_else(malformed)?;
        let algorithm = algorithm.parse::<Algorithm>()?;
        let is_hex = hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex.len() != algorithm.hex_digits() || !is_hex {
            return Err(malformed());
        }
        Ok(Self { algorithm, hex: hex.to_owned() })
    }
}

impl From<Digest> for ContentDigest {
    fn from(digest: Digest) -> Self {
        Self { algorithm: Algorithm::Sha256, hex: digest.hex() }
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(super) fn finish(self) -> ContentDigest {
        match self {
            Self::Sha256(hasher) => ContentDigest { algorithm: Algorithm::Sha256, hex: hex(&hasher.finalize()) },
            Self::Sha512(hasher) => ContentDigest { algorithm: Algorithm::Sha512, hex: hex(&hasher.finalize()) },
        }
    }

    /// Returns the digest of all that `reader` gives.
    pub(super) fn drain(mut self, mut reader: impl Read) -> io::Result<ContentDigest> {
        let mut buffer = vec![0; 256 << 10];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(self.finish()),
                count => self.update(&buffer[..count]),
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
