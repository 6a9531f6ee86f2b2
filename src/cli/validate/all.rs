//! `leoflow validate --all`: every project of a workspace, none hidden by another that is at fault.

use std::path::Path;

use serde_json::{Value, json};

use super::super::args::ValidateArgs;
use super::super::audience::about;
use super::super::building::count;
use super::super::exit::Exit;
use super::super::report::{Failure, Report};
use super::super::run::as_json;
use super::super::session::Session;
use super::check::{Checked, check};
use crate::project::{self, Member, Project};

/// What came of one project, or of the workspace as a whole.
struct Outcome {
    name: String,
    result: Result<Checked, Failure>,
}

pub(super) async fn run(session: &Session, args: &ValidateArgs, directory: &Path) -> Result<Exit, Failure> {
    let members = project::survey(directory)?;
    let duplicates = duplicates(&members);
    let mut outcomes = Vec::new();
    for member in members {
        let name = name(&member, directory);
        session.progress.line(&format!("\n{name}"));
        let result = match member.read {
            Ok(project) => about(&name, check(session, &project, args)).await,
            Err(error) => Err(error.into()),
        };
        outcomes.push(told(session, Outcome { name, result }));
    }
    outcomes.extend(
        duplicates.map(|failure| told(session, Outcome { name: "workspace".to_owned(), result: Err(failure) })),
    );
    print(session, &outcomes)?;
    Ok(exit(&outcomes))
}

/// A dag_id that two projects have is no fault of either.
fn duplicates(members: &[Member]) -> Option<Failure> {
    let projects: Vec<Project> = members.iter().filter_map(|member| member.read.as_ref().ok().cloned()).collect();
    let failures = project::duplicates(&projects).into_iter().map(Failure::from);
    let reports: Vec<Report> = failures.flat_map(|failure| failure.reports).collect();
    (!reports.is_empty()).then_some(Failure { exit: Exit::Project, reports })
}

/// The dag_id, or the directory of what has none that can be read.
fn name(member: &Member, directory: &Path) -> String {
    let path = member.directory.strip_prefix(directory).unwrap_or(&member.directory);
    match &member.read {
        Ok(project) => project.config.dag_id.clone(),
        Err(_) if path == Path::new("") => ".".to_owned(),
        Err(_) => path.display().to_string(),
    }
}

fn told(session: &Session, outcome: Outcome) -> Outcome {
    if let Err(failure) = &outcome.result {
        session.progress.failure(failure);
    }
    outcome
}

fn print(session: &Session, outcomes: &[Outcome]) -> Result<(), Failure> {
    let width = outcomes.iter().map(|outcome| outcome.name.len()).max().unwrap_or(0);
    let faulty = outcomes.iter().filter(|outcome| outcome.result.is_err()).count();
    let valid = outcomes.len() - faulty;
    let mut text = format!("Valid: {} of {}\n", valid, count(outcomes.len(), "project"));
    for outcome in outcomes {
        text.push_str(&format!("  {:width$}  {}\n", outcome.name, in_a_line(&outcome.result)));
    }
    let results: Vec<Value> = outcomes.iter().map(outcome_json).collect();
    let json = json!({"schema": "leoflow.validate_all/v1", "valid": valid, "faulty": faulty, "results": results});
    session.print(&text, &json)
}

fn in_a_line(result: &Result<Checked, Failure>) -> String {
    match result {
        Ok(checked) => format!("valid   {}", checked.in_words()),
        Err(failure) => {
            let first = failure.reports.first().map_or("", |report| report.message.as_str());
            let more = failure.reports.len().saturating_sub(1);
            let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
            format!("faulty  {}{more}", first.lines().next().unwrap_or_default())
        }
    }
}

fn outcome_json(outcome: &Outcome) -> Value {
    match &outcome.result {
        Ok(checked) => checked.as_json(),
        Err(failure) => {
            let mut object = as_json(failure);
            object["name"] = outcome.name.clone().into();
            object
        }
    }
}

fn exit(outcomes: &[Outcome]) -> Exit {
    Exit::of_all(outcomes.iter().filter_map(|outcome| Some(outcome.result.as_ref().err()?.exit)))
}
