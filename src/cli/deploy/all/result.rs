//! The table, the failures again, the JSON.

use std::time::Instant;

use serde_json::{Value, json};

use super::board::{shortened, wrapped};
use super::outcome::{Moved, Outcome, Phase, Status};
use crate::cli::asked;
use crate::cli::building::count;
use crate::cli::deploy::Road;
use crate::cli::exit::Exit;
use crate::cli::progress::human_bytes;
use crate::cli::report::{Failure, Report};
use crate::cli::server::shown;
use crate::cli::session::Session;

/// Columns of a terminal.
const COLUMNS: usize = 80;

/// Columns of a name, at most.
const NAME: usize = 30;

/// How long the phases took, in seconds.
#[derive(Default)]
pub(super) struct Times(Vec<(Phase, f64)>);

impl Times {
    pub(super) fn note(&mut self, phase: Phase, began: Instant) {
        self.0.push((phase, began.elapsed().as_secs_f64()));
    }

    fn total(&self) -> f64 {
        self.0.iter().map(|(_, seconds)| seconds).sum()
    }
}

/// What came of all.
pub(super) struct Whole<'a> {
    pub(super) session: &'a Session,
    /// Unless there was nothing to deploy.
    pub(super) road: Option<&'a Road<'a>>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) times: Times,
}

impl Whole<'_> {
    /// Prints the table, then every failure in full.
    pub(super) fn told(mut self) -> Result<Exit, Failure> {
        self.outcomes.sort_by(|one, other| one.name.cmp(&other.name));
        self.session.print(&self.text(), &self.json())?;
        for (names, failure) in failures(&self.outcomes) {
            self.session.progress.line(&format!("\n{}", wrapped("failed", names.into_iter()).trim_start()));
            self.session.progress.failure(failure);
        }
        if let Some(report) = self.torn() {
            self.session.progress.failure(&Failure { exit: Exit::ControlPlane, reports: vec![report] });
        }
        Ok(Exit::of_all(self.outcomes.iter().filter_map(|outcome| Some(outcome.failure.as_ref()?.exit))))
    }

    fn of(&self, status: Status) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(move |outcome| outcome.status == status)
    }

    fn moved(&self) -> Moved {
        self.outcomes.iter().map(|outcome| outcome.moved).sum()
    }

    fn text(&self) -> String {
        let head = match self.road {
            Some(road) => {
                format!("Deployed {} -> {}\n", count(self.of(Status::Deployed).count(), "DAG"), shown(&road.server.url))
            }
            None => "Deployed nothing\n".to_owned(),
        };
        head + &self.table() + &self.summary()
    }

    fn table(&self) -> String {
        let listed: Vec<&Outcome> = self.outcomes.iter().filter(|outcome| outcome.is_listed).collect();
        let width = listed.iter().map(|outcome| outcome.name.chars().count()).max().unwrap_or(0).min(NAME);
        listed.iter().map(|outcome| line(outcome, width)).collect()
    }

    fn summary(&self) -> String {
        let all = [Status::Deployed, Status::Unchanged, Status::Failed, Status::Skipped];
        let counts = all.map(|status| (self.of(status).count(), status.word()));
        let counts = counts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
        let counts = counts.collect::<Vec<_>>().join(", ");
        let Moved { uploaded, uploaded_bytes, mounted, present } = self.moved();
        let bytes = human_bytes(uploaded_bytes);
        format!(
            "{counts} in {:.1} s\n{} uploaded ({bytes}), {mounted} mounted, {present} there already\n",
            self.times.total(),
            count(uploaded, "blob")
        )
    }

    fn json(&self) -> Value {
        let number = |status| self.of(status).count();
        let Moved { uploaded, uploaded_bytes, mounted, present } = self.moved();
        let phases = self.times.0.iter().map(|(phase, seconds)| json!({"phase": phase.word(), "seconds": seconds}));
        json!({
            "schema": "leoflow.deploy_all/v1",
            "server": self.road.map(|road| shown(&road.server.url)),
            "deployed": number(Status::Deployed),
            "unchanged": number(Status::Unchanged),
            "failed": number(Status::Failed),
            "skipped": number(Status::Skipped),
            "phases": phases.collect::<Vec<_>>(),
            "blobs": {"uploaded": uploaded, "mounted": mounted, "present": present},
            "uploaded_bytes": uploaded_bytes,
            "results": self.outcomes.iter().map(Outcome::json).collect::<Vec<_>>(),
            "asked": self.road.map_or_else(|| json!({}), |road| asked::json(&road.registry)),
        })
    }

    /// Tells which DAGs are registered and which are not, where all should have been or none.
    fn torn(&self) -> Option<Report> {
        let is_atomic = self.road.is_some() && self.outcomes.iter().any(|outcome| outcome.phase == Phase::Register);
        let left: Vec<&Outcome> = self.outcomes.iter().filter(|outcome| was_to_be_registered(outcome)).collect();
        let live: Vec<&Outcome> = self.of(Status::Deployed).collect();
        if !is_atomic || left.is_empty() || live.is_empty() || !self.is_together() {
            return None;
        }
        let names = |outcomes: &[&Outcome]| outcomes.iter().map(|outcome| outcome.name.clone()).collect::<Vec<_>>();
        let (registered, not) = (names(&live), names(&left));
        let registered = wrapped("registered", registered.iter().map(String::as_str));
        let not = wrapped("not registered", not.iter().map(String::as_str));
        let message = format!("--atomic did not hold: the control plane failed midway{registered}{not}");
        Some(Report::new(message).help(Some(back(&live))))
    }

    fn is_together(&self) -> bool {
        self.times.0.iter().any(|(phase, _)| *phase == Phase::Register)
    }
}

