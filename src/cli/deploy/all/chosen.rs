//! Which projects there are below the directory, and which of them are asked for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::outcome::{Outcome, Phase};
use crate::cli::args::DeployArgs;
use crate::cli::exit::Exit;
use crate::cli::report::Failure;
use crate::cli::session::Session;
use crate::project::{self, Member, Project};

/// The projects to deploy, and what came of those that are not.
pub(super) struct Chosen {
    pub(super) projects: Vec<Project>,
    pub(super) outcomes: Vec<Outcome>,
}

/// Looks for projects. One that is at fault is told as a failure, and the others go on; of two with one dag_id nobody
/// knows which is meant.
///
/// # Errors
/// When there are none, two share a dag_id, or git cannot say what changed.
pub(super) fn choose(session: &Session, args: &DeployArgs) -> Result<Chosen, Failure> {
    let directory = session.environment.directory.join(&args.target);
    let members = project::survey(&directory)?;
    one_project_a_dag(&members)?;
    let touched = touched(&members, args.workspace.since.as_deref())?;
    let mut chosen = Chosen { projects: Vec::new(), outcomes: Vec::new() };
    for member in members {
        let name = name(&member, &directory);
        if let Some(reason) = left(&member, touched.as_ref(), args) {
            chosen.outcomes.push(Outcome::left(name, Phase::Read, &reason).unlisted());
            continue;
        }
        match member.read {
            Ok(project) => chosen.projects.push(project),
            Err(error) => chosen.outcomes.push(Outcome::failed(name, Phase::Read, error.into())),
        }
    }
    Ok(chosen)
}

/// Returns why a project is not asked for.
fn left(member: &Member, touched: Option<&BTreeSet<PathBuf>>, args: &DeployArgs) -> Option<String> {
    let is_left = touched.is_some_and(|touched| !touched.contains(&member.directory));
    is_left.then(|| format!("no file changed since {}", args.workspace.since.as_deref().unwrap_or_default()))
}

fn touched(members: &[Member], since: Option<&str>) -> Result<Option<BTreeSet<PathBuf>>, Failure> {
    let Some(revision) = since else { return Ok(None) };
    let directories: Vec<PathBuf> = members.iter().map(|member| member.directory.clone()).collect();
    Ok(Some(project::changed_since(&directories, revision)?))
}

fn one_project_a_dag(members: &[Member]) -> Result<(), Failure> {
    let projects: Vec<Project> = members.iter().filter_map(|member| member.read.as_ref().ok().cloned()).collect();
    let failures = project::duplicates(&projects).into_iter().map(Failure::from);
    let reports: Vec<_> = failures.flat_map(|failure| failure.reports).collect();
    if reports.is_empty() { Ok(()) } else { Err(Failure { exit: Exit::Project, reports }) }
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
