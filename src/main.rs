//! Runs the command line and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The worker must not see the command line: it is this program again, inside its own sandbox.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == leoflow::python::WORKER_ARGUMENT) {
        return ExitCode::from(leoflow::python::worker_main(std::env::args_os().skip(2)));
    }
    leoflow::cli::run()
}
