//! From the process's arguments to its exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

use super::args::{Cli, Command, OutputArgs, OutputFormat};
use super::environment::Environment;
use super::exit::Exit;
use super::interrupt::{interruptible, until_it_ends};
use super::progress::{Mode, Progress};
use super::report::{Failure, Report, shown};
use super::session::{Session, write_stdout};
use super::{auth, build, cache, compile, completions, config, deploy, diff, doctor, explain, graph, history, image};
use super::{init, lock, man, promote, push, rollback, sandbox, schema, targets, tree, validate, version, wait};

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    if completions::answer() {
        return ExitCode::from(Exit::Success as u8);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let OutputArgs { quiet, output: format, .. } = cli.output;
    let exit = match execute(cli) {
        Ok(exit) => exit,
        Err(failure) => {
            tell(&failure, format, quiet);
            failure.exit
        }
    };
    ExitCode::from(exit as u8)
}

fn usage(error: &clap::Error) -> ExitCode {
    // Help and version go to stdout and are no failure; a closed pipe is no reason to fail either.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::from(Exit::Success as u8);
    }
    if asks_for_json(std::env::args_os().skip(1)) {
        let text = error.render().to_string();
        let (message, help) = usage_in_words(&text);
        print_json(&Failure::usage(message, help));
    }
    ExitCode::from(Exit::Usage as u8)
}

/// Takes what clap says apart: the fault, with the arguments it lists, and its tip or else the usage.
fn usage_in_words(text: &str) -> (String, String) {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_help = |line: &&str| line.starts_with("tip: ") || line.starts_with("Usage: ");
    let message: Vec<&str> = lines().take_while(|line| !is_help(line)).collect();
    let message = message.join(" ").trim_start_matches("error: ").to_owned();
    let help = lines().find(is_help).unwrap_or("see `leoflow help`");
    (message, help.trim_start_matches("tip: ").to_owned())
}

/// Tells from arguments that do not parse whether a program reads the result.
fn asks_for_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let arguments: Vec<OsString> = arguments.take_while(|argument| argument != "--").collect();
    let pair = arguments.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json");
    pair || arguments.iter().any(|argument| argument == "--output=json")
}

fn execute(mut cli: Cli) -> Result<Exit, Failure> {
    let mut session = Session::new(Environment::of_process()?, &cli.output)?;
    targets::settle(&mut session, &mut cli.command)?;
    match cli.command {
        Command::Version => version::run(&session),
        Command::Explain(args) => explain::run(&session, &args),
        Command::Cache(command) => cache::run(&session, &command),
        Command::Schema => schema::run(),
        Command::Compile(args) if args.watch => until_it_ends(compile::watch(&session, &args)),
        Command::Validate(args) if args.watch => until_it_ends(validate::watch(&session, &args)),
        Command::Validate(args) => interruptible(&session, validate::run(&session, &args)),
        Command::Compile(args) => interruptible(&session, compile::run(&session, &args)),
        Command::Graph(args) => interruptible(&session, graph::run(&session, &args)),
        Command::Auth(command) => interruptible(&session, auth::run(&session, command)),
        Command::Deploy(args) => interruptible(&session, deploy::run(&session, &args)),
        Command::Build(args) => interruptible(&session, build::run(&session, &args)),
        Command::Lock(args) => interruptible(&session, lock::run(&session, &args)),
        Command::Tree(args) => interruptible(&session, tree::run(&session, &args)),
        Command::Image(command) => interruptible(&session, image::run(&session, &command)),
        Command::Push(args) => interruptible(&session, push::run(&session, &args)),
        Command::Diff(args) => interruptible(&session, diff::run(&session, &args)),
        Command::Wait(args) => interruptible(&session, wait::run(&session, &args)),
        Command::History(args) => interruptible(&session, history::run(&session, &args)),
        Command::Rollback(args) => interruptible(&session, rollback::run(&session, &args)),
        Command::Promote(args) => interruptible(&session, promote::run(&session, &args)),
        Command::Doctor(args) => interruptible(&session, doctor::run(&session, &args)),
        Command::Init(args) => interruptible(&session, init::run(&session, &args)),
        Command::Target(command) => targets::run(&session, &command),
        Command::Config(command) => config::run(&session, &command),
        Command::Completions(args) => completions::run(&session, &args),
        Command::Man(args) => man::run(&session, &args),
        Command::Sandbox(args) => until_it_ends(sandbox::run(&session, &args)),
    }
}

/// Tells a failure: on stderr for people, and on stdout as well when that is read by a program.
fn tell(failure: &Failure, format: OutputFormat, quiet: bool) {
    Progress::new(if quiet { Mode::Quiet } else { Mode::Plain }, false).failure(failure);
    if format == OutputFormat::Json {
        print_json(failure);
    }
}

/// Prints a failure as the object that scripts read.
pub(super) fn print_json(failure: &Failure) {
    // Nothing more can be done when stdout is gone.
    let _ = write_stdout(format!("{:#}\n", as_json(failure)).as_bytes());
}

/// Returns one thing that is told, as scripts read it.
pub(super) fn report_json(report: &Report) -> serde_json::Value {
    let place = report.span.as_ref().map(|span| {
        let (line, column) = span.position();
        json!({"file": shown(&span.file.path), "line": line, "column": column})
    });
    json!({"code": report.code, "message": report.message, "place": place, "help": report.help})
}

/// Returns a failure as the object that scripts read.
pub(super) fn as_json(failure: &Failure) -> serde_json::Value {
    let errors = failure.reports.iter().map(report_json);
    json!({"schema": "leoflow.error/v1", "kind": failure.exit.kind(), "exit_code": failure.exit as u8,
           "errors": errors.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_fault_keeps_what_is_missing() {
        let text =
            "error: the following required arguments were not provided:\n  --out <DEST>\n\nUsage: leoflow build\n";
        let (message, help) = usage_in_words(text);
        assert_eq!(message, "the following required arguments were not provided: --out <DEST>");
        assert_eq!(help, "Usage: leoflow build");
        assert_eq!(usage_in_words("error: x\n\n  tip: y\n\nUsage: z"), ("x".to_owned(), "y".to_owned()));
    }

    #[test]
    fn json_is_asked_for_even_by_arguments_that_do_not_parse() {
        for (arguments, expected) in [
            (&["deploy", "--bogus", "--output", "json"][..], true),
            (&["--output=json", "--bogus"], true),
            (&["deploy", "--output", "text"], false),
            (&["deploy", "--", "--output", "json"], false),
            (&["deploy", "json", "--output"], false),
        ] {
            assert_eq!(asks_for_json(arguments.iter().map(OsString::from)), expected, "{arguments:?}");
        }
    }
}
