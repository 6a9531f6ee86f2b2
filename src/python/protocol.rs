//! What the parent asks the worker and what the worker answers: one JSON value each way.

use serde::{Deserialize, Serialize};

use super::raw::RawDag;
use super::scan::Scan;
use crate::code::Code;

/// What the worker is to execute, and within which limits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Request {
    /// The project's root, absolute and canonical.
    pub(super) root: String,
    /// The file to execute, relative to the root, with `/`.
    pub(super) dag_source: String,
    /// Packages that leoflow.yaml declares, as names of Python (`scikit_learn`).
    pub(super) packages: Vec<String>,
    /// The process that asks; a worker that finds itself with another parent has nobody to answer to.
    pub(super) parent: u32,
    /// Milliseconds on the wall clock.
    pub(super) wall_limit_ms: u64,
    /// Bytes of address space.
    pub(super) memory_limit: u64,
    /// Whether each line of the author's is marked as it begins; that doubles the time.
    pub(super) traced: bool,
    /// Whether clock and chance stand elsewhere than at the first time.
    pub(super) again: bool,
    /// Whether the file is only read, and not executed.
    #[serde(default)]
    pub(super) scan: bool,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// What the file declares.
    Declared(Declared),
    /// What the file names.
    Scanned(Scan),
    /// The code is at fault.
    Fault(Fault),
    /// The wall limit was reached while this line was being executed.
    TimedOut(Option<Place>),
    /// The wall limit was reached inside one native operation, of this line when it was marked.
    Stuck(Option<Place>),
    /// The Python of the host could not be started.
    NoPython(String),
    /// The interpreter itself failed, at this line when it is known.
    Broken(String, Option<Place>),
}

/// What a file declares: the DAGs that can be compiled, and those that are refused when they are wanted.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Declared {
    pub(super) dags: Vec<RawDag>,
    pub(super) refused: Vec<Refused>,
    /// The lines that asked for something that is another each time.
    #[serde(default)]
    pub(super) asked: Vec<Asked>,
}

/// A line that asked for the time, for chance, or for where something lies.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) what: String,
    pub(super) place: Place,
}

/// A DAG that dag.json cannot express, and why.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Refused {
    pub(super) dag_id: String,
    pub(super) fault: Fault,
}

/// The worker's answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) outcome: Outcome,
    /// The project's files that were read, relative to its root, sorted.
    pub(super) files: Vec<String>,
    pub(super) printed: String,
}

/// What is wrong with the code, and where.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) place: Option<Place>,
    /// The author's other frames, outermost first.
    #[serde(default)]
    pub(super) trace: Vec<Place>,
    pub(super) help: Option<String>,
}

/// A line of the author's, and the columns at fault when they are known.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Relative to the project's root.
    pub(super) file: String,
    /// 1-based.
    pub(super) line: usize,
    /// 1-based, in characters.
    #[serde(default)]
    pub(super) column: Option<usize>,
    /// 1-based; the same line when it is missing.
    #[serde(default)]
    pub(super) end_line: Option<usize>,
    /// 1-based, in characters, exclusive; on the last line.
    #[serde(default)]
    pub(super) end_column: Option<usize>,
}
