//! A dag.json, whoever compiled it.

use std::path::Path;

use serde_json::{Value, json};

use super::super::args::ValidateArgs;
use super::super::building::count;
use super::super::exit::Exit;
use super::super::report::{Failure, Report, reason};
use super::super::session::Session;
use crate::dag::{SpecError, validate_json};
use crate::reference::PinnedReference;

/// Whether a path names a dag.json and no file of a project.
pub(super) fn is_meant(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|extension| extension == "json")
}

pub(super) fn run(session: &Session, args: &ValidateArgs, path: &Path) -> Result<Exit, Failure> {
    if args.watch || args.locked || !args.allow_file.is_empty() {
        return Err(Failure::usage(
            format!("`{}` is a compiled spec, which has neither files nor locks", args.target),
            "leave out --watch, --locked and --allow-file, or name a project",
        ));
    }
    let bytes = std::fs::read(path).map_err(|error| {
        let message = format!("cannot read `{}`: {}", args.target, reason(&error));
        Failure::new(Exit::System, message, Some("name a dag.json that you can read, or a project".to_owned()))
    })?;
    let dag = validate_json(&bytes).map_err(|faults| failure(&args.target, &faults))?;
    tell(session, path, &dag)?;
    Ok(Exit::Success)
}

fn failure(shown: &str, faults: &[SpecError]) -> Failure {
    let told = |fault: &SpecError| Report::new(format!("`{shown}`: {fault}")).help(fault.help());
    Failure { exit: Exit::Usage, reports: faults.iter().map(told).collect() }
}

fn tell(session: &Session, path: &Path, dag: &Value) -> Result<(), Failure> {
    let text = |field: &str| dag[field].as_str().unwrap_or_default();
    let tasks = dag["tasks"].as_array().map_or(0, Vec::len);
    let pinned = text("image").parse::<PinnedReference>().is_ok();
    let image = if pinned { "image pinned" } else { "image not pinned" };
    let line = format!("Valid: {} ({}; {image})\n", text("dag_id"), count(tasks, "task"));
    let json = json!({"schema": "leoflow.validate_spec/v1", "dag_id": text("dag_id"), "file": path, "tasks": tasks,
                      "image": text("image"), "pinned": pinned});
    session.print(&line, &json)
}
