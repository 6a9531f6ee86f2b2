//! Operating system, architecture and variant.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A target platform such as `linux/amd64` or `linux/arm/v7` (OCI image-spec, image-index.md).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// Go's name of the architecture: `amd64`, `arm64`, `arm`…
    pub architecture: String,
    /// `v7`, `v8`…
    #[serde(skip_serializing_if = "Option::is_none")]
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

    /// Takes a platform as an index or a config writes it.
    pub(super) fn written(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let platform = normalized(architecture, variant.filter(|variant| !variant.is_empty()));
        Self { os: os.to_ascii_lowercase(), ..platform }
    }

    /// Returns how well an image for `offered` runs here, more being better, or nothing when it does not.
    ///
    /// Variants as containerd has them: `arm/v7` also runs `v6` and `v5`, and `amd64/v3` also `v2` and plain
    /// `amd64`. Unlike containerd's, a 64-bit platform never falls back to a 32-bit one: packages would not match.
    pub(super) fn fit(&self, offered: &Platform) -> Option<u32> {
        if (&self.os, &self.architecture) != (&offered.os, &offered.architecture) {
            return None;
        }
        if self.variant == offered.variant {
            return Some(u32::MAX);
        }
        let level = offered.level()?;
        (level <= self.level()?).then_some(level)
    }

    /// Returns the variant as a number that grows with what it can run.
    fn level(&self) -> Option<u32> {
        let variant = match (self.architecture.as_str(), self.variant.as_deref()) {
            ("amd64", None) => "v1",
            ("arm64", None) => "v8",
            ("amd64" | "arm64" | "arm", Some(variant)) => variant,
            _ => return None,
        };
        let (major, minor) = variant.strip_prefix('v')?.split_once('.').unwrap_or((&variant[1..], "0"));
        Some(u32::from(major.parse::<u16>().ok()?) << 16 | u32::from(minor.parse::<u16>().ok()?))
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

/// Applies containerd's rules for names people use (`x86_64`, `aarch64`, `arm64/v8`, `armhf`, `arm/7`).
fn normalized(architecture: &str, variant: Option<&str>) -> Platform {
    let (architecture, variant) = match (architecture, variant) {
        ("x86_64" | "amd64", None | Some("v1")) => ("amd64", None),
        ("x86_64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", None | Some("v8" | "8")) => ("arm64", None),
        ("aarch64", variant) => ("arm64", variant),
        ("i386", _) => ("386", None),
        ("armhf", _) => ("arm", Some("v7")),
        ("armel", _) => ("arm", Some("v6")),
        ("arm", None | Some("7")) => ("arm", Some("v7")),
        ("arm", Some("8")) => ("arm", Some("v8")),
        ("arm", Some("6")) => ("arm", Some("v6")),
        ("arm", Some("5")) => ("arm", Some("v5")),
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
