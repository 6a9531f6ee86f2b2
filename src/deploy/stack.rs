//! Locked packages as layers: found here, found in the repository, or made.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::common::Common;
use super::packages::PlatformPackages;
use super::remote::Record;
use super::{DeployError, Plan, Step, Tools, apart};
use crate::cache::{Cache, LayerKey};
use crate::image::{BaseImage, Descriptor, ImageLayer, OwnLayer, annotation};
use crate::inspect::Interpreter;
use crate::layers::{self, AssembleOptions, Blob, DiffId, Digest, Layer};
use crate::packages::PackagesError;
use crate::packages::install::{self, Batch, InstallError, InstalledBatch};
use crate::reference::Repository;
use crate::registry::{Remembered, RememberedLayer};
use futures_util::future::try_join_all;

/// How many layers an image has at most, the base's and the project's among them: far enough from the 127 that
/// container runtimes stack.
const MOST_LAYERS: usize = 100;

/// The package layers of one platform, the lowest first.
#[derive(Debug, Clone, Default)]
pub struct Stack {
    /// The layers.
    pub layers: Vec<PackageLayer>,
    /// What the repository was found to remember.
    pub(super) known: Remembered,
}

/// Packages that became a layer.
#[derive(Debug, Clone)]
pub struct PackageLayer {
    /// What it holds.
    pub batch: Arc<Batch>,
    /// What its bytes depend on.
    pub key: LayerKey,
    /// Its bytes, or where they are.
    pub layer: OwnLayer,
    /// Where it was found.
    pub origin: LayerOrigin,
    /// The length of what it unpacks to, in bytes.
    pub uncompressed_size: u64,
}

/// Where a layer of packages was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerOrigin {
    /// It was made of its wheels.
    Made,
    /// It was kept on this machine.
    Cache,
    /// It is kept in the repository that the image goes to.
    Registry,
}

impl PackageLayer {
    fn assembled(batch: Arc<Batch>, key: LayerKey, layer: Layer, origin: LayerOrigin) -> Self {
        let uncompressed_size = layer.uncompressed_size;
        Self { batch, key, layer: OwnLayer::Assembled(layer), origin, uncompressed_size }
    }

    /// Returns how a manifest lists it.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        ImageLayer::from(self.layer.clone()).descriptor()
    }

    fn diff_id(&self) -> DiffId {
        ImageLayer::from(self.layer.clone()).diff_id()
    }

    pub(super) fn remembered(&self) -> RememberedLayer {
        let (descriptor, diff_id) = (self.descriptor(), self.diff_id());
        RememberedLayer { key: self.key.digest(), descriptor, diff_id, uncompressed_size: self.uncompressed_size }
    }
}

impl Stack {
    pub(super) fn own_layers(&self) -> impl Iterator<Item = OwnLayer> {
        self.layers.iter().map(|package| package.layer.clone())
    }

    /// Returns what a layer is called, if it is one of packages.
    #[must_use]
    pub fn title(&self, layer: &ImageLayer) -> Option<&str> {
        let found = self.layers.iter().find(|package| package.diff_id() == layer.diff_id());
        found.map(|package| package.batch.title.as_str())
    }

    /// Returns what the manifest says of the packages, if there are any.
    pub(super) fn annotation(&self) -> Option<(String, String)> {
        let packages = self.layers.iter().flat_map(|layer| &layer.batch.packages);
        let versions: BTreeMap<String, String> =
            packages.map(|package| (package.name.to_string(), package.version.to_string())).collect();
        (!versions.is_empty()).then(|| (annotation::PACKAGES.to_owned(), annotation::packages_text(&versions)))
    }

    /// Returns what `docker history` shows of each.
    pub(super) fn history(&self) -> impl Iterator<Item = String> {
        self.layers.iter().map(|package| format!("leoflow: {}", package.batch.title))
    }

    /// Returns the name of this set of layers, if it is one that can have two owners of one path.
    pub(super) fn set(&self) -> Option<Digest> {
        set_of(self.layers.iter().map(|package| &*package.batch))
    }
}

/// A batch and the interpreter that it is installed for.
#[derive(Clone)]
struct Job {
    batch: Arc<Batch>,
    python: Arc<Interpreter>,
}

