//! dag.py in, the structure it declares out: executed by an interpreter inside this binary, in a child process of
//! ourselves that has no network, no subprocess, no environment and, read-only, only the project's files.
//!
//! Or, for who asks for it, by a CPython of the host, with the same stand-in and to the same result.

mod cpython;
mod error;
#[cfg(fuzzing)]
mod fuzzing;
mod host;
mod limits;
mod narrow;
mod project_files;
mod protocol;
mod raw;
mod scan;
mod sources;
mod spans;
mod steady;
mod supervise;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use error::PythonError;
#[cfg(fuzzing)]
pub use fuzzing::execute_in_this_process;
pub use raw::{RawDag, RawTask};
pub use scan::{Import, Scan};
pub use worker::{WORKER_ARGUMENT, worker_main};

use self::protocol::{Asked, Declared, Outcome, Place, Report, Request};
use self::spans::Spans;
use self::supervise::Ended;
use crate::source::{SourceFile, SourceSpan, read_regular};

/// Returns the version of Python that the embedded interpreter speaks.
#[must_use]
pub fn embedded_version() -> String {
    rustpython_vm::version::get_version_number()
}

/// What executes dag.py.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Backend {
    /// The interpreter inside this program.
    #[default]
    Embedded,
    /// A CPython of the host, by its absolute path.
    Host(PathBuf),
}

/// How dag.py is executed.
#[derive(Debug, Clone)]
pub struct Interpreter {
    /// By what.
    pub backend: Backend,
    /// This program, to be started again as the worker (`std::env::current_exe`, told by the caller).
    pub program: PathBuf,
    /// How long dag.py may take on the wall clock.
    pub wall_limit: Duration,
    /// How much memory the worker may map, in bytes.
    pub memory_limit: u64,
}

/// What an execution of dag.py yielded.
#[derive(Debug)]
pub struct Execution {
    /// Every DAG the file declares, in order of their creation.
    pub dags: Vec<RawDag>,
    /// The DAGs that it declares as well and that dag.json cannot express: no affair of the others'.
    pub refused: Vec<RefusedDag>,
    /// What of them depends on the clock or on chance.
    pub unsteady: Vec<Unsteady>,
    /// The project's files that were imported or read, relative to the project's root, sorted; without dag.py itself.
    pub files: Vec<PathBuf>,
    /// dag.py as it was read.
    pub source: Arc<SourceFile>,
    /// What dag.py printed, at most 64 KiB of it.
    pub printed: String,
}

/// A DAG that cannot be compiled.
#[derive(Debug)]
pub struct RefusedDag {
    /// Its id.
    pub dag_id: String,
    /// What is refused, and where.
    pub error: PythonError,
}

/// Something of a DAG that is another each time dag.py is executed anywhere but here.
#[derive(Debug)]
pub struct Unsteady {
    /// The DAG's id.
    pub dag_id: String,
    /// The first of what differs (`` `start_date` ``).
    pub what: String,
    /// What the lines asked for (`the clock in line 5`).
    pub asked: String,
    /// The first of these lines.
    pub span: Option<SourceSpan>,
}

/// Milliseconds that the search for a line may take; what dag.py gets stuck in later is told without one.
const LONGEST_SEARCH_MS: u64 = 2000;

impl Interpreter {
    /// Executes `dag_source` (relative to `root`) and returns the DAGs that it declares.
    ///
    /// # Errors
    /// When the code is at fault, takes too long or too much, or the worker cannot be started.
    pub fn execute(&self, root: &Path, dag_source: &str) -> Result<Execution, PythonError> {
        self.execute_with(root, dag_source, &[])
    }

