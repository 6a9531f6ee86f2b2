//! Operating system, architecture and variant.

use std::fmt;
use std::str::FromStr;

/// A target platform such as `linux/amd64` or `linux/arm/v7` (OCI image-spec, image-index.md).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// Go's name of the architecture: `amd64`, `arm64`, `arm`…
    pub architecture: String,
    /// `v7`, `v8`…
    pub variant: Option<String>,
}

/// A text that names no platform that images are built for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a platform: expected `linux/amd64`, `linux/arm64` or alike")]
pub struct PlatformError(pub String);

impl Platform {
    /// Returns `linux/amd64`, the default whatever the host is.
    #[must_use]
    pub fn linux_amd64() -> Self {
        Self { os: "linux".into(), architecture: "amd64".into(), variant: None }
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let fail = || PlatformError(text.to_owned());
        let parts: Vec<&str> = text.split('/').collect();
        let word = |part: &&str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if !parts.iter().all(word) {
            return Err(fail());
        }
        match parts[..] {
            ["linux", architecture] => Ok(normalized(architecture, None)),
            ["linux", architecture, variant] => Ok(normalized(architecture, Some(variant))),
            _ => Err(fail()),
        }
    }
}

/// Applies containerd's rules for names people use (`x86_64`, `aarch64`, `arm64/v8`).
fn normalized(architecture: &str, variant: Option<&str>) -> Platform {
    let (architecture, variant) = match (architecture, variant) {
        ("x86_64" | "amd64", None | Some("v1")) => ("amd64", None),
        ("aarch64" | "arm64", None | Some("v8")) => ("arm64", None),
        other => other,
    };
    Platform { os: "linux".into(), architecture: architecture.into(), variant: variant.map(Into::into) }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}
