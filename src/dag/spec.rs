//! dag.json (schema 1.0): its fields, their order, and what is left out.

use serde_json::Value;

use crate::reference::{PinnedReference, ReferenceError};

/// A DAG as the control plane reads it, its image not yet known by digest.
#[derive(Debug, Clone, PartialEq)]
pub struct DagSpec {}

/// One task of a [`DagSpec`].
#[derive(Debug, Clone, PartialEq)]
pub struct TaskSpec {}

/// A DAG and its image, versioned together: the only thing that is ever registered.
#[derive(Debug, Clone, PartialEq)]
pub struct PinnedDagSpec {
    dag_id: String,
    json: Vec<u8>,
    image: PinnedReference,
}

/// Why a dag.json is not a spec.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// It does not parse or breaks the schema.
    #[error("line {line}, column {column}: {reason}")]
    Malformed {
        /// 1-based.
        line: usize,
        /// 1-based.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A field is missing or has a value that it cannot have.
    #[error("`{field}`: {reason}")]
    Field {
        /// Path of the field, e.g. `tasks[2].trigger_rule`.
        field: String,
        /// What is wrong.
        reason: String,
    },
}

/// Why a spec read from a file cannot be registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// It is no spec.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Its image is not pinned to a digest.
    #[error("its image is not pinned to a digest: {0}")]
    Unpinned(ReferenceError),
}

impl DagSpec {
    /// Returns the DAG's id.
    #[must_use]
    pub fn dag_id(&self) -> &str {
        todo!("the dag room")
    }

    /// Returns dag.json: 2-space indented, with a trailing newline.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        todo!("the dag room")
    }

    /// Ties the spec to an image.
    #[must_use]
    pub fn pin(self, image: PinnedReference) -> PinnedDagSpec {
        let _ = image;
        todo!("the dag room")
    }

    /// Returns the names of the connections that the DAG needs: declared ones, and every string value of a key that
    /// contains `conn_id`; sorted, each once.
    #[must_use]
    pub fn connections(&self) -> Vec<String> {
        todo!("the dag room")
    }
}

/// Checks a dag.json as strictly as the control plane does (contract section 2), and returns it as a value.
///
/// # Errors
/// When it breaks the schema; every fault is told.
pub fn validate_json(bytes: &[u8]) -> Result<Value, Vec<SpecError>> {
    let _ = bytes;
    todo!("the dag room")
}

impl PinnedDagSpec {
    /// Takes a dag.json from a file; its bytes are kept as they are.
    ///
    /// # Errors
    /// When it is no valid spec or its image is not pinned.
    pub fn from_json(bytes: Vec<u8>) -> Result<Self, PinError> {
        let _ = bytes;
        todo!("the dag room")
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
}
