//! What the target repository remembers of earlier pushes: layers that need not be made, nor sent.

use std::collections::BTreeSet;

use super::packages::PlatformPackages;
use super::stack::{PackageLayer, Stack};
use super::{BuiltImage, DeployError, Deployment, Step, Tools, apart};
use crate::cache::LayerKey;
use crate::image::{Descriptor, KeptLayer, OwnLayer};
use crate::layers::Digest;
use crate::project::PythonVersion;
use crate::reference::{Repository, Tag};
use crate::registry::{Recorded, RegistryError, Remembered, RememberedLayer, record_tag};

/// The record of one platform, and what of it the repository still holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    pub(super) known: Remembered,
    held: BTreeSet<Digest>,
}

impl Record {
    /// Reads the record of a platform, and asks for those of `keys` that are in it.
    ///
    /// A registry that lets nobody read is told of by the push.
    pub(super) async fn read(
        repository: &Repository,
        packages: &PlatformPackages,
        python: PythonVersion,
        keys: &[LayerKey],
        tools: &Tools<'_>,
    ) -> Result<Self, DeployError> {
        let Ok(tag) = record_tag(&packages.platform, python.as_str()) else { return Ok(Self::default()) };
        let known = readable(tools.registry.remembered(repository, &tag).await)?;
        let wanted = keys.iter().filter_map(|key| known.layer(key.digest()));
        let wanted: Vec<Descriptor> = wanted.map(|layer| layer.descriptor.clone()).collect();
        let held = match wanted.is_empty() {
            true => BTreeSet::new(),
            false => readable(tools.registry.held(repository, &wanted).await)?,
        };
        Ok(Self { known, held })
    }

    /// Returns whether no two layers of this set own one path.
    pub(super) fn knows_set(&self, set: Digest) -> bool {
        self.known.sets.contains(&set)
    }

    /// Returns the layer of a key, if the repository still holds it.
    pub(super) fn layer(&self, key: &LayerKey, repository: &Repository) -> Option<(OwnLayer, u64)> {
        let layer = self.known.layer(key.digest()).filter(|layer| self.held.contains(&layer.descriptor.digest))?;
        let RememberedLayer { descriptor, diff_id, uncompressed_size, .. } = layer.clone();
        Some((OwnLayer::Kept(KeptLayer { descriptor, diff_id, repository: repository.clone() }), uncompressed_size))
    }

    /// Tells of layers that the record has another digest for: whoever wrote it lied, or this program did.
    pub(super) fn compare(&self, stack: &Stack, tools: &Tools<'_>) {
        for package in &stack.layers {
            let digest = package.descriptor().digest;
            let other = self.known.layer(package.key.digest()).filter(|layer| layer.descriptor.digest != digest);
            if let Some(other) = other {
                (tools.on_step)(Step::RecordDiffers(package, other.descriptor.digest));
            }
        }
    }
}

/// Passes over a registry's refusal, which a push may not meet; what keeps the push from working as well is an error.
fn readable<T: Default>(asked: Result<T, RegistryError>) -> Result<T, DeployError> {
    match asked {
        Err(error) if error.status().is_some() => Ok(T::default()),
        asked => Ok(asked?),
    }
}

/// Adds what was pushed to the record, unless this machine knows that it is there. Whatever goes wrong is told by the
/// registry's events, and no more: the next deploy, of this machine too, tries again.
pub(super) async fn remember(deployment: &Deployment, images: &[BuiltImage], tools: &Tools<'_>) {
    let plan = &deployment.plan;
    if !plan.packages.remote_cache {
        return;
    }
    for BuiltImage { platform, packages, .. } in images.iter().filter(|image| !image.packages.layers.is_empty()) {
        let Ok(tag) = record_tag(platform, plan.project.config.python_version.as_str()) else { continue };
        remember_stack(&deployment.repository, &tag, packages, tools).await;
    }
}

async fn remember_stack(repository: &Repository, tag: &Tag, stack: &Stack, tools: &Tools<'_>) {
    let news = Remembered {
        layers: stack.layers.iter().map(PackageLayer::remembered).collect(),
        sets: stack.set().into_iter().collect(),
    };
    let layers: Vec<String> = news.layers.iter().map(|layer| layer.descriptor.digest.to_string()).collect();
    let note = format!("remembered 1 {} {}", repository.tagged(tag), layers.join(" "));
    let (cache, known) = (tools.cache.clone(), note.clone());
    if apart(move || Ok::<_, DeployError>(cache.facts(&known).is_some())).await.unwrap_or(false) {
        return;
    }
    if tools.registry.remember(repository, tag, &stack.known, &news).await == Recorded::Failed {
        return;
    }
    let cache = tools.cache.clone();
    // Whether it was kept makes no difference to this deploy.
    let _ = apart(move || {
        cache.keep_facts(&note, b"");
        Ok::<_, DeployError>(())
    })
    .await;
}
