//! From the process's arguments to its exit code.

use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

use super::args::{Cli, Command, OutputFormat};
use super::environment::Environment;
use super::exit::Exit;
use super::progress::{Mode, Progress};
use super::report::Failure;
use super::session::{Session, write_stdout};
use super::{auth, compile, deploy, push, sandbox, version};

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let format = cli.output.output;
    let exit = match execute(cli) {
        Ok(exit) => exit,
        Err(failure) => {
            tell(&failure, format);
            failure.exit
        }
    };
    ExitCode::from(exit as u8)
}

fn usage(error: &clap::Error) -> ExitCode {
    // Help and version go to stdout and are no failure; a closed pipe is no reason to fail either.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { Exit::Usage as u8 } else { Exit::Success as u8 })
}

fn execute(cli: Cli) -> Result<Exit, Failure> {
    let session = Session::new(Environment::of_process()?, &cli.output)?;
    match cli.command {
        Command::Version => version::run(&session),
        Command::Compile(args) => compile::run(&session, &args),
        Command::Auth(command) => interruptible(&session.progress, auth::run(&session, command)),
        Command::Deploy(args) => interruptible(&session.progress, deploy::run(&session, &args)),
        Command::Push(args) => interruptible(&session.progress, push::run(&session, &args)),
        Command::Sandbox(args) => interruptible(&session.progress, sandbox::run(&session, &args)),
    }
}

/// Runs a command until it ends or Ctrl-C stops it; a thread that is still busy is not waited for.
fn interruptible(progress: &Progress, command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(async {
        tokio::select! {
            result = command => result,
            () = interrupted() => Err(Failure::new(
                Exit::Interrupted,
                "interrupted",
                Some("run the same command again: what is in the registry already is not sent twice".into()),
            )),
        }
    });
    progress.clear();
    runtime.shutdown_background();
    result
}

/// Resolves on SIGINT or SIGTERM.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Tells a failure: on stderr for people, and on stdout as well when that is read by a program.
fn tell(failure: &Failure, format: OutputFormat) {
    Progress::new(Mode::Plain).failure(failure);
    if format == OutputFormat::Json {
        // Nothing more can be done when stdout is gone.
        let _ = write_stdout(format!("{:#}\n", as_json(failure)).as_bytes());
    }
}

/// Returns a failure as the object that scripts read.
pub(super) fn as_json(failure: &Failure) -> serde_json::Value {
    let errors = failure.reports.iter().map(|report| {
        let place = report.span.as_ref().map(|span| {
            let (line, column) = span.position();
            json!({"file": span.file.path, "line": line, "column": column})
        });
        json!({"message": report.message, "place": place, "help": report.help})
    });
    json!({"schema": "leoflow.error/v1", "kind": failure.exit.kind(), "exit_code": failure.exit as u8,
           "errors": errors.collect::<Vec<_>>()})
}
