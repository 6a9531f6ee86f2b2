//! What the packages are for: a platform, a Python and a C library, as the base image has them.

mod markers;
mod tags;

use pep440_rs::Version;
use pep508_rs::MarkerEnvironment;

use crate::image::Platform;
use crate::inspect::{Interpreter, Libc};

pub use tags::{TagRank, Tags};

/// Where the packages will run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `linux/amd64` or `linux/arm64`.
    pub platform: Platform,
    /// Python, with its patch release: `Requires-Python` and `python_full_version` ask for it.
    pub python: Version,
    /// The base's C library, which bounds the manylinux tags.
    pub libc: Libc,
}

impl Target {
    /// Returns what packages run on in a base whose interpreter is `python`.
    #[must_use]
    pub fn new(platform: Platform, python: &Interpreter, libc: Libc) -> Self {
        Self { platform, python: python.version.clone(), libc }
    }

    /// Returns the values of PEP 508's markers; nothing when the interpreter's version is not one that markers know.
    #[must_use]
    pub fn markers(&self) -> Option<MarkerEnvironment> {
        markers::environment(self)
    }

    /// Returns the tags of the wheels that can be installed.
    #[must_use]
    pub fn tags(&self) -> Tags {
        Tags::new(self)
    }

    /// Returns what `platform.machine()` is there, which is also how wheels name it.
    fn machine(&self) -> &str {
        match (self.platform.architecture.as_str(), self.platform.variant.as_deref()) {
            ("amd64", _) => "x86_64",
            ("arm64", _) => "aarch64",
            ("386", _) => "i686",
            ("arm", Some("v6")) => "armv6l",
            ("arm", _) => "armv7l",
            (other, _) => other,
        }
    }

    /// Returns `(3, 11)`.
    fn python_minor(&self) -> (u64, u64) {
        let release = self.python.release();
        (release.first().copied().unwrap_or(3), release.get(1).copied().unwrap_or(0))
    }
}
