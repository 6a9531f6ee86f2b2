//! What the packages are for: a platform, a Python and a C library, as the base image has them.

use pep440_rs::Version;

use crate::image::Platform;
use crate::inspect::{Interpreter, Libc};

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
}
