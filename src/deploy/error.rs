//! Where on the road it can end.

use std::sync::Arc;

use crate::control_plane::{ControlPlaneError, Registration};
use crate::dag::{CompileError, PinnedDagSpec};
use crate::image::{AppendError, Platform};
use crate::inspect::InspectError;
use crate::layers::{AssembleError, DiffId};
use crate::layout::LayoutError;
use crate::packages::PackagesError;
use crate::project::FilesError;
use crate::reference::{LocalPlace, PinnedReference};
use crate::registry::RegistryError;

use super::Base;

/// Where on the road it ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// The project's packages do not get into the image.
    #[error(transparent)]
    Packages(#[from] PackagesError),
    /// The DAG does not compile.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Its files cannot be packed.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The layer cannot be made.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The base cannot be built on.
    #[error("cannot build on `{base}`: {error}")]
    Append {
        /// The base.
        base: Box<Base>,
        /// What is wrong with it.
        error: AppendError,
    },
    /// The base could not be read.
    #[error("{0}")]
    Base(RegistryError),
    /// It is not known what the base has, or it lacks what is needed.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// An image layout could not be read.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// What was built before was built of something else.
    #[error("the image in `{place}` was not built of these files by this version of leoflow{}", of_platform(platform.as_deref()))]
    OtherImage {
        /// Where it is.
        place: Box<LocalPlace>,
        /// The project's layer, as it would be built now.
        expected: DiffId,
        /// The layer on top of the image.
        found: Option<DiffId>,
        /// Which image of several.
        platform: Option<Box<Platform>>,
    },
    /// What was built before has other packages.
    #[error("the image in `{place}` was built with other packages than the project asks for now")]
    OtherPackages {
        /// Where it is.
        place: Box<LocalPlace>,
    },
    /// The image could not be pushed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The image is in the registry, but the control plane does not know of it.
    #[error("pushed, not registered: {error}")]
    PushedNotRegistered {
        /// The image.
        image: PinnedReference,
        /// Why.
        error: Box<ControlPlaneError>,
    },
    /// The version is registered, but no run was started.
    #[error("registered, not triggered: {error}")]
    RegisteredNotTriggered {
        /// What was registered.
        registration: Box<Registration>,
        /// As it was registered.
        spec: Box<PinnedDagSpec>,
        /// Why.
        error: Box<ControlPlaneError>,
    },
    /// What others of the same command wanted as well failed for all of them.
    #[error("{0}")]
    Shared(Arc<DeployError>),
    /// A part of ourselves failed.
    #[error("internal error: {0}")]
    Internal(String),
}

impl DeployError {
    /// Returns the error itself, whichever of several deploys met it.
    #[must_use]
    pub fn root(&self) -> &Self {
        match self {
            Self::Shared(error) => error.root(),
            own => own,
        }
    }
}

fn of_platform(platform: Option<&Platform>) -> String {
    platform.map_or_else(String::new, |platform| format!(" (the one for {platform})"))
}
