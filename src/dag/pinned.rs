//! A dag.json whose image is known by digest: made from a spec, or taken from a file as it is.

use serde_json::Value;

use super::schema::{SpecError, validate_json};
use super::spec::{self, DagSpec};
use crate::reference::{PinnedReference, ReferenceError};

/// A DAG and its image, versioned together: the only thing that is ever registered.
#[derive(Debug, Clone, PartialEq)]
pub struct PinnedDagSpec {
    dag_id: String,
    json: Vec<u8>,
    image: PinnedReference,
    connections: Vec<String>,
}

/// Why a spec read from a file cannot be registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// It is no spec; every fault is told.
    #[error("it is no valid dag.json: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Spec(Vec<SpecError>),
    /// Its image is not pinned to a digest.
    #[error("its image is not pinned to a digest: {0}")]
    Unpinned(ReferenceError),
}

impl PinError {
    /// Returns one concrete thing to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Spec(faults) => faults.iter().find_map(SpecError::help),
            Self::Unpinned(_) => Some(
                "`leoflow deploy` pushes the image and pins it; `leoflow compile --image NAME@sha256:…` pins to one that \
                 was pushed before"
                    .to_owned(),
            ),
        }
    }
}

impl PinnedDagSpec {
    pub(super) fn of(spec: &DagSpec, image: PinnedReference) -> Self {
        Self { dag_id: spec.dag_id.clone(), json: spec.to_json(), connections: spec.connections(), image }
    }

    /// Takes a dag.json from a file; its bytes are kept as they are.
    ///
    /// # Errors
    /// When it is no valid spec or its image is not pinned.
    pub fn from_json(bytes: Vec<u8>) -> Result<Self, PinError> {
        let dag = validate_json(&bytes).map_err(PinError::Spec)?;
        let image = text(&dag, "image").parse().map_err(PinError::Unpinned)?;
        let dag_id = text(&dag, "dag_id").to_owned();
        Ok(Self { dag_id, image, connections: spec::connections(&dag), json: bytes })
    }

    /// Returns the DAG's id.
    #[must_use]
    pub fn dag_id(&self) -> &str {
        &self.dag_id
    }

    /// Returns the image.
    #[must_use]
    pub fn image(&self) -> &PinnedReference {
        &self.image
    }

    /// Returns the bytes that are registered.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// Returns the names of the connections that the DAG needs (see [`DagSpec::connections`]).
    #[must_use]
    pub fn connections(&self) -> &[String] {
        &self.connections
    }
}

/// Checks a dag.json as a control plane does before it registers one: valid, and its image pinned.
///
/// # Errors
/// When it breaks the schema or its image is not pinned; every fault is told.
pub fn validate_pinned_json(bytes: &[u8]) -> Result<(String, PinnedReference), Vec<SpecError>> {
    let dag = validate_json(bytes)?;
    let image = text(&dag, "image").parse::<PinnedReference>().map_err(|error| {
        vec![SpecError::Field { field: "image".to_owned(), reason: format!("it is not pinned to a digest: {error}") }]
    })?;
    Ok((text(&dag, "dag_id").to_owned(), image))
}

fn text<'a>(dag: &'a Value, field: &str) -> &'a str {
    dag.get(field).and_then(Value::as_str).unwrap_or_default()
}
