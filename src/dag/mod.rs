//! A project's DAG: what dag.py declares, overlaid with leoflow.yaml, checked, as the control plane reads it.

mod connectors;
mod cron;
mod graph;
mod overlay;
mod spec;
mod validate;

use std::path::PathBuf;

pub use spec::{DagSpec, PinError, PinnedDagSpec, SpecError, TaskSpec, validate_json};

use crate::project::Project;
use crate::python::{Interpreter, PythonError};
use crate::source::SourceSpan;

/// A compiled DAG, not yet tied to an image.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The spec; its `image` and `dag_version` are what `compile` was given.
    pub spec: DagSpec,
    /// The project's files that dag.py imported or read, relative to its root: they must be in the image.
    pub files: Vec<PathBuf>,
    /// What a reader should know without being stopped.
    pub warnings: Vec<Fault>,
    /// What dag.py printed while it was executed.
    pub printed: String,
}

/// One thing that is wrong with a DAG, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The place in dag.py or leoflow.yaml, where there is one.
    pub span: Option<SourceSpan>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Why a project does not compile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// dag.py could not be executed.
    #[error(transparent)]
    Python(#[from] PythonError),
    /// The DAG breaks rules, all of which are told at once.
    #[error("the DAG has {}", if faults.len() == 1 { "a fault".to_owned() } else { format!("{} faults", faults.len()) })]
    Invalid {
        /// At least one.
        faults: Vec<Fault>,
    },
}

/// What a spec says of its version and image before it is pinned.
#[derive(Debug, Clone)]
pub struct Versioning {
    /// `dag_version`
    pub dag_version: String,
    /// `image`: a tagged reference until it is pinned.
    pub image: String,
}

/// Executes dag.py, lays leoflow.yaml over it and checks the result.
///
/// # Errors
/// When dag.py cannot be executed, or the DAG breaks a rule.
pub fn compile(
    project: &Project,
    interpreter: &Interpreter,
    versioning: &Versioning,
) -> Result<Compiled, CompileError> {
    let _ = (project, interpreter, versioning);
    todo!("the dag room")
}
