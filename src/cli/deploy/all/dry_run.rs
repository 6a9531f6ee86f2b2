//! `leoflow deploy --all --dry-run`: what the deploy of each project would do.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::board::shortened;
use super::outcome::{Outcome, Phase, Status};
use super::result::tell_failures;
use super::{COLUMNS, NAME, Work};
use crate::cli::args::DeployArgs;
use crate::cli::building::count;
use crate::cli::deploy::{Road, dry_run};
use crate::cli::exit::Exit;
use crate::cli::progress::human_bytes;
use crate::cli::report::Failure;
use crate::cli::server::shown;
use crate::control_plane::LiveDag;
use crate::deploy::{self, DryRun, Step};
use crate::layers::Digest;
use crate::project::Project;
use crate::registry::Fate;

/// What would come of one project.
struct Foretold {
    outcome: Outcome,
    /// The blobs that it would send, with their lengths.
    uploads: BTreeMap<Digest, u64>,
}

/// What would come of all.
struct Plans<'a> {
    road: &'a Road<'a>,
    all: Vec<Foretold>,
}

/// Tells what the deploy of every project would do.
pub(super) async fn every(
    road: &Road<'_>,
    args: &DeployArgs,
    projects: Vec<Project>,
    others: Vec<Outcome>,
) -> Result<Exit, Failure> {
    let work = Work::new(road, args);
    work.is_admitted(&projects).await?;
    let so_far = "during a dry run: nothing was pushed or registered";
    work.board.begin("Planning", so_far, projects.iter().map(|project| project.config.dag_id.as_str()));
    let foretold = stream::iter(projects).map(|project| work.foretold(project)).buffer_unordered(work.jobs());
    let mut all: Vec<Foretold> = foretold.collect().await;
    work.tell_notes();
    all.extend(others.into_iter().map(Foretold::of));
    all.sort_by(|one, other| one.outcome.name.cmp(&other.outcome.name));
    Plans { road, all }.told(args.exit_code)
}

impl Foretold {
    fn of(outcome: Outcome) -> Self {
        Self { outcome, uploads: BTreeMap::new() }
    }

    fn new(foretold: &DryRun, server: &str) -> Self {
        let (name, details) = (foretold.spec.dag_id().to_owned(), dry_run::as_json(foretold, server));
        let outcome = match dry_run::obstacles(foretold).into_iter().next() {
            Some(failure) => Outcome { details, ..Outcome::failed(name, Phase::Check, failure) },
            None => {
                let status = if foretold.is_live() == Some(true) { Status::Unchanged } else { Status::Deployed };
                Outcome::new(name, status, Phase::Check, details)
            }
        };
        let uploads = foretold.survey.blobs.iter().filter(|blob| matches!(blob.fate, Fate::Upload | Fate::Copy));
        Self { outcome, uploads: uploads.map(|blob| (blob.digest, blob.size)).collect() }
    }
}

impl Work<'_> {
    async fn foretold(&self, project: Project) -> Foretold {
        let name = project.config.dag_id.clone();
        self.board.start(&name);
        let foretold = self.foretell(project).await;
        self.board.end(&name);
        foretold.unwrap_or_else(|failure| Foretold::of(Outcome::failed(name, Phase::Check, failure)))
    }

    async fn foretell(&self, project: Project) -> Result<Foretold, Failure> {
        let (dag_id, road) = (project.config.dag_id.clone(), self.road);
        if self.args.workspace.changed
            && let Some(live) = self.live(&dag_id).await?
            && self.is_same(&self.compiled(project.clone()).await?, &live).await?
        {
            return Ok(Foretold::of(Outcome::unchanged(dag_id, &live)));
        }
        let deployment = self.planned(project)?;
        let on_step = |step: Step<'_>| self.warn_of(&dag_id, &step);
        let earlier = |live: Option<&LiveDag>| dry_run::earlier(road, &dag_id, live);
        let tools = self.tools(&on_step);
        let foretold = Box::pin(deploy::dry_run(&deployment, &tools, &road.control_plane, &earlier)).await?;
        Ok(Foretold::new(&foretold, &shown(&road.server.url)))
    }
}

impl Plans<'_> {
    fn told(self, exit_code: bool) -> Result<Exit, Failure> {
        self.road.session.print(&self.text(), &self.json())?;
        tell_failures(self.road.session, self.outcomes());
        let failed = Exit::of_all(self.outcomes().filter_map(|outcome| Some(outcome.failure.as_ref()?.exit)));
        Ok(match failed {
            Exit::Success if exit_code && self.number(Status::Deployed) > 0 => Exit::Changes,
            exit => exit,
        })
    }

    fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.all.iter().map(|foretold| &foretold.outcome)
    }

    fn number(&self, status: Status) -> usize {
        self.outcomes().filter(|outcome| outcome.status == status).count()
    }

    /// Returns what all of them together would send: what they share goes once, and is mounted after that.
    fn uploads(&self) -> (usize, u64) {
        let distinct: BTreeMap<&Digest, &u64> = self.all.iter().flat_map(|foretold| &foretold.uploads).collect();
        (distinct.len(), distinct.into_values().sum())
    }

    fn text(&self) -> String {
        let dags = count(self.number(Status::Deployed), "DAG");
        let mut text = format!("Would deploy {dags} -> {}\n", shown(&self.road.server.url));
        let listed: Vec<&Foretold> = self.all.iter().filter(|foretold| foretold.outcome.is_listed).collect();
        let width = listed.iter().map(|foretold| foretold.outcome.name.chars().count()).max().unwrap_or(0).min(NAME);
        text.extend(listed.iter().map(|foretold| line(foretold, width)));
        let (blobs, bytes) = self.uploads();
        let (unchanged, failed) = (self.number(Status::Unchanged), self.number(Status::Failed));
        text.push_str(&format!(
            "{} to deploy, {unchanged} unchanged, {failed} failed, {} skipped\n{} to upload ({})\n",
            self.number(Status::Deployed),
            self.number(Status::Skipped),
            count(blobs, "blob"),
            human_bytes(bytes)
        ));
        text + "This was a dry run: nothing was pushed or registered.\n"
    }

    fn json(&self) -> Value {
        let (blobs, bytes) = self.uploads();
        json!({
            "schema": "leoflow.deploy_all_plan/v1",
            "server": shown(&self.road.server.url),
            "to_deploy": self.number(Status::Deployed),
            "unchanged": self.number(Status::Unchanged),
            "failed": self.number(Status::Failed),
            "skipped": self.number(Status::Skipped),
            "blobs": {"upload": blobs},
            "upload_bytes": bytes,
            "results": self.outcomes().map(|outcome| outcome.planned_json()).collect::<Vec<_>>(),
        })
    }
}

fn line(foretold: &Foretold, width: usize) -> String {
    let Foretold { outcome, uploads } = foretold;
    let head = format!("  {:width$}  {:9}  ", shortened(&outcome.name, width), outcome.status.planned());
    let rest = match outcome.status {
        Status::Deployed if uploads.is_empty() => "nothing to upload".to_owned(),
        Status::Deployed => {
            format!("{} to upload ({})", count(uploads.len(), "blob"), human_bytes(uploads.values().sum()))
        }
        Status::Unchanged => "is live".to_owned(),
        Status::Failed | Status::Skipped => shortened(&outcome.why(), COLUMNS.saturating_sub(1 + head.chars().count())),
    };
    format!("{head}{rest}\n")
}
