//! The road on one screen: a project in, a registered, digest-pinned DAG out.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cache::Cache;
use crate::control_plane::{ControlPlane, ControlPlaneError, Registration, Run};
use crate::dag::{self, CompileError, Compiled, Fault, Versioning};
use crate::image::{self, AppendError, Artifact, BaseImage, Changes, Image, Platform};
use crate::layers::{AssembleError, AssembleOptions, DiffId, Digest, Layer};
use crate::layout::{Layout, LayoutError, StoredImage};
use crate::packages::{self, PackagesError};
use crate::project::{self, FilesError, FilesOptions, Packed, Project};
use crate::python::Interpreter;
use crate::reference::{LocalPlace, PinnedReference, Reference, Repository, Tag};
use crate::registry::{Client, Pushed, RegistryError};

/// Where the project lies inside the image.
const HOME: &str = "/home/leoflow";
/// The user of the runtime image: numeric, so that Kubernetes' `runAsNonRoot` can check it.
const TASK_USER: &str = "65532:65532";

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
    /// Whether the user vouches that the base holds the project's packages.
    pub packages_in_base: bool,
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
    /// The name of the run to start once it is registered.
    pub trigger: Option<String>,
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
    /// The image's digest is known.
    Built(&'a Built),
    /// An image that was built before turned out to be of this project.
    Found(&'a LocalPlace, &'a Artifact),
    /// The image is in the registry.
    Pushed(&'a Pushed),
    /// The spec is registered.
    Registered(&'a Registration),
    /// A run was started.
    Triggered(&'a Run),
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
}

/// What a deploy came to.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// The DAG.
    pub dag_id: String,
    /// Its version, which is also the image's tag.
    pub dag_version: Tag,
    /// The image, as registered.
    pub image: PinnedReference,
    /// What the push moved.
    pub pushed: Pushed,
    /// What the control plane said.
    pub registration: Registration,
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
}

/// Where on the road it ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// The project asks for packages.
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
        /// Why.
        error: Box<ControlPlaneError>,
    },
    /// A part of ourselves failed.
    #[error("internal error: {0}")]
    Internal(String),
}

/// Takes a project the whole way.
///
/// # Errors
/// When any step fails; what was done up to then stays done, and a re-run repeats none of it.
pub async fn deploy(
    deployment: &Deployment,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
) -> Result<Deployed, DeployError> {
    let image = deployment.repository.tagged(&deployment.plan.tag).to_string();
    let Built { compiled, images, artifact } = build(&deployment.plan, image, tools).await?;
    let platforms = images.iter().map(BuiltImage::summary).collect();
    deliver(deployment, compiled, &artifact, platforms, tools, control_plane).await
}

/// Takes an image that was built before the rest of the way, as it is, with the spec of the project that it holds.
///
/// # Errors
/// When the image was not built of this project, before anything is pushed; else as [`deploy`].
pub async fn deploy_image(
    deployment: &Deployment,
    place: &LocalPlace,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
) -> Result<Deployed, DeployError> {
    check_packages(&deployment.plan)?;
    let image = deployment.repository.tagged(&deployment.plan.tag).to_string();
    let (compiled, layer) = prepare(&deployment.plan, image, tools).await?;
    let (from, expected) = (place.clone(), layer.diff_id);
    let (artifact, images) = apart(move || stored(&from, &layer)).await?;
    check_stored(place, &images, expected)?;
    (tools.on_step)(Step::Found(place, &artifact));
    let platforms = images.into_iter().map(DeployedPlatform::from).collect();
    deliver(deployment, compiled, &artifact, platforms, tools, control_plane).await
}

/// Reads an image of a layout, every blob of it; a config's word that it ends in `layer` is not enough.
fn stored(place: &LocalPlace, layer: &Layer) -> Result<(Artifact, Vec<StoredImage>), LayoutError> {
    let layout = Layout::open(place)?;
    let artifact = layout.verified(layout.artifact(&[])?)?;
    let images = layout.images(&artifact)?;
    images.iter().try_for_each(|image| layout.check_top(image, layer))?;
    Ok((artifact, images))
}

