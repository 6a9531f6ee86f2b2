//! The road up to the push, and then what the rest of it would do: asked for, worked out, and not done.

use tokio::join;

use super::{BuiltImage, DeployError, Deployment, Tools, apart, build_for, found, live};
use crate::control_plane::{ControlPlane, ControlPlaneError, LiveDag};
use crate::dag::{Compiled, Fault, PinnedDagSpec};
use crate::diff::{self, ImageDiff, SpecDiff};
use crate::image::{Artifact, BaseError, DescribedImage};
use crate::layout::{Layout, LayoutError};
use crate::reference::{LocalPlace, PinnedReference, Reference, Version};
use crate::registry::{RegistryError, Survey};

/// What a deploy would do.
#[derive(Debug)]
pub struct DryRun {
    /// The spec that would be registered.
    pub spec: PinnedDagSpec,
    /// What is registered now.
    pub live: Live,
    /// What the spec is compared with.
    pub earlier: Option<Earlier>,
    /// What differs from that, if anything does; `None` as well when there is nothing to compare with.
    pub spec_diff: Option<SpecDiff>,
    /// The image that is live, or else that of `earlier`, compared with the new one.
    pub before: Before,
    /// The new image, for each platform.
    pub images: Vec<DescribedImage>,
    /// What a push would move.
    pub survey: Survey,
    /// Whether the repository may be pushed to; not asked for when there is nothing to push.
    pub may_push: Result<(), RegistryError>,
    /// What a reader should know.
    pub warnings: Vec<Fault>,
}

/// What the control plane has of the DAG.
#[derive(Debug)]
pub enum Live {
    /// Nothing.
    Nothing,
    /// A version.
    Version(LiveDag),
    /// It does not say.
    Unknown(ControlPlaneError),
}

/// An earlier deploy, as it was recorded.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// The server's name for the version.
    pub version: String,
    /// SHA-256 over the spec, as the server computes it.
    pub spec_hash: String,
    /// When, in seconds since the Unix epoch.
    pub time: u64,
    /// The image.
    pub image: PinnedReference,
    /// The dag.json that was registered.
    pub spec: Vec<u8>,
}

/// The image that is to be replaced.
#[derive(Debug)]
pub enum Before {
    /// None is known.
    Nothing,
    /// It is the new one.
    Same,
    /// It is another.
    Differs {
        /// Which.
        image: PinnedReference,
        /// In what; `None` when only the index over the platforms' images differs.
        diff: Option<ImageDiff>,
    },
    /// It cannot be read.
    Unreadable {
        /// Which.
        image: PinnedReference,
        /// Why.
        error: Box<RegistryError>,
    },
}

/// Says which earlier deploy to compare with, given what is live.
pub type EarlierOf<'a> = &'a (dyn Fn(Option<&LiveDag>) -> Option<Earlier> + Sync);

/// Finds out what [`deploy`](super::deploy) would do. Nothing is pushed or registered; an upload is opened and cancelled.
///
/// # Errors
/// When a step up to the push fails, or the registry cannot be asked.
pub async fn dry_run(
    deployment: &Deployment,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
    earlier: EarlierOf<'_>,
) -> Result<DryRun, DeployError> {
    let built = build_for(deployment, tools).await?;
    let described = |built: &BuiltImage| DescribedImage::of(&built.image.manifest, &built.image.config);
    let images = built.images.iter().map(described).collect::<Result<_, _>>();
    let images = images.map_err(|error: BaseError| DeployError::Internal(error.to_string()))?;
    let foreseen = Foreseen { compiled: built.compiled, artifact: built.artifact, images };
    foreseen.ask(deployment, tools, control_plane, earlier).await
}

/// Finds out what [`deploy_image`](super::deploy_image) would do.
///
/// # Errors
/// As [`dry_run`], and when the image was not built of this project.
pub async fn dry_run_image(
    deployment: &Deployment,
    place: &LocalPlace,
    tools: &Tools<'_>,
    control_plane: &ControlPlane,
    earlier: EarlierOf<'_>,
) -> Result<DryRun, DeployError> {
    let (compiled, artifact, _) = found(deployment, place, tools).await?;
    let place = place.clone();
    let (artifact, images) = apart(move || {
        let images = Layout::open(&place)?.descriptions(&artifact)?;
        Ok::<_, LayoutError>((artifact, images))
    })
    .await?;
    Foreseen { compiled, artifact, images }.ask(deployment, tools, control_plane, earlier).await
}

/// What the road has come to before the push.
struct Foreseen {
    compiled: Compiled,
    artifact: Artifact,
    images: Vec<DescribedImage>,
}

impl Foreseen {
    async fn ask(
        self,
        deployment: &Deployment,
        tools: &Tools<'_>,
        control_plane: &ControlPlane,
        earlier: EarlierOf<'_>,
    ) -> Result<DryRun, DeployError> {
        let Deployment { repository, plan, .. } = deployment;
        let spec = self.compiled.spec.pin(repository.pinned(self.artifact.digest()));
        let survey = tools.registry.survey(repository, &plan.tag, &self.artifact).await?;
        let right = async { if survey.is_unchanged() { Ok(()) } else { tools.registry.check_push(repository).await } };
        let (may_push, live) = join!(right, Live::ask(spec.dag_id(), control_plane));
        let earlier = earlier(live.version());
        let spec_diff = earlier.as_ref().and_then(|earlier| differs(&earlier.spec, spec.json()));
        let before = before(
            live.image().or(earlier.as_ref().map(|earlier| &earlier.image).cloned()),
            &spec,
            &self.images,
            tools,
        )
        .await;
        let (images, warnings) = (self.images, self.compiled.warnings);
        Ok(DryRun { spec, live, earlier, spec_diff, before, images, survey, may_push, warnings })
    }
}

