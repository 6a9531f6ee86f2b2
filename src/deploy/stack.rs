//! Locked packages as layers: found in the cache, or made.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::try_join_all;
use tokio::sync::Semaphore;

use super::packages::PlatformPackages;
use super::{DeployError, Step, Tools, apart};
use crate::cache::LayerKey;
use crate::image::BaseImage;
use crate::inspect::Interpreter;
use crate::layers::{self, Blob, Digest, Layer};
use crate::packages::PackagesError;
use crate::packages::install::{self, Batch, InstallError, InstalledBatch};

/// How many layers an image has at most, the base's and the project's among them: far enough from the 127 that
/// container runtimes stack.
const MOST_LAYERS: usize = 100;

/// The package layers of one platform, the lowest first.
#[derive(Debug, Clone, Default)]
pub struct Stack(pub Vec<PackageLayer>);

/// Packages that became a layer.
#[derive(Debug, Clone)]
pub struct PackageLayer {
    /// What it holds.
    pub batch: Arc<Batch>,
    /// Its bytes.
    pub layer: Layer,
}

impl Stack {
    pub(super) fn layers(&self) -> impl Iterator<Item = Layer> {
        self.0.iter().map(|package| package.layer.clone())
    }

    /// Returns what `docker history` shows of each.
    pub(super) fn history(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|package| format!("leoflow: {}", package.batch.title))
    }
}

/// A batch and the interpreter that it is installed for.
#[derive(Clone)]
struct Job {
    batch: Arc<Batch>,
    python: Arc<Interpreter>,
}

/// Returns the package layers of each platform. What platforms share is made once.
pub(super) async fn stacks(
    packages: &[PlatformPackages],
    bases: &[BaseImage],
    tools: &Tools<'_>,
) -> Result<Vec<Stack>, DeployError> {
    if packages.is_empty() {
        return Ok(vec![Stack::default(); bases.len()]);
    }
    let planned = packages.iter().zip(bases).map(|(packages, base)| plan(packages, base.layers.len()));
    let planned: Vec<Vec<Job>> = planned.collect::<Result<_, _>>().map_err(PackagesError::from)?;
    for jobs in &planned {
        check_owners(jobs, tools).await?;
    }
    let distinct: BTreeMap<&str, &Job> = planned.iter().flatten().map(|job| (job.batch.key.as_str(), job)).collect();
    let room = Arc::new(Semaphore::new(tools.assembly.threads.max(1)));
    let made = try_join_all(distinct.values().map(|job| layer(job, &room, tools))).await?;
    let by_key: BTreeMap<&str, PackageLayer> = distinct.into_keys().zip(made).collect();
    let layer = |job: &Job| by_key.get(job.batch.key.as_str()).cloned();
    Ok(planned.iter().map(|jobs| Stack(jobs.iter().filter_map(layer).collect())).collect())
}

fn plan(packages: &PlatformPackages, base_layers: usize) -> Result<Vec<Job>, InstallError> {
    let python = Arc::new(packages.facts.python.clone().ok_or(InstallError::NoPython)?);
    let batches = install::plan(&packages.lock, &packages.facts, MOST_LAYERS.saturating_sub(base_layers + 1))?;
    Ok(batches.into_iter().map(|batch| Job { batch: Arc::new(batch), python: Arc::clone(&python) }).collect())
}

/// Checks that no path has two owners, once for each set of batches: it takes all of its wheels.
async fn check_owners(jobs: &[Job], tools: &Tools<'_>) -> Result<(), DeployError> {
    if jobs.len() < 2 {
        return Ok(());
    }
    let key = set_key(jobs);
    let (cache, known) = (tools.cache.clone(), key.clone());
    if apart(move || Ok::<_, DeployError>(cache.facts(&known).is_some())).await? {
        return Ok(());
    }
    let installed = try_join_all(jobs.iter().map(|job| installed(job, tools))).await?;
    let cache = tools.cache.clone();
    apart(move || {
        install::check_disjoint(&installed).map_err(PackagesError::from)?;
        cache.keep_facts(&key, b"");
        Ok::<_, DeployError>(())
    })
    .await
}

/// Returns what says in one way which batches are put together.
fn set_key(jobs: &[Job]) -> String {
    let keys: Vec<&str> = jobs.iter().map(|job| job.batch.key.as_str()).collect();
    format!("disjoint 1 {}", Digest::of(keys.join("\n\n").as_bytes()))
}

async fn installed(job: &Job, tools: &Tools<'_>) -> Result<InstalledBatch, DeployError> {
    let wheels = job.batch.packages.iter().map(|package| tools.index.wheel(&package.wheel));
    let wheels: Vec<Blob> = try_join_all(wheels).await.map_err(PackagesError::from)?;
    let job = job.clone();
    apart(move || install::files(&job.batch, &wheels, &job.python).map_err(PackagesError::from)).await
}

/// Returns the layer of a batch: kept, or made of its wheels.
async fn layer(job: &Job, room: &Semaphore, tools: &Tools<'_>) -> Result<PackageLayer, DeployError> {
    let key = layer_key(&job.batch, tools);
    let (cache, wanted) = (tools.cache.clone(), key.clone());
    let layer = match apart(move || Ok::<_, DeployError>(cache.layer(&wanted))).await? {
        Some(layer) => layer,
        None => made(job, key, room, tools).await?,
    };
    let layer = PackageLayer { batch: Arc::clone(&job.batch), layer };
    (tools.on_step)(Step::PackagesLayered(&layer));
    Ok(layer)
}

/// All that a package layer's bytes depend on.
fn layer_key(batch: &Batch, tools: &Tools<'_>) -> LayerKey {
    LayerKey::new(&format!("modified {} {}", tools.assembly.modified, batch.key), tools.assembly.compression)
}

async fn made(job: &Job, key: LayerKey, room: &Semaphore, tools: &Tools<'_>) -> Result<Layer, DeployError> {
    let files = installed(job, tools).await?;
    let _turn = room.acquire().await;
    let (cache, assembly, on_packed) = (tools.cache.clone(), tools.assembly.clone(), Arc::clone(&tools.on_packed));
    apart(move || {
        let layer = layers::assemble_watched(&files.set, &assembly, &*on_packed)?;
        cache.keep_layer(&key, &layer);
        Ok::<_, DeployError>(layer)
    })
    .await
}
