//! What the solver chooses versions for.

use std::fmt;

use pep508_rs::{ExtraName, PackageName};

use super::place::Mask;

/// A package of the solver's.
///
/// A package that several platforms need is one node for all of them: one choice, with what it requires on any of them.
/// Only where markers let different platforms meet a package on different ways, there are several nodes of one name, and
/// [`Node::Agreed`] holds them to one version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Node {
    /// The project.
    Root,
    /// A package, on some platforms.
    Package(PackageName, Mask),
    /// An extra of it: the package in the same version, and what follows.
    Extra(PackageName, ExtraName, Mask),
    /// What the extra requires. On its own, so that a version is refused for another one's sake before it is looked into.
    ExtraRequires(PackageName, ExtraName, Mask),
    /// The version of a package on all platforms.
    Agreed(PackageName),
}

impl Node {
    pub(super) fn name(&self) -> Option<&PackageName> {
        match self {
            Self::Root => None,
            Self::Package(name, _) | Self::Extra(name, ..) | Self::ExtraRequires(name, ..) | Self::Agreed(name) => {
                Some(name)
            }
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the project"),
            Self::Package(name, mask) => write!(f, "{name} on {mask}"),
            Self::Extra(name, extra, mask) => write!(f, "{name}[{extra}] on {mask}"),
            Self::ExtraRequires(name, extra, mask) => write!(f, "what {name}[{extra}] requires on {mask}"),
            Self::Agreed(name) => write!(f, "{name} on every platform"),
        }
    }
}