/// Compares two specs; what is no JSON was not registered.
fn differs(before: &[u8], now: &[u8]) -> Option<SpecDiff> {
    let parsed = |bytes| serde_json::from_slice(bytes).unwrap_or_default();
    diff::specs(&parsed(before), &parsed(now))
}

async fn before(
    image: Option<PinnedReference>,
    spec: &PinnedDagSpec,
    images: &[DescribedImage],
    tools: &Tools<'_>,
) -> Before {
    let Some(image) = image else { return Before::Nothing };
    if image.digest() == spec.image().digest() {
        return Before::Same;
    }
    let (repository, version) = (image.repository().clone(), Version::Digest(image.digest()));
    match tools.registry.descriptions(&Reference { repository, version }).await {
        Ok((_, before)) => Before::Differs { image, diff: diff::images(&before, images) },
        Err(error) => Before::Unreadable { image, error: Box::new(error) },
    }
}

impl Live {
    async fn ask(dag_id: &str, control_plane: &ControlPlane) -> Self {
        match control_plane.dag(dag_id).await {
            Ok(Some(live)) => Self::Version(live),
            Ok(None) => Self::Nothing,
            Err(error) => Self::Unknown(error),
        }
    }

    fn version(&self) -> Option<&LiveDag> {
        match self {
            Self::Version(live) => Some(live),
            Self::Nothing | Self::Unknown(_) => None,
        }
    }

    fn image(&self) -> Option<PinnedReference> {
        self.version()?.image.as_ref()?.parse().ok()
    }
}

impl DryRun {
    /// Returns whether a deploy would leave behind what is live already; `None` when that cannot be told.
    #[must_use]
    pub fn is_live(&self) -> Option<bool> {
        match &self.live {
            Live::Nothing => Some(false),
            Live::Unknown(_) => None,
            Live::Version(live) => is_live(live, &self.spec, self.earlier.as_ref()),
        }
    }
}

/// The hash of the spec tells, or what the server called the same spec before; a server that tells neither still tells
/// the image, which must be another if it differs.
fn is_live(live: &LiveDag, spec: &PinnedDagSpec, earlier: Option<&Earlier>) -> Option<bool> {
    let same_as_before = |earlier: &Earlier| match &live.spec_hash {
        Some(hash) => *hash == earlier.spec_hash,
        None => live.version.as_ref() == Some(&earlier.version),
    };
    if live.spec_hash.as_ref().is_some_and(|hash| live::is_hash_of(hash, spec)) {
        return Some(true);
    }
    if earlier.is_some_and(|earlier| earlier.spec == spec.json() && same_as_before(earlier)) {
        return Some(true);
    }
    let other_image = live.image.as_ref().is_some_and(|image| *image != spec.image().to_string());
    (other_image || live.spec_hash.is_some()).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> PinnedDagSpec {
        let json = format!(
            r#"{{"schema_version": "1.0", "dag_id": "etl", "dag_version": "1", "image": "{}",
                "tasks": [{{"task_id": "a", "type": "bash", "entrypoint": "true"}}]}}"#,
            image('a')
        );
        PinnedDagSpec::from_json(json.into_bytes()).unwrap()
    }

    fn image(letter: char) -> String {
        format!("r.example/etl@sha256:{}", letter.to_string().repeat(64))
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned()).filter(|text| !text.is_empty())
    }

    /// An earlier deploy of the same spec, which the server called `version` and hashed to `spec_hash`.
    fn earlier(version: &str, spec_hash: &str) -> Earlier {
        let (version, spec_hash) = (version.to_owned(), spec_hash.to_owned());
        Earlier { version, spec_hash, time: 0, image: spec().image().clone(), spec: spec().json().to_vec() }
    }

    #[test]
    fn what_is_live_is_told_by_hash_by_record_or_by_image() {
        let own = crate::layers::Digest::of(spec().json()).hex();
        let (same, other) = (image('a'), image('b'));
        for (version, spec_hash, live_image, recorded, expected) in [
            ("v1", own.as_str(), "", None, Some(true)),
            ("", own.as_str(), "", None, Some(true)),
            ("v1", "0ther", "", None, Some(false)),
            ("v1", "0ther", "", Some(("v1", "0ther")), Some(true)),
            ("v1", "0ther", "", Some(("v1", "an0ther")), Some(false)),
            ("v1", "", "", Some(("v1", "0ther")), Some(true)),
            ("v2", "", "", Some(("v1", "0ther")), None),
            ("v1", "", &same, None, None),
            ("v1", "", &other, None, Some(false)),
            ("", "", "", None, None),
        ] {
            let live = LiveDag { version: text(version), spec_hash: text(spec_hash), image: text(live_image) };
            let recorded = recorded.map(|(version, hash)| earlier(version, hash));
            assert_eq!(is_live(&live, &spec(), recorded.as_ref()), expected, "{live:?} {recorded:?}");
        }
    }

    #[test]
    fn an_earlier_deploy_of_another_spec_tells_nothing() {
        let live = LiveDag { version: text("v1"), ..LiveDag::default() };
        let another = Earlier { spec: b"{}".to_vec(), ..earlier("v1", "0ther") };
        assert_eq!(is_live(&live, &spec(), Some(&another)), None);
    }
}