/// Spec and image belong together: fails unless the project's layer, made anew, is what every platform's image ends in.
fn check_stored(place: &LocalPlace, images: &[StoredImage], expected: DiffId) -> Result<(), DeployError> {
    let other = |found, platform| DeployError::OtherImage { place: Box::new(place.clone()), expected, found, platform };
    match images.iter().find(|image| image.top_layer() != Some(expected)) {
        Some(image) => Err(other(image.top_layer(), (images.len() > 1).then(|| Box::new(image.platform.clone())))),
        None if images.is_empty() => Err(other(None, None)),
        None => Ok(()),
    }
}

fn of_platform(platform: Option<&Platform>) -> String {
    platform.map_or_else(String::new, |platform| format!(" (the one for {platform})"))
}

/// Pushes an image, pins the spec to it and registers it.
async fn deliver(
    deployment: &Deployment,
    compiled: Compiled,
    artifact: &Artifact,
    platforms: Vec<DeployedPlatform>,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
) -> Result<Deployed, DeployError> {
    let tell = tools.on_step;
    let pushed = tools.registry.push(&deployment.repository, &deployment.plan.tag, artifact).await?;
    tell(Step::Pushed(&pushed));
    let connections = compiled.spec.connections();
    let pinned = compiled.spec.pin(pushed.pinned.clone());
    let registration = register(&pinned, control_plane).await?;
    tell(Step::Registered(&registration));
    let run = trigger(deployment, &registration, tools, control_plane).await?;
    Ok(Deployed {
        dag_id: pinned.dag_id().to_owned(),
        dag_version: deployment.plan.tag.clone(),
        image: pushed.pinned.clone(),
        pushed,
        registration,
        run,
        connections,
        warnings: compiled.warnings,
        platforms,
    })
}

/// Takes a project up to its image, whose digest is then known; `image` is its name in the spec until it is pinned.
///
/// # Errors
/// When any step fails.
pub async fn build(plan: &Plan, image: String, tools: &Tools<'_>) -> Result<Built, DeployError> {
    check_packages(plan)?;
    let ((compiled, layer), bases) = tokio::try_join!(prepare(plan, image, tools), pull_bases(plan, tools))?;
    (tools.on_step)(Step::BaseResolved(&plan.base, &bases));
    let images = append_to_each(plan, bases, &layer, &tools.assembly)?;
    let artifact = artifact(&images, &plan.annotations);
    let built = Built { compiled, images, artifact };
    (tools.on_step)(Step::Built(&built));
    Ok(built)
}

/// Puts the layer on the base of each platform.
fn append_to_each(
    plan: &Plan,
    bases: Vec<BaseImage>,
    layer: &Layer,
    assembly: &AssembleOptions,
) -> Result<Vec<BuiltImage>, DeployError> {
    let append = |(platform, base): (&Platform, BaseImage)| {
        let (digest, changes) = (base.digest, changes(plan, base.digest, assembly));
        let image = image::append(base, vec![layer.clone()], &changes)
            .map_err(|error| DeployError::Append { base: Box::new(plan.base.clone()), error })?;
        Ok(BuiltImage { platform: platform.clone(), image, base: digest })
    };
    plan.platforms.iter().zip(bases).map(append).collect()
}

/// One image is pushed as it is; several are listed in an index.
fn artifact(images: &[BuiltImage], annotations: &BTreeMap<String, String>) -> Artifact {
    match images {
        [one] => Artifact::from(&one.image),
        several => {
            let listed: Vec<_> = several.iter().map(|built| (built.platform.clone(), built.image.clone())).collect();
            Artifact::index(&listed, annotations)
        }
    }
}

impl BuiltImage {
    fn summary(&self) -> DeployedPlatform {
        let (manifest, base) = (self.image.descriptor.digest, Some(self.base));
        DeployedPlatform { platform: self.platform.clone(), manifest, base }
    }
}

