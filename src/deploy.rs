//! The road on one screen: a project in, a registered, digest-pinned DAG out.

mod common;
mod dry_run;
mod error;
mod inspect;
mod live;
mod once;
mod packages;
mod phases;
mod remote;
mod stack;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::control_plane::{ControlPlane, Registration, Run};
use crate::dag::{self, Compiled, Versioning};
use crate::image::annotation::{BASE_DIGEST, REQUIREMENTS};
use crate::image::{self, Artifact, BaseImage, Changes, Platform};
use crate::layers::{AssembleOptions, DiffId, Digest, Layer};
use crate::layout::{Layout, LayoutError, StoredImage};
use crate::project::{self, FilesOptions, Packed};
use crate::reference::{LocalPlace, Repository};
use crate::registry::{Pushed, RegistryError};

pub use common::Common;
pub use dry_run::{Before, DryRun, Earlier, EarlierOf, Live, dry_run, dry_run_image};
pub use error::DeployError;
pub use inspect::facts;
pub use packages::{Locking, PackageOptions, PlatformPackages, packages};
pub use phases::{Checked, Comparison, InRegistry, check, compare, register as register_sent, send};
pub use stack::{LayerOrigin, PackageLayer, Stack};
pub use values::{Base, Built, BuiltImage, ChosenPackages, Deployed, DeployedPlatform, Deployment, Plan, Step, Tools};

/// Where the project lies inside the image.
const HOME: &str = "/home/leoflow";
/// The user of the runtime image: numeric, so that Kubernetes' `runAsNonRoot` can check it.
const TASK_USER: &str = "65532:65532";

/// Takes a project the whole way.
///
/// # Errors
/// When any step fails; what was done up to then stays done, and a re-run repeats none of it.
pub async fn deploy(
    deployment: &Deployment,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
) -> Result<Deployed, DeployError> {
    match attempt(deployment, tools, control_plane).await {
        // The registry threw a layer away between our asking for it and the push: it is made after all.
        Err(DeployError::Registry(RegistryError::LayerGone { .. })) if deployment.plan.packages.remote_cache => {
            let mut deployment = deployment.clone();
            deployment.plan.packages.remote_cache = false;
            attempt(&deployment, tools, control_plane).await
        }
        outcome => outcome,
    }
}

async fn attempt(
    deployment: &Deployment,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
) -> Result<Deployed, DeployError> {
    let Built { compiled, images, artifact } = build_for(deployment, tools).await?;
    let platforms = images.iter().map(BuiltImage::summary).collect();
    let pushed = push(deployment, &artifact, tools).await?;
    remote::remember(deployment, &images, tools).await;
    deliver(deployment, compiled, pushed, platforms, tools, control_plane).await
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
    let (compiled, artifact, images) = found(deployment, place, tools).await?;
    let platforms = images.into_iter().map(DeployedPlatform::from).collect();
    let pushed = push(deployment, &artifact, tools).await?;
    deliver(deployment, compiled, pushed, platforms, tools, control_plane).await
}

