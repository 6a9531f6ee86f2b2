//! dag.py in, the structure it declares out: executed by an interpreter inside this binary, in a child process of
//! ourselves that has no network, no subprocess, no environment and, read-only, only the project's files.

mod raw;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use raw::{RawDag, RawTask};
pub use worker::{WORKER_ARGUMENT, worker_main};

use crate::source::{SourceFile, SourceSpan};

/// How dag.py is executed.
#[derive(Debug, Clone)]
pub struct Interpreter {
    /// This program, to be started again as the worker (`std::env::current_exe`, told by the caller).
    pub program: PathBuf,
    /// How long dag.py may take on the wall clock.
    pub wall_limit: Duration,
    /// How much memory the worker may map, in bytes.
    pub memory_limit: u64,
}

/// What an execution of dag.py yielded.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// Every DAG the file declares, in order of their creation.
    pub dags: Vec<RawDag>,
    /// The project's files that were imported or read, relative to the project's root, sorted; without dag.py itself.
    pub files: Vec<PathBuf>,
    /// dag.py as it was read.
    pub source: Arc<SourceFile>,
    /// What dag.py printed, at most 64 KiB of it.
    pub printed: String,
}

/// Why dag.py could not be executed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PythonError {
    /// dag.py cannot be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The code is at fault: a syntax error, an exception, or an authoring rule that was broken.
    #[error("{message}")]
    Code {
        /// What went wrong, one line (`NameError: name 'x' is not defined`).
        message: String,
        /// The author's line at fault.
        span: Option<SourceSpan>,
        /// The author's other frames, outermost first.
        trace: Vec<SourceSpan>,
        /// What to do, when that can be told.
        help: Option<String>,
    },
    /// The wall limit was reached.
    #[error("`{}` ran for more than {} s and was stopped", path.display(), limit.as_secs())]
    TimedOut {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: Duration,
        /// The author's line that was being executed, when that is known.
        span: Option<SourceSpan>,
    },
    /// The memory or CPU limit was reached, or the interpreter died.
    #[error("the interpreter was stopped while it executed `{}`: {reason}", path.display())]
    Died {
        /// The file.
        path: PathBuf,
        /// What is known.
        reason: String,
    },
    /// The worker could not be started or did not speak as expected.
    #[error("cannot start the interpreter (`{}`): {reason}", program.display())]
    Worker {
        /// The program.
        program: PathBuf,
        /// What went wrong.
        reason: String,
    },
}

impl Interpreter {
    /// Executes `dag_source` (relative to `root`) and returns the DAGs that it declares.
    ///
    /// # Errors
    /// When the code is at fault, takes too long or too much, or the worker cannot be started.
    pub fn execute(&self, root: &Path, dag_source: &str) -> Result<Execution, PythonError> {
        let _ = (root, dag_source);
        todo!("the python room")
    }
}
