//! `leoflow deploy --all`: every project is tried, and any failure makes the exit code non-zero.

use serde_json::{Value, json};

use super::{Road, count, summary};
use crate::cli::args::DeployArgs;
use crate::cli::asked;
use crate::cli::audience::about;
use crate::cli::exit::Exit;
use crate::cli::report::Failure;
use crate::cli::run::as_json;
use crate::cli::server::shown;
use crate::cli::session::Session;
use crate::deploy::Deployed;
use crate::project::{self, Project};

/// What came of one project.
struct Outcome {
    dag_id: String,
    result: Result<Deployed, Failure>,
    json: Value,
}

pub(super) async fn run(session: &Session, args: &DeployArgs) -> Result<Exit, Failure> {
    let projects = project::discover(&session.environment.directory.join(&args.target))?;
    let road = Road::open(session, args, &projects).await?;
    let result = every(&road, projects, args).await;
    road.close().await;
    result
}

async fn every(road: &Road<'_>, projects: Vec<Project>, args: &DeployArgs) -> Result<Exit, Failure> {
    let ids: Vec<&str> = projects.iter().map(|project| project.config.dag_id.as_str()).collect();
    let what = format!("{} ({})", count(projects.len(), "DAG"), ids.join(", "));
    if !road.confirmed(args, &what).await? {
        return Ok(Exit::Failure);
    }
    let mut outcomes = Vec::new();
    for project in projects {
        let dag_id = project.config.dag_id.clone();
        road.session.progress.line(&format!(
            "
{dag_id}"
        ));
        let result = about(&dag_id, deploy_one(road, project, args)).await;
        match &result {
            Ok(_) => road.session.standing.done(&dag_id),
            Err(failure) => about(&dag_id, async { road.session.progress.failure(failure) }).await,
        }
        let json = outcome_json(road, &dag_id, &result);
        outcomes.push(Outcome { dag_id, result, json });
    }
    print(road, &outcomes)?;
    Ok(exit(&outcomes))
}

async fn deploy_one(road: &Road<'_>, project: Project, args: &DeployArgs) -> Result<Deployed, Failure> {
    let deployment = road.plan(project, args)?;
    Ok(road.deploy(&deployment).await?)
}

fn print(road: &Road<'_>, outcomes: &[Outcome]) -> Result<(), Failure> {
    let failed = outcomes.iter().filter(|outcome| outcome.result.is_err()).count();
    let deployed = outcomes.len() - failed;
    let width = outcomes.iter().map(|outcome| outcome.dag_id.len()).max().unwrap_or(0);
    let mut text = format!("Deployed {} -> {}\n", count(deployed, "DAG"), shown(&road.server.url));
    for outcome in outcomes {
        text.push_str(&format!("  {:width$}  {}\n", outcome.dag_id, in_a_line(&outcome.result)));
    }
    if failed > 0 {
        text.push_str(&format!("{} failed\n", count(failed, "DAG")));
    }
    let results: Vec<&Value> = outcomes.iter().map(|outcome| &outcome.json).collect();
    let json = json!({"schema": "leoflow.deploy_all/v1", "deployed": deployed, "failed": failed, "results": results,
                      "asked": asked::json(&road.registry)});
    road.session.print(&text, &json)
}

fn in_a_line(result: &Result<Deployed, Failure>) -> String {
    match result {
        Ok(deployed) => format!("{}  {}", deployed.registration.version, deployed.image),
        Err(failure) => {
            let first = failure.reports.first().map_or("", |report| report.message.as_str());
            format!("failed: {}", first.lines().next().unwrap_or_default())
        }
    }
}

fn outcome_json(road: &Road<'_>, dag_id: &str, result: &Result<Deployed, Failure>) -> Value {
    match result {
        Ok(deployed) => summary::as_json(road, deployed),
        Err(failure) => {
            let mut object = as_json(failure);
            object["dag_id"] = dag_id.into();
            object
        }
    }
}

fn exit(outcomes: &[Outcome]) -> Exit {
    Exit::of_all(outcomes.iter().filter_map(|outcome| Some(outcome.result.as_ref().err()?.exit)))
}
