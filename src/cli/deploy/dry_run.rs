//! `leoflow deploy --dry-run`: what a deploy would change and move, for people and for scripts.
//!
//! The result is told even when the deploy could not be carried out: then an error follows it, and the exit code is that of
//! the deploy.

mod json;
mod text;

use std::sync::Arc;

use super::Road;
use crate::cli::args::DeployArgs;
use crate::cli::building::Building;
use crate::cli::diff::paint;
use crate::cli::exit::Exit;
use crate::cli::progress::short;
use crate::cli::report::Failure;
use crate::cli::{record, server};
use crate::control_plane::LiveDag;
use crate::deploy::{self, DeployError, Deployment, DryRun, Earlier, Live, Step};
use crate::record::Entry;

pub(super) use self::json::as_json;
pub(super) use self::text::as_text;

/// Tells what the deploy of one project would do.
pub(super) async fn one(road: &Road<'_>, args: &DeployArgs, deployment: &Deployment) -> Result<Exit, Failure> {
    let foretold = foretell(road, deployment).await?;
    let server = server::shown(&road.server.url);
    paint::print(road.session, &as_text(&foretold, &server), &as_json(&foretold, &server))?;
    for failure in obstacles(&foretold) {
        road.session.progress.failure(&failure);
    }
    Ok(exit(&foretold, args.exit_code))
}

/// Goes the road up to the push, and finds out what the rest of it would do.
///
/// # Errors
/// When a step up to the push fails, or the registry cannot be asked.
pub(super) async fn foretell(road: &Road<'_>, deployment: &Deployment) -> Result<DryRun, DeployError> {
    let standing = &road.session.standing;
    standing.at("during a dry run: nothing was pushed or registered", "run the same command again");
    let building = Building::begin(road.session, &deployment.plan);
    let progress = road.session.progress.clone();
    let on_step = |step: Step<'_>| tell(road, deployment, &building, &step);
    let tools = road.tools(&on_step, Arc::new(move |bytes| progress.packed(bytes)));
    let earlier = |live: Option<&LiveDag>| earlier(road, &deployment.plan.project.config.dag_id, live);
    let foretold = match &road.built {
        Some(place) => deploy::dry_run_image(deployment, place, &tools, &road.control_plane, &earlier).await,
        None => deploy::dry_run(deployment, &tools, &road.control_plane, &earlier).await,
    };
    road.session.progress.clear();
    foretold
}

fn tell(road: &Road<'_>, deployment: &Deployment, building: &Building<'_>, step: &Step<'_>) {
    let progress = &road.session.progress;
    building.tell(step);
    if let Step::Found(place, artifact) = step {
        progress.step("Found", &format!("{} in {place}", short(&artifact.digest())));
    }
    if matches!(step, Step::Built(_) | Step::Found(..)) {
        progress.doing("Asking", &format!("{} what it has", deployment.repository));
    }
}

/// Returns the recorded deploy of the version that is live, or else the last one.
fn earlier(road: &Road<'_>, dag_id: &str, live: Option<&LiveDag>) -> Option<Earlier> {
    let server = if road.sandbox.is_some() { record::SANDBOX.to_owned() } else { server::shown(&road.server.url) };
    let records = record::records(road.session);
    let entries = records.entries(&server, dag_id);
    let is_live = |entry: &&Entry| live.is_some_and(|live| live.version.as_ref() == Some(&entry.version));
    let entry = entries.iter().find(is_live).or(entries.first())?;
    let Entry { version, spec_hash, time, image, .. } = entry.clone();
    Some(Earlier { version, spec_hash, time, image, spec: records.spec(entry)? })
}

/// Returns why the deploy could not be carried out, if so.
pub(super) fn obstacles(foretold: &DryRun) -> Vec<Failure> {
    let mut found = Vec::new();
    if let Err(error) = &foretold.may_push {
        found.push(Failure::new(Exit::Registry, error.to_string(), error.help()));
    }
    if let Live::Unknown(error) = &foretold.live {
        found.push(Failure::new(Exit::ControlPlane, error.to_string(), error.help()));
    }
    found
}

/// Returns how a dry run ends: as the deploy would, and with `exit_code` differently when it would change anything. What
/// cannot be told counts as a change.
pub(super) fn exit(foretold: &DryRun, exit_code: bool) -> Exit {
    match obstacles(foretold).first() {
        Some(failure) => failure.exit,
        None if exit_code && foretold.is_live() != Some(true) => Exit::Changes,
        None => Exit::Success,
    }
}
