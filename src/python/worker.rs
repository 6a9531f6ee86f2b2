//! The child process: the interpreter, its sandbox and its limits.

/// The hidden first argument that makes this program a worker.
pub const WORKER_ARGUMENT: &str = "__execute-dag";

/// Runs the worker: a request on stdin, a report on stdout. Returns the exit code.
#[must_use]
pub fn worker_main() -> u8 {
    todo!("the python room")
}