/// Returns the package layers of each platform: kept here, kept in `repository`, or made. What platforms share is made
/// once.
pub(super) async fn stacks(
    plan: &Plan,
    packages: &[PlatformPackages],
    bases: &[BaseImage],
    repository: Option<&Repository>,
    tools: &Tools<'_>,
) -> Result<Vec<Stack>, DeployError> {
    if packages.is_empty() {
        return Ok(vec![Stack::default(); bases.len()]);
    }
    let planned = packages.iter().zip(bases).map(|(packages, base)| jobs(packages, base.layers.len()));
    let planned: Vec<Vec<Job>> = planned.collect::<Result<_, _>>().map_err(PackagesError::from)?;
    let kept = kept(&planned, tools).await?;
    let repository = repository.filter(|_| plan.packages.remote_cache);
    let mut stacks = Vec::new();
    for (packages, jobs) in packages.iter().zip(&planned) {
        let record = record(plan, packages, jobs, &kept, repository, tools).await?;
        stacks.push(Workshop { record, repository, kept: &kept, tools }.stack(jobs).await?);
    }
    Ok(stacks)
}

/// Layers by the keys of their batches.
type Kept = Mutex<BTreeMap<String, PackageLayer>>;

/// Returns what this machine has.
async fn kept(planned: &[Vec<Job>], tools: &Tools<'_>) -> Result<Kept, DeployError> {
    let wanted: BTreeMap<String, Job> =
        planned.iter().flatten().map(|job| (job.batch.key.clone(), job.clone())).collect();
    let (cache, assembly, common) = (tools.cache.clone(), tools.assembly.clone(), Arc::clone(&tools.common));
    apart(move || {
        let found = wanted.into_iter().filter_map(|(name, job)| {
            let key = layer_key(&job.batch, &assembly);
            let layer = at_hand(&key, &cache, &common)?;
            Some((name, PackageLayer::assembled(job.batch, key, layer, LayerOrigin::Cache)))
        });
        Ok::<_, DeployError>(Mutex::new(found.collect()))
    })
    .await
}

/// Returns a layer that this process made or found before, or that this machine keeps.
fn at_hand(key: &LayerKey, cache: &Cache, common: &Common) -> Option<Layer> {
    common.shelf.get(key.digest()).or_else(|| {
        let layer = cache.layer(key)?;
        common.shelf.put(key.digest(), &layer);
        Some(layer)
    })
}

/// Asks the repository only for what this machine does not have, or does not know.
async fn record(
    plan: &Plan,
    packages: &PlatformPackages,
    jobs: &[Job],
    kept: &Kept,
    repository: Option<&Repository>,
    tools: &Tools<'_>,
) -> Result<Record, DeployError> {
    let missing: Vec<LayerKey> = {
        let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = jobs.iter().filter(|job| !kept.contains_key(&job.batch.key));
        missing.map(|job| layer_key(&job.batch, &tools.assembly)).collect()
    };
    match repository {
        Some(repository) if !missing.is_empty() => {
            Record::read(repository, packages, plan.project.config.python_version, &missing, tools).await
        }
        _ => Ok(Record::default()),
    }
}

/// Where the layers of one platform are made.
struct Workshop<'a> {
    record: Record,
    repository: Option<&'a Repository>,
    kept: &'a Kept,
    tools: &'a Tools<'a>,
}

