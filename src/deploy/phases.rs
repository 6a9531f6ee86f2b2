//! The same road in three stretches, for who has several projects on it: checked, in the registry, registered.
//!
//! Between two of them nothing is held but the spec and a few digests; layers are made and sent within one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use serde::Deserialize;

use super::{
    Built, BuiltImage, DeployError, Deployed, DeployedPlatform, Deployment, Step, Tools, assemble, compile, deliver,
    foundations, list, live, packages, pull_bases, push, put_together, remote,
};
use crate::control_plane::{ControlPlane, LiveDag};
use crate::dag::Compiled;
use crate::reference::{PinnedReference, Reference, Version};
use crate::registry::{Pushed, RegistryError};

/// What an image's manifest says of its version; the rest of what it says comes from the project's content.
const OF_VERSION: [&str; 3] = ["version", "revision", "source"];

/// A deployment that every check let pass which needs nothing to move.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What is deployed, and where to.
    pub deployment: Deployment,
    compiled: Compiled,
    /// Length and time of each file that dag.py read.
    stamp: Vec<Stamp>,
}

type Stamp = Option<(u64, SystemTime)>;

/// A deployment whose image is in the registry, and of which the control plane does not know yet.
#[derive(Debug)]
pub struct InRegistry {
    deployment: Deployment,
    compiled: Compiled,
    pushed: Pushed,
    platforms: Vec<DeployedPlatform>,
}

/// What a project is beside what is live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// It would be the same image and the same spec, said to be of the same version.
    Same,
    /// Something differs.
    Different,
    /// It cannot be told; why.
    Unknown(String),
}

impl InRegistry {
    /// Returns the platforms, each with its digests.
    #[must_use]
    pub fn platforms(&self) -> &[DeployedPlatform] {
        &self.platforms
    }

    /// Returns what the push moved.
    #[must_use]
    pub fn pushed(&self) -> &Pushed {
        &self.pushed
    }
}

/// Compiles a project, looks at what would be packed, at its base, and for its packages.
///
/// # Errors
/// When any of it fails.
pub async fn check(deployment: Deployment, tools: &Tools<'_>) -> Result<Checked, DeployError> {
    let plan = &deployment.plan;
    let foundations = Box::pin(async {
        let bases = pull_bases(plan, tools).await?;
        (tools.on_step)(Step::BaseResolved(&plan.base, &bases));
        packages(plan, &bases, tools).await.map(drop)
    });
    let ((compiled, stamp), ()) = tokio::try_join!(spec(&deployment, tools), foundations)?;
    Ok(Checked { deployment, compiled, stamp })
}

/// Compiles, and sees that what was read can be packed.
async fn spec(deployment: &Deployment, tools: &Tools<'_>) -> Result<(Compiled, Vec<Stamp>), DeployError> {
    let compiled = compile(&deployment.plan, deployment.image_name(), tools).await?;
    (tools.on_step)(Step::Compiled(&compiled));
    let stamp = stamp(deployment, &compiled);
    list(&deployment.plan, &compiled, tools).await?;
    Ok((compiled, stamp))
}

/// Builds what was checked, and pushes it.
///
/// # Errors
/// When any of it fails.
pub async fn send(mut checked: Checked, tools: &Tools<'_>) -> Result<InRegistry, DeployError> {
    match attempt(&checked, tools).await {
        // The registry threw a layer away between our asking for it and the push: it is made after all.
        Err(DeployError::Registry(RegistryError::LayerGone { .. }))
            if checked.deployment.plan.packages.remote_cache =>
        {
            checked.deployment.plan.packages.remote_cache = false;
            attempt(&checked, tools).await
        }
        outcome => outcome,
    }
}

async fn attempt(checked: &Checked, tools: &Tools<'_>) -> Result<InRegistry, DeployError> {
    let deployment = checked.deployment.clone();
    let Built { compiled, images, artifact } = build(checked, tools).await?;
    let platforms = images.iter().map(BuiltImage::summary).collect();
    let pushed = push(&deployment, &artifact, tools).await?;
    remote::remember(&deployment, &images, tools).await;
    Ok(InRegistry { deployment, compiled, pushed, platforms })
}

