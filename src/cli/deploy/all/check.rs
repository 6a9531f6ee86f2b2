//! What can be known of each project before anything moves.

use std::sync::PoisonError;
use std::time::Instant;

use annotate_snippets::Level;
use futures_util::stream::{self, StreamExt as _};

use super::Work;
use super::board::wrapped;
use super::outcome::{Outcome, Phase};
use crate::cli::audience::about;
use crate::cli::building::count;
use crate::cli::progress::Progress;
use crate::cli::report::{Failure, Report};
use crate::cli::{locking, record};
use crate::control_plane::LiveDag;
use crate::deploy::{self, Checked, Comparison, Deployment, Step};
use crate::project::Project;
use crate::record::Entry;

/// A project that every check let pass.
pub(super) struct Ready {
    pub(super) checked: Checked,
    /// The version that was live, where that was asked.
    pub(super) previous: Option<String>,
    /// How long it took.
    pub(super) seconds: f64,
}

/// What the checks came to.
enum Verdict {
    Ready(Box<Ready>),
    Other(Box<Outcome>),
}

impl Ready {
    pub(super) fn dag_id(&self) -> &str {
        &self.checked.deployment.plan.project.config.dag_id
    }

    /// Returns that it stays as it is.
    pub(super) fn left(self, reason: &str) -> Outcome {
        Outcome { previous: self.previous.clone(), ..Outcome::left(self.dag_id().to_owned(), Phase::Check, reason) }
            .after(self.seconds)
    }
}

