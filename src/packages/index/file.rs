//! What an index says of its files (PEP 503, 592, 658, 691).

use std::path::PathBuf;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{ExtraName, PackageName, Requirement};
use url::Url;

use crate::layers::Digest;
use crate::packages::wheel::WheelName;

/// A file that an index offers.
#[derive(Debug, Clone, PartialEq)]
pub struct DistributionFile {
    /// What it is.
    pub kind: FileKind,
    /// Its name.
    pub filename: String,
    /// Where it is.
    pub location: Location,
    /// The sha256 of its bytes, where the index says it.
    pub sha256: Option<Digest>,
    /// Its length in bytes, where the index says it.
    pub size: Option<u64>,
    /// Which Pythons it is for, where the index says it.
    pub requires_python: Option<VersionSpecifiers>,
    /// Why it was yanked, if it was (PEP 592); empty without a reason.
    pub yanked: Option<String>,
    /// Whether its metadata can be had beside it (PEP 658), and the metadata's sha256.
    pub metadata: Option<Option<Digest>>,
    /// When it was uploaded, in RFC 3339, where the index says it (PEP 700).
    pub uploaded: Option<String>,
}

impl DistributionFile {
    /// Returns a wheel of which nothing is known but its name, its place and its sha256.
    pub(in crate::packages) fn of_wheel(name: &WheelName, location: Location, sha256: Option<Digest>) -> Self {
        Self {
            kind: FileKind::Wheel(name.clone()),
            filename: name.to_string(),
            location,
            sha256,
            size: None,
            requires_python: None,
            yanked: None,
            metadata: None,
            uploaded: None,
        }
    }
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// Can be installed.
    Wheel(WheelName),
    /// Would have to be built.
    Source(Version),
    /// An egg, an installer, a signature.
    Other,
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// On a server; without credentials.
    Url(Url),
    /// On this machine.
    Path(PathBuf),
}

/// What a wheel says of itself (PyPA specification "Core metadata").
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    /// `Name`
    pub name: PackageName,
    /// `Version`
    pub version: Version,
    /// `Requires-Dist`
    pub requires: Vec<Requirement>,
    /// `Requires-Python`
    pub requires_python: Option<VersionSpecifiers>,
    /// `Provides-Extra`
    pub extras: Vec<ExtraName>,
    /// What is not as the specification asks for, and what is made of it: it is read as pip reads it.
    pub oddities: Vec<String>,
}
