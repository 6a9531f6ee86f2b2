//! `leoflow completions`: what a shell sources, and what it is answered each time that somebody presses Tab.
//!
//! The script holds no flags and commands: it asks this program, which the variable [`VARIABLE`] tells of it. So a script
//! stays right when the program is replaced, and dag_ids and targets are those of the moment. Whatever goes wrong there,
//! nothing is said: one is in the middle of typing.

mod values;

use clap::{Command, CommandFactory};
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;
use serde_json::json;

use super::args::{Cli, CompletionsArgs, OutputFormat};
use super::exit::Exit;
use super::report::Failure;
use super::session::{Session, write_stdout};

/// Set by the scripts, to the shell's name.
const VARIABLE: &str = "LEOFLOW_COMPLETE";

/// What the scripts call; they find it as the shell finds it.
const PROGRAM: &str = "leoflow";

/// Prints the script of a shell.
pub(super) fn run(session: &Session, args: &CompletionsArgs) -> Result<Exit, Failure> {
    let shell = args.shell.to_string();
    let mut script = Vec::new();
    if let Some(completer) = Shells::builtins().completer(&shell) {
        completer.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    }
    let script = String::from_utf8_lossy(&script).into_owned();
    match session.format {
        // It holds tabs, which text for people does not.
        OutputFormat::Text => write_stdout(script.as_bytes())?,
        OutputFormat::Json => {
            session.print("", &json!({"schema": "leoflow.completions/v1", "shell": shell, "script": script}))?;
        }
    }
    Ok(Exit::Success)
}

/// Answers a shell; returns whether it was one that asked.
pub(super) fn answer() -> bool {
    let here = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(command).var(VARIABLE).bin(PROGRAM).completer(PROGRAM);
    asked.try_complete(std::env::args_os(), here.as_deref()).unwrap_or(true)
}

fn command() -> Command {
    with_values(Cli::command())
}

/// Says of each argument what it may be.
fn with_values(command: Command) -> Command {
    let command = command.mut_args(|arg| match values::of(&arg) {
        Some(completer) => arg.add(completer),
        None => arg,
    });
    command.mut_subcommands(with_values)
}
