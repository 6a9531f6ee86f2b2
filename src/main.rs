//! Runs the command line and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(leoflow::python::WORKER_ARGUMENT) {
        return ExitCode::from(leoflow::python::worker_main());
    }
    ExitCode::SUCCESS
}