async fn build(checked: &Checked, tools: &Tools<'_>) -> Result<Built, DeployError> {
    let Deployment { plan, repository, .. } = &checked.deployment;
    let project = async {
        let compiled = checked.compiled(tools).await?;
        let packed = list(plan, &compiled, tools).await?;
        let layer = assemble(packed, tools).await?;
        Ok((compiled, layer))
    };
    let ((compiled, layer), (bases, stacks)) =
        tokio::try_join!(Box::pin(project), Box::pin(foundations(plan, Some(repository), tools)))?;
    put_together(plan, compiled, &layer, bases, stacks, tools)
}

/// Registers what was pushed.
///
/// # Errors
/// When the control plane refuses it or cannot be reached.
pub async fn register(
    sent: InRegistry,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
) -> Result<Deployed, DeployError> {
    let InRegistry { deployment, compiled, pushed, platforms } = sent;
    deliver(&deployment, compiled, pushed, platforms, tools, control_plane).await
}

/// Compares a project with what is live of it, but for the version: it is built to its digest as if it were of the live
/// one's, and nothing is pushed. A commit elsewhere in the repository changes every version, and no content.
///
/// # Errors
/// When it cannot be built.
pub async fn compare(checked: &Checked, live: &LiveDag, tools: &Tools<'_>) -> Result<Comparison, DeployError> {
    let Some(spec_hash) = &live.spec_hash else { return Ok(unknown("the server does not say which spec is live")) };
    let Some(image) = live.image.as_ref().and_then(|image| image.parse::<PinnedReference>().ok()) else {
        return Ok(unknown("the server does not say which image is live"));
    };
    if *image.repository() != checked.deployment.repository {
        return Ok(Comparison::Different);
    }
    let reference = Reference { repository: image.repository().clone(), version: Version::Digest(image.digest()) };
    let said = match tools.registry.pull(&reference).await {
        Ok(artifact) => annotations(&artifact.document),
        Err(error) => return Ok(unknown(&format!("the live image cannot be read: {error}"))),
    };
    let Some(checked) = checked.said_to_be(&said) else {
        return Ok(unknown("the live image does not say its version"));
    };
    let built = build(&checked, tools).await?;
    let pinned = built.compiled.spec.pin(checked.deployment.repository.pinned(built.artifact.digest()));
    let same = *pinned.image() == image && live::is_hash_of(spec_hash, &pinned);
    Ok(if same { Comparison::Same } else { Comparison::Different })
}

fn unknown(reason: &str) -> Comparison {
    Comparison::Unknown(reason.to_owned())
}

impl Checked {
    /// Returns the spec as it was compiled; what dag.py read may have been edited since, and is packed as it is now.
    async fn compiled(&self, tools: &Tools<'_>) -> Result<Compiled, DeployError> {
        if stamp(&self.deployment, &self.compiled) == self.stamp {
            return Ok(self.compiled.clone());
        }
        compile(&self.deployment.plan, self.deployment.image_name(), tools).await
    }

    /// Returns the same, of the version that a manifest says, if it says one.
    fn said_to_be(&self, said: &BTreeMap<String, String>) -> Option<Self> {
        let mut other = self.clone();
        let plan = &mut other.deployment.plan;
        for name in OF_VERSION.map(|name| format!("org.opencontainers.image.{name}")) {
            match said.get(&name) {
                Some(text) => plan.annotations.insert(name, text.clone()),
                None => plan.annotations.remove(&name),
            };
        }
        let version = said.get("org.opencontainers.image.version")?;
        plan.tag = version.parse().ok()?;
        other.compiled.spec.dag_version.clone_from(version);
        Some(other)
    }
}

/// Returns length and time of the files that dag.py read.
fn stamp(deployment: &Deployment, compiled: &Compiled) -> Vec<Stamp> {
    let of = |path: &PathBuf| {
        let metadata = std::fs::metadata(deployment.plan.project.root.join(path)).ok()?;
        Some((metadata.len(), metadata.modified().ok()?))
    };
    compiled.files.iter().map(of).collect()
}

#[derive(Default, Deserialize)]
struct Annotated {
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

fn annotations(document: &[u8]) -> BTreeMap<String, String> {
    serde_json::from_slice::<Annotated>(document).unwrap_or_default().annotations
}
