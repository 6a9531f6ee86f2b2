//! What a file names, read by the embedded interpreter's parser and not executed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::protocol::{Outcome, Request};
use super::spans::Spans;
use super::supervise::{self, Ended};
use super::{Backend, Interpreter, PythonError, died, read_source};

/// What a file, and the project's modules that it imports, name: also inside task bodies.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Scan {
    /// Imports that are neither of the standard library nor of the project, in their order.
    pub imports: Vec<Import>,
    /// Ids of connections that stand there as text (`postgres_conn_id="warehouse"`).
    pub connections: Vec<String>,
    /// Names of variables (`Variable.get("region")`).
    pub variables: Vec<String>,
    /// Ids of DAGs that stand there as text.
    pub dag_ids: Vec<String>,
    /// The file and the project's modules that it imports, relative to the root.
    pub files: Vec<String>,
}

/// One import.
#[derive(Debug, Serialize, Deserialize)]
pub struct Import {
    /// `google.cloud`
    pub module: String,
    /// The name that is imported from it.
    pub name: Option<String>,
    /// The package to install for it; none for what comes with Airflow.
    pub package: Option<String>,
    /// Whether the package is known to be the one, and not a guess from the module's name.
    pub known: bool,
    /// The file that has it, relative to the root.
    pub file: String,
    /// The 1-based line.
    pub line: usize,
}

impl Interpreter {
    /// Reads `dag_source` (relative to `root`) without executing it.
    ///
    /// # Errors
    /// When it cannot be read, or is no Python.
    pub fn scan(&self, root: &Path, dag_source: &str) -> Result<Scan, PythonError> {
        let source = read_source(root, dag_source)?;
        let request = Request { scan: true, ..self.request(root, dag_source)? };
        let spans = Spans { root, main: (dag_source, &source) };
        // Nothing is executed, so the host's Python has nothing to add.
        let report = match supervise::run(&self.program, &Backend::Embedded, &request) {
            Ended::Answered(report) => report,
            Ended::Killed(place) => return Err(self.timed_out(&source, spans.known(place))),
            Ended::Died(reason, place) => return Err(died(&source, reason, spans.known(place))),
            Ended::Failed(reason) => return Err(self.worker_error(reason)),
        };
        match report.outcome {
            Outcome::Scanned(scan) => Ok(scan),
            Outcome::Fault(fault) => Err(spans.fault(fault)),
            Outcome::TimedOut(_) | Outcome::Stuck(_) => Err(self.timed_out(&source, None)),
            Outcome::Broken(reason, _) | Outcome::NoPython(reason) => Err(died(&source, reason, None)),
            Outcome::Declared(_) => Err(self.worker_error("it executed what it was to read".to_owned())),
        }
    }
}
