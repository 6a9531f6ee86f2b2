//! A project's DAG: what dag.py declares, overlaid with leoflow.yaml, checked, as the control plane reads it.
//!
//! [`compile`] is the writing side; [`validate_json`] and [`PinnedDagSpec`] are the reading one, and hold whoever wrote
//! a dag.json to the same rules. No task body runs here, and nothing is written anywhere.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod compile;
mod cron;
mod graph;
mod json;
mod member;
mod overlay;
mod param;
mod pinned;
mod places;
mod schema;
mod spec;
mod suggest;
mod validate;

#[cfg(test)]
mod testing;

use std::path::PathBuf;

pub use compile::compile;
pub use pinned::{PinError, PinnedDagSpec, validate_pinned_json};
pub use schema::{SpecError, validate_json};
pub use spec::{
    AlertSpec, Alerts, DagSpec, DefaultArgs, ResourcesSpec, SchemaVersion, StagingSpec, TaskKind, TaskSpec,
    TriggerRule, named_connections,
};

use crate::code::Code;
use crate::python::PythonError;
use crate::source::SourceSpan;

/// How much JSON a task's `call_args` or `operator_args` may hold, in bytes: they travel as one environment variable.
pub(crate) const ARGUMENTS_LIMIT: usize = 102_400;

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
    /// What kind of fault it is.
    pub code: Code,
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

impl Fault {
    fn new(code: Code, span: Option<SourceSpan>, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl CompileError {
    /// Returns one concrete thing to do: what dag.py's own error says, or the first fault's advice.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Python(PythonError::Code { help, .. }) => help.clone(),
            Self::Python(_) => None,
            Self::Invalid { faults } => faults.iter().find_map(|fault| fault.help.clone()),
        }
    }
}
