//! Spec and image as one pair, as it was recorded.

use crate::cli::exit::Exit;
use crate::cli::report::Failure;
use crate::dag::PinnedDagSpec;
use crate::record::{Entry, Records};
use crate::reference::PinnedReference;
use crate::registry::Client;

/// A version as it was registered.
#[derive(Debug)]
pub(in crate::cli) struct Pair {
    /// The spec, which names the image by its digest.
    pub(in crate::cli) spec: PinnedDagSpec,
    /// What was recorded of it.
    pub(in crate::cli) entry: Entry,
}

impl Pair {
    /// Takes the spec of an entry, if it is what it was.
    pub(in crate::cli) fn of(records: &Records, entry: &Entry) -> Result<Self, Failure> {
        let bytes = records.spec(entry).ok_or_else(|| lost(entry, "it cannot be had from the record any more"))?;
        let spec = PinnedDagSpec::from_json(bytes).map_err(|error| lost(entry, &error.to_string()))?;
        if spec.image() != &entry.image || spec.dag_id() != entry.dag_id {
            return Err(lost(entry, "it is of another image than was recorded"));
        }
        Ok(Self { spec, entry: entry.clone() })
    }
}

fn lost(entry: &Entry, reason: &str) -> Failure {
    let message = format!("the dag.json of version {} is of no use: {reason}", entry.version);
    let help = format!("deploy {} again from its source", entry.dag_version);
    Failure::new(Exit::System, message, Some(help))
}

/// Fails unless the image of a version is still in its registry: a DAG without it cannot run.
pub(in crate::cli) async fn check_image(registry: &Client, image: &PinnedReference) -> Result<(), Failure> {
    registry.allow(image.repository());
    if registry.has(image).await? { Ok(()) } else { Err(gone(image)) }
}

/// Says that an image is not in its registry.
fn gone(image: &PinnedReference) -> Failure {
    let message = format!("the image is gone from its registry: {image}\nnothing was registered");
    let help = "deploy that version again from its source, or bring the image back with `leoflow image copy`";
    Failure::new(Exit::Registry, message, Some(help.to_owned()))
}