    /// As [`Self::execute`]; `requirements` (PEP 508) are packages that dag.py may import though it cannot use them yet.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn execute_with(
        &self,
        root: &Path,
        dag_source: &str,
        requirements: &[String],
    ) -> Result<Execution, PythonError> {
        let dag_source = dag_source.trim_start_matches("./");
        let source = read_source(root, dag_source)?;
        let mut request = self.request(root, dag_source)?;
        request.packages = requirements.iter().map(|requirement| package_name(requirement)).collect();
        let spans = Spans { root, main: (dag_source, &source) };
        let report = match self.run(request.clone()) {
            Ended::Answered(report) => report,
            Ended::Killed(place) => return Err(self.timed_out(&source, spans.known(place))),
            Ended::Died(reason, place) => return Err(died(&source, reason, spans.known(place))),
            Ended::Failed(reason) => return Err(self.worker_error(reason)),
        };
        match report.outcome {
            Outcome::Declared(Declared { dags, refused, asked }) => {
                let unsteady = self.unsteady(&dags, &asked, request, &spans);
                let files = report.files.iter().filter(|file| *file != dag_source).map(PathBuf::from).collect();
                let refused = refused.into_iter().map(|dag| spans.refused(dag)).collect();
                Ok(Execution { dags, refused, unsteady, files, printed: report.printed, source })
            }
            Outcome::Scanned(_) => Err(self.worker_error("it read what it was to execute".to_owned())),
            Outcome::Fault(fault) => Err(spans.fault(fault)),
            Outcome::NoPython(reason) => Err(self.worker_error(reason)),
            Outcome::TimedOut(place) | Outcome::Stuck(place) => Err(self.timed_out(&source, spans.known(place))),
            Outcome::Broken(reason, place) => Err(died(&source, reason, spans.known(place))),
        }
    }

    /// Executes dag.py once more, with another clock and other random numbers, if it asked for them.
    fn unsteady(&self, first: &[RawDag], asked: &[Asked], request: Request, spans: &Spans<'_>) -> Vec<Unsteady> {
        let Some(first_asked) = asked.first() else { return Vec::new() };
        let again = match self.run(Request { again: true, ..request }) {
            Ended::Answered(Report { outcome: Outcome::Declared(again), .. }) => again.dags,
            _ => Vec::new(),
        };
        let span = spans.span(&first_asked.place);
        let asked = steady::listed(asked);
        let tell = |(dag_id, what)| Unsteady { dag_id, what, asked: asked.clone(), span: span.clone() };
        steady::differences(first, &again).into_iter().map(tell).collect()
    }

    /// Runs a worker. When that ends where nothing tells the line, one more looks for the line by marking each.
    fn run(&self, mut request: Request) -> Ended {
        let run = |request: &Request| supervise::run(&self.program, &self.backend, request);
        let mut ended = run(&request);
        let Some(place) = lost_place(&mut ended).filter(|_| self.backend == Backend::Embedded) else { return ended };
        request.traced = true;
        request.wall_limit_ms = request.wall_limit_ms.min(LONGEST_SEARCH_MS);
        *place = found_place(run(&request));
        ended
    }

    fn request(&self, root: &Path, dag_source: &str) -> Result<Request, PythonError> {
        let root = root.canonicalize().map_err(|error| PythonError::Read { path: root.to_owned(), error })?;
        let Some(root) = root.to_str() else {
            return Err(self.worker_error(format!("the path `{}` is not UTF-8", root.display())));
        };
        Ok(Request {
            root: root.to_owned(),
            dag_source: dag_source.to_owned(),
            packages: Vec::new(),
            parent: std::process::id(),
            wall_limit_ms: u64::try_from(self.wall_limit.as_millis()).unwrap_or(u64::MAX),
            memory_limit: self.memory_limit,
            traced: false,
            again: false,
            scan: false,
        })
    }

    fn timed_out(&self, source: &SourceFile, span: Option<SourceSpan>) -> PythonError {
        PythonError::TimedOut { path: source.path.clone(), limit: self.wall_limit, span }
    }

    fn worker_error(&self, reason: String) -> PythonError {
        match &self.backend {
            Backend::Embedded => PythonError::Worker { program: self.program.clone(), reason },
            Backend::Host(python) => {
                PythonError::Host { python: python.clone(), reason: cpython::unsuitable(python, reason) }
            }
        }
    }
}

/// Where a place is missing that marking each line would tell.
fn lost_place(ended: &mut Ended) -> Option<&mut Option<Place>> {
    match ended {
        Ended::Answered(Report { outcome: Outcome::Stuck(place) | Outcome::Broken(_, place), .. }) => {
            place.is_none().then_some(place)
        }
        _ => None,
    }
}

/// What the search found.
fn found_place(ended: Ended) -> Option<Place> {
    match ended {
        Ended::Answered(Report { outcome: Outcome::Stuck(place) | Outcome::Broken(_, place), .. }) => place,
        _ => None,
    }
}

/// `Scikit-Learn[extra]>=1` is `scikit_learn`: the name (PEP 508), normalized (PEP 503) to what Python can import.
fn package_name(requirement: &str) -> String {
    let is_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = requirement.trim_start().chars().take_while(is_name);
    name.map(|c| if matches!(c, '-' | '.') { '_' } else { c.to_ascii_lowercase() }).collect()
}

fn died(source: &SourceFile, reason: String, span: Option<SourceSpan>) -> PythonError {
    PythonError::Died { path: source.path.clone(), reason, span }
}

fn read_source(root: &Path, dag_source: &str) -> Result<Arc<SourceFile>, PythonError> {
    let path = root.join(dag_source);
    let not_text = |error| std::io::Error::new(std::io::ErrorKind::InvalidData, error);
    match read_regular(&path, u64::MAX).and_then(|bytes| String::from_utf8(bytes).map_err(not_text)) {
        Ok(text) => Ok(Arc::new(SourceFile { path, text })),
        Err(error) => Err(PythonError::Read { path, error }),
    }
}