impl Workshop<'_> {
    async fn stack(&self, jobs: &[Job]) -> Result<Stack, DeployError> {
        let layers = try_join_all(jobs.iter().map(|job| self.layer(job)));
        let (layers, ()) = tokio::try_join!(layers, self.check_owners(jobs))?;
        let stack = Stack { layers, known: self.record.known.clone() };
        self.record.compare(&stack, self.tools);
        Ok(stack)
    }

    /// Returns the layer of a batch: kept here, kept in the repository, or made of its wheels.
    async fn layer(&self, job: &Job) -> Result<PackageLayer, DeployError> {
        let found = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&job.batch.key).cloned();
        let layer = match found.or_else(|| self.remembered(job)) {
            Some(layer) => layer,
            None => self.made(job).await?,
        };
        (self.tools.on_step)(Step::PackagesLayered(&layer));
        Ok(layer)
    }

    fn remembered(&self, job: &Job) -> Option<PackageLayer> {
        let key = layer_key(&job.batch, &self.tools.assembly);
        let (layer, uncompressed_size) = self.record.layer(&key, self.repository?)?;
        let origin = LayerOrigin::Registry;
        Some(PackageLayer { batch: Arc::clone(&job.batch), key, layer, origin, uncompressed_size })
    }

    /// Makes a layer, or waits for another project's deploy that does.
    async fn made(&self, job: &Job) -> Result<PackageLayer, DeployError> {
        let key = layer_key(&job.batch, &self.tools.assembly);
        let is_ours = AtomicBool::new(false);
        let layer = self.tools.common.making.pass(key.digest(), self.make(job, &key, &is_ours)).await?;
        let origin = if is_ours.into_inner() { LayerOrigin::Made } else { LayerOrigin::Cache };
        let layer = PackageLayer::assembled(Arc::clone(&job.batch), key, layer, origin);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(job.batch.key.clone(), layer.clone());
        Ok(layer)
    }

    async fn make(&self, job: &Job, key: &LayerKey, is_ours: &AtomicBool) -> Result<Layer, DeployError> {
        // Whoever made it may have ended between our looking and our turn.
        if let Some(layer) = self.tools.common.shelf.get(key.digest()) {
            return Ok(layer);
        }
        is_ours.store(true, Ordering::Relaxed);
        let files = installed(job, self.tools).await?;
        let _turn = self.tools.common.packing().await;
        let (cache, assembly) = (self.tools.cache.clone(), timeless(&self.tools.assembly));
        let (on_packed, key) = (Arc::clone(&self.tools.on_packed), key.clone());
        let common = Arc::clone(&self.tools.common);
        apart(move || {
            let layer = layers::assemble_watched(&files.set, &assembly, &*on_packed)?;
            cache.keep_layer(&key, &layer);
            // As the cache has it, it takes no memory.
            let layer = cache.layer(&key).unwrap_or(layer);
            common.shelf.put(key.digest(), &layer);
            Ok::<_, DeployError>(layer)
        })
        .await
    }

    /// Checks that no path has two owners, once for each set of batches: it takes all of its wheels.
    async fn check_owners(&self, jobs: &[Job]) -> Result<(), DeployError> {
        let Some(set) = set_of(jobs.iter().map(|job| &*job.batch)) else { return Ok(()) };
        if self.record.knows_set(set) {
            return Ok(());
        }
        self.tools.common.sets.get(set, self.compare_owners(set, jobs)).await
    }

    async fn compare_owners(&self, set: Digest, jobs: &[Job]) -> Result<(), DeployError> {
        let (cache, note) = (self.tools.cache.clone(), format!("disjoint 1 {set}"));
        let (asked, known) = (cache.clone(), note.clone());
        if apart(move || Ok::<_, DeployError>(asked.facts(&known).is_some())).await? {
            return Ok(());
        }
        let installed = try_join_all(jobs.iter().map(|job| installed(job, self.tools))).await?;
        apart(move || {
            install::check_disjoint(&installed).map_err(PackagesError::from)?;
            cache.keep_facts(&note, b"");
            Ok::<_, DeployError>(())
        })
        .await
    }
}

fn jobs(packages: &PlatformPackages, base_layers: usize) -> Result<Vec<Job>, InstallError> {
    let python = Arc::new(packages.facts.python.clone().ok_or(InstallError::NoPython)?);
    let batches = install::plan(&packages.lock, &packages.facts, MOST_LAYERS.saturating_sub(base_layers + 1))?;
    Ok(batches.into_iter().map(|batch| Job { batch: Arc::new(batch), python: Arc::clone(&python) }).collect())
}

/// Returns the batches that packages would become layers in, on a base.
pub(super) fn batches(packages: &PlatformPackages, base: &BaseImage) -> Result<Vec<Batch>, DeployError> {
    let jobs = jobs(packages, base.layers.len()).map_err(PackagesError::from)?;
    Ok(jobs.into_iter().map(|job| Arc::unwrap_or_clone(job.batch)).collect())
}

/// Returns what says in one way which batches are put together, where it is more than one.
fn set_of<'a>(batches: impl Iterator<Item = &'a Batch>) -> Option<Digest> {
    let keys: Vec<&str> = batches.map(|batch| batch.key.as_str()).collect();
    (keys.len() > 1).then(|| Digest::of(keys.join("\n\n").as_bytes()))
}

async fn installed(job: &Job, tools: &Tools<'_>) -> Result<InstalledBatch, DeployError> {
    let wheels = job.batch.sources().iter().map(|package| tools.index.wheel(&package.wheel));
    let wheels: Vec<Blob> = try_join_all(wheels).await.map_err(PackagesError::from)?;
    let job = job.clone();
    apart(move || install::files(&job.batch, &wheels, &job.python).map_err(PackagesError::from)).await
}

/// All that a package layer's bytes depend on. Not `SOURCE_DATE_EPOCH`: a commit's time would move every package.
fn layer_key(batch: &Batch, assembly: &AssembleOptions) -> LayerKey {
    LayerKey::new(&batch.key, assembly.compression)
}

/// Says how package layers are made: their files are of no time.
fn timeless(assembly: &AssembleOptions) -> AssembleOptions {
    AssembleOptions { modified: 0, ..assembly.clone() }
}
