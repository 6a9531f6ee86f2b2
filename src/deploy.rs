//! The road on one screen: a project in, a registered, digest-pinned DAG out.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cache::Cache;
use crate::control_plane::{ControlPlane, ControlPlaneError, Registration, Run};
use crate::dag::{self, CompileError, Compiled, Fault, Versioning};
use crate::image::{self, AppendError, BaseImage, Changes, Platform};
use crate::layers::{AssembleError, AssembleOptions, Digest, Layer};
use crate::packages::{self, PackagesError};
use crate::project::{self, FilesError, FilesOptions, Packed, Project};
use crate::python::Interpreter;
use crate::reference::{PinnedReference, Reference, Repository, Tag};
use crate::registry::{Client, Pushed, RegistryError};

/// Where the project lies inside the image.
const HOME: &str = "/home/leoflow";
/// The user of the runtime image: numeric, so that Kubernetes' `runAsNonRoot` can check it.
const TASK_USER: &str = "65532:65532";

/// What is deployed, and where to.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The project.
    pub project: Project,
    /// The image that its files are put on.
    pub base: Reference,
    /// The platform the image is for.
    pub platform: Platform,
    /// Where the image goes.
    pub repository: Repository,
    /// The tag it gets beside its digest, which is also the `dag_version`.
    pub tag: Tag,
    /// Files that look like credentials and were allowed on the command line.
    pub allowed_files: Vec<PathBuf>,
    /// Directories that this program writes to, absolute; what of them lies in the project is not packed.
    pub own_directories: Vec<PathBuf>,
    /// Whether the user vouches that the base holds the project's packages.
    pub packages_in_base: bool,
    /// The name of the run to start once it is registered.
    pub trigger: Option<String>,
}

/// What a deploy works with.
pub struct Tools<'a> {
    /// Executes dag.py.
    pub interpreter: Interpreter,
    /// How layers are made.
    pub assembly: AssembleOptions,
    /// What was assembled before.
    pub cache: Cache,
    /// Pulls and pushes.
    pub registry: &'a Client,
    /// Registers and triggers.
    pub control_plane: &'a ControlPlane,
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
    BaseResolved(&'a Reference, &'a BaseImage),
    /// The image's digest is known.
    Built(&'a image::Image),
    /// The image is in the registry.
    Pushed(&'a Pushed),
    /// The spec is registered.
    Registered(&'a Registration),
    /// A run was started.
    Triggered(&'a Run),
}

/// What a deploy came to.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// The DAG.
    pub dag_id: String,
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
    /// The digest of the base's manifest.
    pub base: Digest,
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
        base: Reference,
        /// What is wrong with it.
        error: AppendError,
    },
    /// The base could not be read.
    #[error("{0}")]
    Base(RegistryError),
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
pub async fn deploy(deployment: &Deployment, tools: &Tools<'_>) -> Result<Deployed, DeployError> {
    let tell = tools.on_step;
    check_packages(deployment)?;
    let ((compiled, layer), base) = tokio::try_join!(prepare(deployment, tools), pull_base(deployment, tools))?;
    tell(Step::BaseResolved(&deployment.base, &base));
    let base_digest = base.digest;
    let image = image::append(base, vec![layer], &changes(deployment, &tools.assembly))
        .map_err(|error| DeployError::Append { base: deployment.base.clone(), error })?;
    tell(Step::Built(&image));
    let pushed = tools.registry.push(&deployment.repository, &deployment.tag, &image).await?;
    tell(Step::Pushed(&pushed));
    let connections = compiled.spec.connections();
    let pinned = compiled.spec.pin(pushed.pinned.clone());
    let registration = register(&pinned, tools).await?;
    tell(Step::Registered(&registration));
    let run = trigger(deployment, &registration, tools).await?;
    Ok(Deployed {
        dag_id: pinned.dag_id().to_owned(),
        image: pushed.pinned.clone(),
        pushed,
        registration,
        run,
        connections,
        warnings: compiled.warnings,
        base: base_digest,
    })
}

fn check_packages(deployment: &Deployment) -> Result<(), PackagesError> {
    if deployment.packages_in_base { Ok(()) } else { packages::check(&deployment.project.config) }
}

/// Compiles and packs, while the base is asked for.
async fn prepare(deployment: &Deployment, tools: &Tools<'_>) -> Result<(Compiled, Layer), DeployError> {
    let compiled = compile(deployment, tools).await?;
    (tools.on_step)(Step::Compiled(&compiled));
    let options = FilesOptions {
        required: compiled.files.clone(),
        allowed: deployment.allowed_files.clone(),
        own_directories: deployment.own_directories.clone(),
        compiled_source: Some(compiled.spec.source.clone()),
    };
    let project = deployment.project.clone();
    let packed = Arc::new(apart(move || project::files(&project, &options)).await?);
    (tools.on_step)(Step::Listed(&packed));
    let (plan, assembly, on_packed) = (Arc::clone(&packed), tools.assembly.clone(), Arc::clone(&tools.on_packed));
    let cache = tools.cache.clone();
    let layer = apart(move || cache.assemble(&plan.set, plan.bytes, &assembly, &*on_packed)).await?;
    (tools.on_step)(Step::Assembled(&packed, &layer));
    Ok((compiled, layer))
}

async fn compile(deployment: &Deployment, tools: &Tools<'_>) -> Result<Compiled, DeployError> {
    let image = deployment.repository.tagged(&deployment.tag).to_string();
    let versioning = Versioning { dag_version: deployment.tag.to_string(), image };
    let (project, interpreter) = (deployment.project.clone(), tools.interpreter.clone());
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

async fn pull_base(deployment: &Deployment, tools: &Tools<'_>) -> Result<BaseImage, DeployError> {
    tools.registry.pull_base(&deployment.base, &deployment.platform).await.map_err(DeployError::Base)
}

fn changes(deployment: &Deployment, assembly: &AssembleOptions) -> Changes {
    Changes {
        env: [("PYTHONPATH".to_owned(), HOME.to_owned())].into(),
        working_directory: Some(HOME.to_owned()),
        user: Some(TASK_USER.to_owned()),
        labels: deployment.project.config.build.labels.clone(),
        created: assembly.modified,
        history: vec!["leoflow: project files".to_owned()],
    }
}

async fn register(pinned: &dag::PinnedDagSpec, tools: &Tools<'_>) -> Result<Registration, DeployError> {
    let image = pinned.image().clone();
    let registered = tools.control_plane.register(pinned).await;
    registered.map_err(|error| DeployError::PushedNotRegistered { image, error: error.into() })
}

async fn trigger(
    deployment: &Deployment,
    registration: &Registration,
    tools: &Tools<'_>,
) -> Result<Option<Run>, DeployError> {
    let Some(run_id) = &deployment.trigger else { return Ok(None) };
    match tools.control_plane.trigger(&registration.dag_id, run_id).await {
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
