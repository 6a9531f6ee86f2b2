//! What is built and deployed, with what, and what comes of it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::common::Common;
use super::packages::{PackageOptions, PlatformPackages};
use super::stack::{PackageLayer, Stack};
use crate::cache::Cache;
use crate::control_plane::{Registration, Run};
use crate::dag::{Compiled, Fault, PinnedDagSpec};
use crate::image::{Artifact, BaseImage, Image, Platform};
use crate::layers::{AssembleOptions, Digest, Layer};
use crate::layout::StoredImage;
use crate::packages::index::Index;
use crate::packages::install::Batch;
use crate::packages::lock::{Change, LockError};
use crate::packages::resolve::Resolution;
use crate::project::{Packed, Project};
use crate::python::Interpreter;
use crate::reference::{LocalPlace, PinnedReference, Reference, Repository, Tag};
use crate::registry::{Client, Pushed};

/// What is built.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The project.
    pub project: Project,
    /// The image that its files are put on.
    pub base: Base,
    /// The platforms the image is for, at least one; of several, an index is made.
    pub platforms: Vec<Platform>,
    /// The tag it gets beside its digest, which is also the `dag_version`.
    pub tag: Tag,
    /// What the manifest says of where the image comes from, beside its base.
    pub annotations: BTreeMap<String, String>,
    /// Files that look like credentials and were allowed on the command line.
    pub allowed_files: Vec<PathBuf>,
    /// Directories that this program writes to, absolute; what of them lies in the project is not packed.
    pub own_directories: Vec<PathBuf>,
    /// Where the project's packages come from.
    pub packages: PackageOptions,
}

/// Where the base is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// In a registry.
    Registry(Reference),
    /// On this machine.
    Local(LocalPlace),
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(reference) => write!(f, "{reference}"),
            Self::Local(place) => write!(f, "{place}"),
        }
    }
}

/// What is deployed, and where to.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// What is built.
    pub plan: Plan,
    /// Where the image goes.
    pub repository: Repository,
    /// When the run was asked for that is started once it is registered, in seconds since the Unix epoch: its name.
    pub trigger: Option<u64>,
}

/// What building and deploying work with.
pub struct Tools<'a> {
    /// Executes dag.py.
    pub interpreter: Interpreter,
    /// How layers are made.
    pub assembly: AssembleOptions,
    /// What was assembled before.
    pub cache: Cache,
    /// Pulls and pushes.
    pub registry: &'a Client,
    /// Where packages come from.
    pub index: Index,
    /// What several deploys ask for and make once.
    pub common: Arc<Common>,
    /// Is told of each step once it is done.
    pub on_step: &'a (dyn Fn(Step<'_>) + Send + Sync),
    /// Is told how many more bytes were packed.
    pub on_packed: Arc<dyn Fn(u64) + Send + Sync>,
}

/// A step of the road that is done.
#[derive(Debug)]
pub enum Step<'a> {
    /// dag.py and leoflow.yaml became a spec.
    Compiled(&'a Compiled),
    /// It is known what goes into the image.
    Listed(&'a Packed),
    /// The project's files became a layer.
    Assembled(&'a Packed, &'a Layer),
    /// The base's manifest and config were read.
    BaseResolved(&'a Base, &'a [BaseImage]),
    /// A lock does not answer what the project asks for; why.
    LockStale(&'a Path, &'a [Change]),
    /// A lock that is to be made anew cannot be read; why.
    LockUnusable(&'a LockError),
    /// The project's packages were resolved.
    PackagesResolved(&'a Resolution),
    /// It is known which packages each platform gets.
    PackagesChosen(&'a [PlatformPackages]),
    /// Some of them are a layer.
    PackagesLayered(&'a PackageLayer),
    /// The repository remembers another digest of a layer than it has.
    RecordDiffers(&'a PackageLayer, Digest),
    /// The image's digest is known.
    Built(&'a Built),
    /// An image that was built before turned out to be of this project.
    Found(&'a LocalPlace, &'a Artifact),
    /// The image is in the registry.
    Pushed(&'a Pushed),
    /// The spec is registered.
    Registered(&'a Registration),
    /// The spec was registered before, and is live: nothing was sent.
    AlreadyLive(&'a Registration),
    /// A run was started.
    Triggered(&'a Run),
}

/// What is installed for one platform, and how it is put into layers.
#[derive(Debug, Clone)]
pub struct ChosenPackages {
    /// The packages.
    pub packages: PlatformPackages,
    /// Those that share a layer, the lowest layer first.
    pub batches: Vec<Batch>,
}

/// An image, and the spec that belongs to it.
#[derive(Debug)]
pub struct Built {
    /// The spec, not pinned yet.
    pub compiled: Compiled,
    /// One image a platform.
    pub images: Vec<BuiltImage>,
    /// What is pushed: the one image, or an index of all.
    pub artifact: Artifact,
}

/// An image for one platform.
#[derive(Debug)]
pub struct BuiltImage {
    /// As it was asked for.
    pub platform: Platform,
    /// The image.
    pub image: Image,
    /// The digest of the base's manifest.
    pub base: Digest,
    /// The layers of its packages, the lowest first.
    pub packages: Stack,
}

/// What a deploy came to.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// The DAG.
    pub dag_id: String,
    /// Its spec, as registered.
    pub spec: PinnedDagSpec,
    /// Its version, which is also the image's tag.
    pub dag_version: Tag,
    /// The image, as registered.
    pub image: PinnedReference,
    /// What the push moved.
    pub pushed: Pushed,
    /// What the control plane said.
    pub registration: Registration,
    /// Whether this very version was live before: then nothing changed.
    pub already_live: bool,
    /// The run that was started, if one was asked for.
    pub run: Option<Run>,
    /// The connections that the DAG needs at run time.
    pub connections: Vec<String>,
    /// What a reader should know.
    pub warnings: Vec<Fault>,
    /// The platforms, each with the digests of its manifest and of its base's.
    pub platforms: Vec<DeployedPlatform>,
}

/// What runs on one platform.
#[derive(Debug, Clone)]
pub struct DeployedPlatform {
    /// As it was asked for.
    pub platform: Platform,
    /// The digest of its manifest.
    pub manifest: Digest,
    /// The digest of the base's manifest, where it is known.
    pub base: Option<Digest>,
    /// The versions of the packages that were put on the base, by name, where they are known.
    pub packages: Option<BTreeMap<String, String>>,
}

impl Deployment {
    /// Returns the image's name until it is pinned.
    pub(super) fn image_name(&self) -> String {
        self.repository.tagged(&self.plan.tag).to_string()
    }
}

impl BuiltImage {
    pub(super) fn summary(&self) -> DeployedPlatform {
        let (manifest, base) = (self.image.descriptor.digest, Some(self.base));
        let packages = self.packages.layers.iter().flat_map(|layer| &layer.batch.packages);
        let packages = packages.map(|package| (package.name.to_string(), package.version.to_string())).collect();
        DeployedPlatform { platform: self.platform.clone(), manifest, base, packages: Some(packages) }
    }
}

impl From<StoredImage> for DeployedPlatform {
    fn from(image: StoredImage) -> Self {
        Self { platform: image.platform, manifest: image.manifest, base: image.base, packages: None }
    }
}
