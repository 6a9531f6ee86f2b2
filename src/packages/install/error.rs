//! Why packages cannot be installed.

use crate::packages::PackageName;
use crate::packages::wheel::WheelError;

/// Why packages cannot be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// There is nothing to install packages for.
    #[error("cannot install packages: the base image has no Python")]
    NoPython,
    /// A base leaves no room.
    #[error("cannot install packages: the base image has so many layers that none is left for them")]
    NoLayers,
    /// A wheel is unsound.
    #[error(transparent)]
    Wheel(#[from] WheelError),
    /// A file of a wheel has no place.
    #[error("cannot install `{member}` from {wheel}: {reason}")]
    Place {
        /// The wheel's file name.
        wheel: String,
        /// The file's name.
        member: String,
        /// Why not.
        reason: String,
    },
    /// Two wheels own one path.
    #[error("cannot install both {one} and {other}: each has its own `/{path}`")]
    TwoOwners {
        /// The path inside the image, without the leading slash.
        path: String,
        /// The wheel that comes first.
        one: String,
        /// The other.
        other: String,
    },
    /// What the base has cannot make room.
    #[error("cannot replace {name} {version} of the base image, in `{directory}`: the base has no list of its files")]
    NoFileList {
        /// The distribution.
        name: PackageName,
        /// The version that the base has.
        version: String,
        /// Where its metadata is.
        directory: String,
    },
    /// Not one blob for each wheel.
    #[error("cannot install {packages} packages from {wheels} wheels")]
    Count {
        /// How many packages there are.
        packages: usize,
        /// How many wheels.
        wheels: usize,
    },
}

impl InstallError {
    /// Returns one concrete thing to try.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Wheel(error) => return error.help(),
            Self::NoPython => "use a base image that has Python (`base_image:` or --base)".to_owned(),
            Self::NoLayers => "use a base image with fewer layers, or squash it".to_owned(),
            Self::Place { .. } => {
                "choose another version under `dependencies:`, and tell whoever built this one".to_owned()
            }
            Self::TwoOwners { other, .. } => format!("leave out what needs {other}, or choose another version of it"),
            Self::NoFileList { name, version, .. } => {
                format!("ask for `{name}=={version}`, which the base has, or use a base image without it")
            }
            Self::Count { .. } => return None,
        })
    }
}
