//! A base image's layers into what it has: its Python, the distributions in it, its C library, its Debian packages.
//!
//! Layers are read as streams, top to bottom of the archive, each once; nothing is unpacked.

mod archive;
mod debian;
mod distributions;
mod error;
mod inspection;
mod keep;
mod libc;
mod python;
mod scan;
mod tree;
mod unpack;
mod venv;

use std::collections::BTreeSet;

use pep440_rs::Version;

pub use error::InspectError;
pub use inspection::Inspection;

/// What a base has that matters to who installs packages into it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Facts {
    /// The Python that a process of the image finds first.
    pub python: Option<Interpreter>,
    /// Its C library.
    pub libc: Option<Libc>,
    /// The distributions that this Python finds, sorted by name.
    pub distributions: Vec<Distribution>,
    /// The Debian packages that are installed, and what they provide.
    pub debian: BTreeSet<String>,
    /// The programs of all Pythons that a process of the image finds, also of other versions.
    pub pythons: Vec<String>,
}

impl Facts {
    /// Returns the Python and the C library that packages are installed for; `wanted` is e.g. `3.11`.
    ///
    /// # Errors
    /// When the base has none, or Pythons of other versions alone.
    pub fn interpreter(&self, wanted: &str) -> Result<(&Interpreter, Libc), InspectError> {
        let no_python = || InspectError::NoPython { wanted: wanted.to_owned(), found: self.pythons.clone() };
        let python = self.python.as_ref().ok_or_else(no_python)?;
        let libc = self.libc.ok_or_else(|| InspectError::NoLibc { python: python.version.to_string() })?;
        Ok((python, libc))
    }
}

/// A Python inside an image. Paths are absolute, as a process of the image sees them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Interpreter {
    /// `3.11.9`
    pub version: Version,
    /// `/usr/local/bin/python3.11`: what the first line of a script names.
    pub executable: String,
    /// `/usr/local/lib/python3.11/site-packages`: where packages are installed (`purelib` and `platlib`).
    pub site_packages: String,
    /// `/usr/local/bin`
    pub scripts: String,
    /// `/usr/local`: what a wheel's `.data/data` is relative to (`sys.prefix`).
    pub prefix: String,
    /// `/usr/local/include/python3.11`
    pub include: String,
}

/// A C library and its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Libc {
    /// GNU's: manylinux wheels (PEP 600).
    Glibc {
        /// 2
        major: u16,
        /// 36
        minor: u16,
    },
    /// musl: musllinux wheels (PEP 656).
    Musl {
        /// 1
        major: u16,
        /// 2
        minor: u16,
    },
}

/// A distribution that a base has installed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Distribution {
    /// Its name, normalized.
    pub name: pep508_rs::PackageName,
    /// Its version.
    pub version: Version,
    /// `Requires-Dist` of its metadata, as written.
    pub requires: Vec<String>,
    /// `Provides-Extra`, as written.
    pub extras: Vec<String>,
    /// `/usr/local/lib/python3.11/site-packages/pip-24.0.dist-info`
    pub directory: String,
    /// Every file of it, absolute, from its RECORD: what must go when another version takes its place. Empty when it
    /// has none, as Debian's own packages.
    pub files: Vec<String>,
}