impl From<StoredImage> for DeployedPlatform {
    fn from(image: StoredImage) -> Self {
        Self { platform: image.platform, manifest: image.manifest, base: image.base }
    }
}

fn check_packages(plan: &Plan) -> Result<(), PackagesError> {
    if plan.packages_in_base { Ok(()) } else { packages::check(&plan.project.config) }
}

/// Compiles and packs, while the base is asked for.
async fn prepare(plan: &Plan, image: String, tools: &Tools<'_>) -> Result<(Compiled, Layer), DeployError> {
    let compiled = compile(plan, image, tools).await?;
    (tools.on_step)(Step::Compiled(&compiled));
    let options = FilesOptions {
        required: compiled.files.clone(),
        allowed: plan.allowed_files.clone(),
        own_directories: plan.own_directories.clone(),
        compiled_source: Some(compiled.spec.source.clone()),
    };
    let project = plan.project.clone();
    let packed = Arc::new(apart(move || project::files(&project, &options)).await?);
    (tools.on_step)(Step::Listed(&packed));
    let (files, assembly, on_packed) = (Arc::clone(&packed), tools.assembly.clone(), Arc::clone(&tools.on_packed));
    let cache = tools.cache.clone();
    let layer = apart(move || cache.assemble(&files.set, files.bytes, &assembly, &*on_packed)).await?;
    (tools.on_step)(Step::Assembled(&packed, &layer));
    Ok((compiled, layer))
}

async fn compile(plan: &Plan, image: String, tools: &Tools<'_>) -> Result<Compiled, DeployError> {
    let versioning = Versioning { dag_version: plan.tag.to_string(), image };
    let (project, interpreter) = (plan.project.clone(), tools.interpreter.clone());
    apart(move || dag::compile(&project, &interpreter, &versioning)).await
}

/// Runs work that blocks on a thread of its own.
async fn apart<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, DeployError>
where
    T: Send + 'static,
    E: Into<DeployError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(error) => Err(DeployError::Internal(error.to_string())),
    }
}

async fn pull_bases(plan: &Plan, tools: &Tools<'_>) -> Result<Vec<BaseImage>, DeployError> {
    match &plan.base {
        Base::Registry(reference) => {
            tools.registry.pull_bases(reference, &plan.platforms).await.map_err(DeployError::Base)
        }
        Base::Local(place) => {
            let (place, platforms) = (place.clone(), plan.platforms.clone());
            apart(move || Layout::open(&place)?.bases(&platforms)).await
        }
    }
}

fn changes(plan: &Plan, base: Digest, assembly: &AssembleOptions) -> Changes {
    let mut annotations = plan.annotations.clone();
    annotations.insert("org.opencontainers.image.base.digest".to_owned(), base.to_string());
    Changes {
        annotations,
        env: [("PYTHONPATH".to_owned(), HOME.to_owned())].into(),
        working_directory: Some(HOME.to_owned()),
        user: Some(TASK_USER.to_owned()),
        labels: plan.project.config.build.labels.clone(),
        created: assembly.modified,
        history: vec![format!("COPY . {HOME}")],
    }
}

async fn register(pinned: &dag::PinnedDagSpec, control_plane: &ControlPlane) -> Result<Registration, DeployError> {
    let image = pinned.image().clone();
    let registered = control_plane.register(pinned).await;
    registered.map_err(|error| DeployError::PushedNotRegistered { image, error: error.into() })
}

async fn trigger(
    deployment: &Deployment,
    registration: &Registration,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
) -> Result<Option<Run>, DeployError> {
    let Some(run_id) = &deployment.trigger else { return Ok(None) };
    match control_plane.trigger(&registration.dag_id, run_id).await {
        Ok(run) => {
            (tools.on_step)(Step::Triggered(&run));
            Ok(Some(run))
        }
        Err(error) => {
            let (registration, error) = (registration.clone().into(), error.into());
            Err(DeployError::RegisteredNotTriggered { registration, error })
        }
    }
}