/// Returns whether a project was pushed and did not get any further.
fn was_to_be_registered(outcome: &Outcome) -> bool {
    match outcome.status {
        Status::Failed => outcome.phase == Phase::Register,
        Status::Skipped => outcome.phase == Phase::Push,
        _ => false,
    }
}

/// Says how to go on, and how to go back.
fn back(live: &[&Outcome]) -> String {
    let mut text = "run the same command again to register the rest; to go back instead:".to_owned();
    for outcome in live {
        match &outcome.previous {
            Some(version) => text.push_str(&format!("\n  leoflow rollback {} --to {version}", outcome.name)),
            None => text.push_str(&format!("\n  ({} has no version before this one)", outcome.name)),
        }
    }
    text
}

fn line(outcome: &Outcome, width: usize) -> String {
    let head = format!("  {:width$}  {:9}  ", shortened(&outcome.name, width), outcome.status.word());
    let rest = match outcome.status {
        Status::Deployed | Status::Unchanged => {
            let version = shortened(outcome.version.as_deref().unwrap_or_default(), 12);
            format!("{version:12}  {:>10}  {:>6.1} s", human_bytes(outcome.moved.uploaded_bytes), outcome.seconds)
        }
        Status::Failed | Status::Skipped => shortened(&outcome.why(), COLUMNS.saturating_sub(1 + head.chars().count())),
    };
    format!("{head}{rest}\n")
}

/// Returns every failure once, with all that have it: a base that cannot be reached is one fault of two hundred DAGs.
fn failures(outcomes: &[Outcome]) -> Vec<(Vec<&str>, &Failure)> {
    let mut found: Vec<(String, Vec<&str>, &Failure)> = Vec::new();
    for outcome in outcomes {
        let Some(failure) = &outcome.failure else { continue };
        let told = failure.reports.iter().map(|report| format!("{report:?}")).collect::<String>();
        match found.iter_mut().find(|(other, ..)| *other == told) {
            Some((_, names, _)) => names.push(&outcome.name),
            None => found.push((told, vec![&outcome.name], failure)),
        }
    }
    found.into_iter().map(|(_, names, failure)| (names, failure)).collect()
}