/// Finds the image, and the spec of the project that it was built of.
async fn found(
    deployment: &Deployment,
    place: &LocalPlace,
    tools: &Tools<'_>,
) -> Result<(Compiled, Artifact, Vec<StoredImage>), DeployError> {
    let (compiled, layer) = prepare(&deployment.plan, deployment.image_name(), tools).await?;
    let (from, expected) = (place.clone(), layer.diff_id);
    let (artifact, images) = apart(move || stored(&from, &layer)).await?;
    check_stored(place, &images, expected)?;
    check_requirements(&deployment.plan, place, &images)?;
    (tools.on_step)(Step::Found(place, &artifact));
    Ok((compiled, artifact, images))
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

/// What was built before has the packages that the project asks for now: they are below the project's layer.
fn check_requirements(plan: &Plan, place: &LocalPlace, images: &[StoredImage]) -> Result<(), DeployError> {
    let expected = packages::asked(plan)?;
    match images.iter().find(|image| image.annotations.get(REQUIREMENTS) != expected.as_ref()) {
        Some(_) => Err(DeployError::OtherPackages { place: Box::new(place.clone()) }),
        None => Ok(()),
    }
}

async fn push(deployment: &Deployment, artifact: &Artifact, tools: &Tools<'_>) -> Result<Pushed, DeployError> {
    let pushed = tools.registry.push(&deployment.repository, &deployment.plan.tag, artifact).await?;
    (tools.on_step)(Step::Pushed(&pushed));
    Ok(pushed)
}

/// Pins the spec to the image that was pushed, and registers it.
async fn deliver(
    deployment: &Deployment,
    compiled: Compiled,
    pushed: Pushed,
    platforms: Vec<DeployedPlatform>,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
) -> Result<Deployed, DeployError> {
    let connections = compiled.spec.connections();
    let pinned = compiled.spec.pin(pushed.pinned.clone());
    let (registration, already_live) = registered(&pinned, pushed.unchanged, tools, control_plane).await?;
    let run = trigger(deployment, &pinned, &registration, tools, control_plane).await?;
    Ok(Deployed {
        dag_id: pinned.dag_id().to_owned(),
        spec: pinned,
        dag_version: deployment.plan.tag.clone(),
        image: pushed.pinned.clone(),
        pushed,
        registration,
        already_live,
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
    assembled(plan, image, None, tools).await
}

async fn build_for(deployment: &Deployment, tools: &Tools<'_>) -> Result<Built, DeployError> {
    assembled(&deployment.plan, deployment.image_name(), Some(&deployment.repository), tools).await
}

/// Builds an image; what `repository` holds of it already, if it goes there, is not made again.
async fn assembled(
    plan: &Plan,
    image: String,
    repository: Option<&Repository>,
    tools: &Tools<'_>,
) -> Result<Built, DeployError> {
    let ((compiled, layer), (bases, stacks)) =
        tokio::try_join!(prepare(plan, image, tools), Box::pin(foundations(plan, repository, tools)))?;
    put_together(plan, compiled, &layer, bases, stacks, tools)
}

fn put_together(
    plan: &Plan,
    compiled: Compiled,
    layer: &Layer,
    bases: Vec<BaseImage>,
    stacks: Vec<Stack>,
    tools: &Tools<'_>,
) -> Result<Built, DeployError> {
    let images = append_to_each(plan, bases, stacks, layer, &tools.assembly)?;
    let artifact = artifact(&images, &plan.annotations);
    let built = Built { compiled, images, artifact };
    (tools.on_step)(Step::Built(&built));
    Ok(built)
}

/// Chooses a project's packages for each platform, and does nothing more.
///
/// # Errors
/// When the base cannot be read, or what is asked for cannot be had.
pub async fn choose(plan: &Plan, tools: &Tools<'_>) -> Result<Vec<ChosenPackages>, DeployError> {
    let bases = pull_bases(plan, tools).await?;
    (tools.on_step)(Step::BaseResolved(&plan.base, &bases));
    let packages = packages(plan, &bases, tools).await?;
    let chosen = packages.into_iter().zip(&bases).map(|(packages, base)| {
        let batches = stack::batches(&packages, base)?;
        Ok(ChosenPackages { packages, batches })
    });
    chosen.collect()
}

/// What the project's files are put on: the base of each platform, and its packages.
async fn foundations(
    plan: &Plan,
    repository: Option<&Repository>,
    tools: &Tools<'_>,
) -> Result<(Vec<BaseImage>, Vec<Stack>), DeployError> {
    let bases = pull_bases(plan, tools).await?;
    (tools.on_step)(Step::BaseResolved(&plan.base, &bases));
    let packages = packages(plan, &bases, tools).await?;
    let stacks = stack::stacks(plan, &packages, &bases, repository, tools).await?;
    Ok((bases, stacks))
}

/// Puts packages and project on the base of each platform.
fn append_to_each(
    plan: &Plan,
    bases: Vec<BaseImage>,
    stacks: Vec<Stack>,
    layer: &Layer,
    assembly: &AssembleOptions,
) -> Result<Vec<BuiltImage>, DeployError> {
    let asked = packages::asked(plan)?;
    let append = |((platform, base), packages): ((&Platform, BaseImage), Stack)| {
        let digest = base.digest;
        let mut changes = changes(plan, digest, &packages, assembly);
        changes.annotations.extend(packages.annotation());
        changes.annotations.extend(asked.clone().map(|asked| (REQUIREMENTS.to_owned(), asked)));
        let layers = packages.own_layers().chain([layer.clone().into()]).collect::<Vec<_>>();
        let image = image::append(base, layers, &changes)
            .map_err(|error| DeployError::Append { base: Box::new(plan.base.clone()), error })?;
        Ok(BuiltImage { platform: platform.clone(), image, base: digest, packages })
    };
    plan.platforms.iter().zip(bases).zip(stacks).map(append).collect()
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

/// Compiles and packs, while the base is asked for.
async fn prepare(plan: &Plan, image: String, tools: &Tools<'_>) -> Result<(Compiled, Layer), DeployError> {
    let compiled = compile(plan, image, tools).await?;
    (tools.on_step)(Step::Compiled(&compiled));
    let packed = list(plan, &compiled, tools).await?;
    let layer = assemble(packed, tools).await?;
    Ok((compiled, layer))
}

/// Says what goes into the image.
async fn list(plan: &Plan, compiled: &Compiled, tools: &Tools<'_>) -> Result<Arc<Packed>, DeployError> {
    let options = FilesOptions {
        required: compiled.files.clone(),
        allowed: plan.allowed_files.clone(),
        own_directories: plan.own_directories.clone(),
        compiled_source: Some(compiled.spec.source.clone()),
    };
    let project = plan.project.clone();
    let packed = Arc::new(apart(move || project::files(&project, &options)).await?);
    (tools.on_step)(Step::Listed(&packed));
    Ok(packed)
}

/// Makes the project's layer.
async fn assemble(packed: Arc<Packed>, tools: &Tools<'_>) -> Result<Layer, DeployError> {
    let _turn = tools.common.packing().await;
    let (files, assembly, on_packed) = (Arc::clone(&packed), tools.assembly.clone(), Arc::clone(&tools.on_packed));
    let cache = tools.cache.clone();
    let layer = apart(move || cache.assemble(&files.set, files.bytes, &assembly, &*on_packed)).await?;
    (tools.on_step)(Step::Assembled(&packed, &layer));
    Ok(layer)
}

async fn compile(plan: &Plan, image: String, tools: &Tools<'_>) -> Result<Compiled, DeployError> {
    let versioning = Versioning { dag_version: plan.tag.to_string(), image };
    let (project, interpreter) = (plan.project.clone(), tools.interpreter.clone());
    let _turn = tools.common.compiling().await;
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
    let platforms: Vec<String> = plan.platforms.iter().map(ToString::to_string).collect();
    let key = format!("{} {}", plan.base, platforms.join(","));
    tools.common.bases.get(key, ask_for_bases(plan, tools)).await
}

async fn ask_for_bases(plan: &Plan, tools: &Tools<'_>) -> Result<Vec<BaseImage>, DeployError> {
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

fn changes(plan: &Plan, base: Digest, packages: &Stack, assembly: &AssembleOptions) -> Changes {
    let mut annotations = plan.annotations.clone();
    annotations.insert(BASE_DIGEST.to_owned(), base.to_string());
    Changes {
        annotations,
        env: [("PYTHONPATH".to_owned(), HOME.to_owned())].into(),
        working_directory: Some(HOME.to_owned()),
        user: Some(TASK_USER.to_owned()),
        labels: plan.project.config.build.labels.clone(),
        created: assembly.modified,
        history: packages.history().chain([format!("COPY . {HOME}")]).collect(),
    }
}

/// Registers the spec, unless it is live already; also says whether it was.
async fn registered(
    pinned: &dag::PinnedDagSpec,
    same_image: bool,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
) -> Result<(Registration, bool), DeployError> {
    let live = if same_image { live::live(pinned, control_plane).await? } else { None };
    if let Some(registration) = live.as_ref().and_then(|live| live::registration_of(live, pinned)) {
        (tools.on_step)(Step::AlreadyLive(&registration));
        return Ok((registration, true));
    }
    let registration = register(pinned, control_plane).await?;
    (tools.on_step)(Step::Registered(&registration));
    let version = live.and_then(|live| live.version);
    let was_live = !registration.created && version.is_some_and(|version| version == registration.version);
    Ok((registration, was_live))
}

async fn register(pinned: &dag::PinnedDagSpec, control_plane: &ControlPlane) -> Result<Registration, DeployError> {
    let image = pinned.image().clone();
    let registered = control_plane.register(pinned).await;
    registered.map_err(|error| DeployError::PushedNotRegistered { image, error: error.into() })
}

async fn trigger(
    deployment: &Deployment,
    pinned: &dag::PinnedDagSpec,
    registration: &Registration,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
) -> Result<Option<Run>, DeployError> {
    let Some(seconds) = deployment.trigger else { return Ok(None) };
    match control_plane.trigger_at(&registration.dag_id, seconds).await {
        Ok(run) => {
            (tools.on_step)(Step::Triggered(&run));
            Ok(Some(run))
        }
        Err(error) => {
            let (registration, spec, error) = (registration.clone().into(), pinned.clone().into(), error.into());
            Err(DeployError::RegisteredNotTriggered { registration, spec, error })
        }
    }
}
