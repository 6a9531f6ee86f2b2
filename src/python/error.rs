//! Why dag.py could not be executed, and what to do.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use crate::code::Code;
use crate::source::SourceSpan;

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
        /// What kind of fault it is.
        code: Code,
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
        /// The author's line that was being executed, when that is known.
        span: Option<SourceSpan>,
    },
    /// The Python of the host does not execute dag.py.
    #[error("cannot execute dag.py with `{}`: {reason}", python.display())]
    Host {
        /// What was given as a Python.
        python: PathBuf,
        /// What is wrong with it.
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

impl PythonError {
    /// Returns what kind of fault it is.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Read { .. } => Code::SOURCE_UNREADABLE,
            Self::Code { code, .. } => *code,
            Self::TimedOut { .. } => Code::TIME_LIMIT,
            Self::Died { .. } => Code::INTERPRETER_STOPPED,
            Self::Worker { .. } | Self::Host { .. } => Code::NO_INTERPRETER,
        }
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Code { help, .. } => help.clone(),
            Self::TimedOut { .. } | Self::Died { .. } => Some(AT_DECLARATION_ONLY.to_owned()),
            Self::Read { error, .. } => match error.kind() {
                ErrorKind::NotFound => {
                    Some("set `dag_source:` in leoflow.yaml to the file that declares the DAG".to_owned())
                }
                ErrorKind::InvalidData => Some("save it as UTF-8".to_owned()),
                _ => Some("make it a file that you can read".to_owned()),
            },
            Self::Host { .. } => Some(ANOTHER_PYTHON.to_owned()),
            Self::Worker { .. } => {
                Some("run the command again; this program may have been replaced while it ran".to_owned())
            }
        }
    }
}

const AT_DECLARATION_ONLY: &str = "dag.py only declares tasks while it is compiled: move work (loops, downloads, large \
                                   data) into a function under `@task`, which runs in the pod";

const ANOTHER_PYTHON: &str = "give the path of a CPython, 3.10 or newer, as `python3 -c 'import sys; \
                              print(sys.executable)'` prints it; without `--python`, none is needed";
