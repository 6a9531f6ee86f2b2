//! `leoflow deploy --all`: every project is checked before anything moves; what can be deployed is, or with `--atomic`
//! all of them or none.
//!
//! ```text
//! chosen     which projects there are, and which of them are asked for
//! check      what can be known of each before anything moves
//! rights     who may push where, asked once a repository
//! ship       the checked ones to the registry and the control plane
//! board      what is in flight, and where Ctrl-C would leave things
//! dry_run    what a deploy would do
//! outcome    what came of one project
//! result     the table, the failures, the JSON
//! ```

mod board;
mod check;
mod chosen;
mod dry_run;
mod outcome;
mod result;
mod rights;
mod ship;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::{Road, count};
use crate::cli::args::DeployArgs;
use crate::cli::exit::Exit;
use crate::cli::report::Failure;
use crate::cli::session::Session;
use crate::control_plane::ControlPlaneError;
use crate::deploy::{Step, Tools};
use crate::project::Project;
use board::Board;
use check::Ready;
use chosen::Chosen;
use outcome::{Outcome, Phase};
use result::{Times, Whole};
use rights::PushRights;

/// How many projects are worked on at a time unless it is said otherwise.
const JOBS: usize = 4;

/// Names in a question before the rest is only counted.
const NAMED: usize = 8;

/// Columns of a terminal.
const COLUMNS: usize = 80;

/// Columns of a name, at most.
const NAME: usize = 30;

pub(super) async fn run(session: &Session, args: &DeployArgs) -> Result<Exit, Failure> {
    let Chosen { projects, outcomes } = chosen::choose(session, args)?;
    if projects.is_empty() {
        return Whole { session, road: None, outcomes, times: Times::default() }.told();
    }
    let road = Road::open(session, args, &projects).await?;
    let result = match args.dry_run {
        true => dry_run::every(&road, args, projects, outcomes).await,
        false => every(&road, args, projects, outcomes).await,
    };
    road.close().await;
    result
}

async fn every(
    road: &Road<'_>,
    args: &DeployArgs,
    projects: Vec<Project>,
    mut outcomes: Vec<Outcome>,
) -> Result<Exit, Failure> {
    let (work, mut times) = (Work::new(road, args), Times::default());
    work.is_admitted(&projects).await?;
    let began = Instant::now();
    let (ready, others) = work.check(projects).await;
    times.note(Phase::Check, began);
    outcomes.extend(others);
    let is_held = args.workspace.atomic && outcomes.iter().any(|outcome| outcome.failure.is_some());
    if is_held {
        outcomes.extend(ready.into_iter().map(|ready| ready.left("others cannot be deployed (--atomic)")));
    } else if !ready.is_empty() {
        if !road.confirmed(args, &in_a_question(&ready)).await? {
            return Ok(Exit::Failure);
        }
        outcomes.extend(if args.workspace.atomic {
            work.together(ready, &mut times).await
        } else {
            work.each(ready, &mut times).await
        });
    }
    road.session.progress.clear();
    Whole { session: road.session, road: Some(road), outcomes, times }.told()
}

/// Returns `12 DAGs (a, b, …)`.
fn in_a_question(ready: &[Ready]) -> String {
    let mut names: Vec<&str> = ready.iter().map(Ready::dag_id).collect();
    names.sort_unstable();
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.truncate(NAMED);
    format!("{} ({}{more})", count(ready.len(), "DAG"), names.join(", "))
}

/// What all projects share while they are worked on.
struct Work<'a> {
    road: &'a Road<'a>,
    args: &'a DeployArgs,
    board: Board<'a>,
    rights: PushRights,
    /// Why no more of them is begun.
    halted: Mutex<Option<String>>,
    /// What is to be told, each of all projects that it is true of.
    notes: Mutex<BTreeMap<String, Vec<String>>>,
}

impl<'a> Work<'a> {
    fn new(road: &'a Road<'a>, args: &'a DeployArgs) -> Self {
        let (board, rights) = (Board::new(road.session), PushRights::default());
        Self { road, args, board, rights, halted: Mutex::default(), notes: Mutex::default() }
    }

    fn jobs(&self) -> usize {
        self.args.workspace.jobs.map_or(JOBS, usize::from)
    }

    /// Fails when no project can be registered: with a token that is refused, or without a server.
    async fn is_admitted(&self, projects: &[Project]) -> Result<(), Failure> {
        let Some(first) = projects.first() else { return Ok(()) };
        self.road.session.progress.doing("Waiting", &format!("for {}", self.road.server.url));
        let asked = self.road.control_plane.dag(&first.config.dag_id).await;
        self.road.session.progress.idle();
        match asked {
            Err(error) if concerns_all(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Returns tools that tell nothing but what `on_step` does.
    fn tools<'t>(&'t self, on_step: &'t (dyn Fn(Step<'_>) + Send + Sync)) -> Tools<'t> {
        self.road.tools(on_step, Arc::new(|_| {}))
    }

    /// Begins no more projects.
    fn halt(&self, reason: String) {
        self.halted.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
    }

    fn halted(&self) -> Option<String> {
        self.halted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Returns whether a control plane that says so to one DAG says it to all: it is not there, or does not know us.
fn concerns_all(error: &ControlPlaneError) -> bool {
    !error.is_final_answer() || matches!(error, ControlPlaneError::Refused { status: 401, .. })
}