impl Work<'_> {
    /// Checks all projects; returns those that can be deployed, and what came of the others.
    pub(super) async fn check(&self, projects: Vec<Project>) -> (Vec<Ready>, Vec<Outcome>) {
        let total = projects.len();
        let names = projects.iter().map(|project| project.config.dag_id.as_str());
        self.board.begin("Checking", "while projects were checked: nothing was deployed", names);
        let verdicts: Vec<Verdict> =
            stream::iter(projects).map(|project| self.verdict(project)).buffer_unordered(self.jobs()).collect().await;
        let (mut ready, mut others) = (Vec::new(), Vec::new());
        for verdict in verdicts {
            match verdict {
                Verdict::Ready(one) => ready.push(*one),
                Verdict::Other(outcome) => others.push(*outcome),
            }
        }
        ready.sort_by(|one, other| one.dag_id().cmp(other.dag_id()));
        self.tell(ready.len(), total);
        (ready, others)
    }

    fn tell(&self, ready: usize, total: usize) {
        self.tell_notes();
        self.road.session.progress.step("Checked", &format!("{}, {ready} to deploy", count(total, "DAG")));
    }

    pub(super) fn tell_notes(&self) {
        self.road.session.progress.clear();
        for (what, mut names) in std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner)) {
            names.sort_unstable();
            let report = Report::new(what + &wrapped("so with", names.iter().map(String::as_str)));
            self.road.session.progress.report(&report, Level::WARNING);
        }
    }

    async fn verdict(&self, project: Project) -> Verdict {
        let (name, began) = (project.config.dag_id.clone(), Instant::now());
        let progress = self.board.start(&name);
        let verdict = about(&name, self.checked(project, &progress)).await;
        let seconds = began.elapsed().as_secs_f64();
        let outcome = match verdict {
            Ok(Verdict::Ready(mut ready)) => {
                ready.seconds = seconds;
                self.board.end(&name);
                return Verdict::Ready(ready);
            }
            Ok(Verdict::Other(outcome)) => *outcome,
            Err(failure) => Outcome::failed(name, Phase::Check, failure),
        };
        let outcome = outcome.after(seconds);
        self.board.came(&outcome);
        Verdict::Other(Box::new(outcome))
    }

    async fn checked(&self, project: Project, progress: &Progress) -> Result<Verdict, Failure> {
        let dag_id = project.config.dag_id.clone();
        let checked = self.compiled(project, progress).await?;
        let live = self.live(&dag_id).await?;
        if let Some(live) = live.as_ref().filter(|_| self.args.workspace.changed)
            && self.is_same(&checked, live).await?
        {
            return Ok(Verdict::Other(Box::new(Outcome::unchanged(dag_id, live))));
        }
        self.rights.check(&self.road.registry, &checked.deployment.repository).await?;
        let previous = live.and_then(|live| live.version);
        Ok(Verdict::Ready(Box::new(Ready { checked, previous, seconds: 0.0 })))
    }

    /// Compiles, resolves, and tells what a reader should know.
    pub(super) async fn compiled(&self, project: Project, progress: &Progress) -> Result<Checked, Failure> {
        let deployment = self.planned(project, progress)?;
        let session = self.road.session;
        let on_step = |step: Step<'_>| {
            session.audience.step(&step, &session.account);
            warn_of(progress, &step);
        };
        Ok(Box::pin(deploy::check(deployment, &self.tools(&on_step))).await?)
    }

    pub(super) fn planned(&self, project: Project, progress: &Progress) -> Result<Deployment, Failure> {
        for warning in &project.config.warnings {
            progress.report(&Report::from(warning.clone()), Level::WARNING);
        }
        progress.doing("Checking", "");
        // git is asked, which takes its time.
        tokio::task::block_in_place(|| self.road.plan(project, self.args))
    }

    /// Returns what is live of a DAG, where that makes a difference.
    pub(super) async fn live(&self, dag_id: &str) -> Result<Option<LiveDag>, Failure> {
        if !self.args.workspace.changed && !self.args.workspace.atomic {
            return Ok(None);
        }
        match self.road.control_plane.dag(dag_id).await {
            Err(error) if error.is_final_answer() => Ok(Some(LiveDag::default())),
            asked => Ok(asked?),
        }
    }

    /// Completes what the server tells by what this machine recorded of that version, or else of its last deploy.
    fn recorded(&self, dag_id: &str, live: &LiveDag) -> LiveDag {
        let entries = record::records(self.road.session).entries(&self.road.recorded_as(), dag_id);
        let is_live = |entry: &&Entry| live.version.as_ref().is_none_or(|version| *version == entry.version);
        let Some(entry) = entries.iter().find(is_live) else { return live.clone() };
        LiveDag {
            version: live.version.clone().or_else(|| Some(entry.version.clone())),
            spec_hash: live.spec_hash.clone().or_else(|| Some(entry.spec.to_string())),
            image: live.image.clone().or_else(|| Some(entry.image.to_string())),
        }
    }

    pub(super) async fn is_same(&self, checked: &Checked, live: &LiveDag) -> Result<bool, Failure> {
        let dag_id = &checked.deployment.plan.project.config.dag_id;
        let told = if is_told(live) { live.clone() } else { self.recorded(dag_id, live) };
        if !is_told(live) && is_told(&told) {
            self.note("the server does not say what is live: compared with the deploys of this machine", dag_id);
        }
        match Box::pin(deploy::compare(checked, &told, &self.tools(&|_| {}))).await? {
            Comparison::Same => Ok(true),
            Comparison::Different => Ok(false),
            Comparison::Unknown(reason) => {
                self.note(&format!("it cannot be told what changed, so it counts as changed: {reason}"), dag_id);
                Ok(false)
            }
        }
    }

    /// Notes what is told once of all that it is true of.
    fn note(&self, what: &str, dag_id: &str) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.entry(what.to_owned()).or_default().push(dag_id.to_owned());
    }
}

/// Warns of what a reader should know.
pub(super) fn warn_of(progress: &Progress, step: &Step<'_>) {
    warnings_of(step).iter().for_each(|report| progress.report(report, Level::WARNING));
}

fn is_told(live: &LiveDag) -> bool {
    live.spec_hash.is_some() && live.image.is_some()
}

fn warnings_of(step: &Step<'_>) -> Vec<Report> {
    match step {
        Step::Compiled(compiled) => compiled.warnings.iter().cloned().map(Report::from).collect(),
        step => locking::warnings(step),
    }
}
