//! One project, checked as far as that goes without a network: a fault of one step does not hide those of the others.

use std::path::{Path, PathBuf};

use annotate_snippets::Level;

use super::super::args::ValidateArgs;
use super::super::building::count;
use super::super::exit::Exit;
use super::super::locking;
use super::super::progress::human_bytes;
use super::super::report::{Failure, Report};
use super::super::session::Session;
use super::super::{compile, target};
use crate::dag::{Compiled, Versioning};
use crate::packages::lock::{self, Found, Freshness};
use crate::packages::requirements::{Wanted, requirements};
use crate::packages::{PackagesError, Version};
use crate::project::{self, FilesOptions, Packed, Project};

/// A project in which no fault was found.
pub(super) struct Checked {
    /// Its directory.
    pub(super) root: PathBuf,
    /// What it compiles to.
    pub(super) compiled: Compiled,
    /// What would go into the image.
    pub(super) packed: Packed,
    /// How many packages it asks for.
    pub(super) requirements: usize,
    /// Its locks.
    pub(super) locks: Vec<LockState>,
    /// What works and is not meant.
    pub(super) warnings: Vec<Report>,
}

/// A lock of the project.
pub(super) struct LockState {
    /// The file.
    pub(super) path: PathBuf,
    /// Whether it answers what is asked for.
    pub(super) fresh: bool,
}

/// Gathers what is wrong; the first step that fails says how the command ends.
#[derive(Default)]
struct Faults(Option<Failure>);

impl Faults {
    fn note<T>(&mut self, result: Result<T, impl Into<Failure>>) -> Option<T> {
        result.map_err(|error| self.add(error.into())).ok()
    }

    fn add(&mut self, failure: Failure) {
        match &mut self.0 {
            None => self.0 = Some(failure),
            Some(first) => {
                // Two steps may stumble over one place: an unknown connector, say.
                let is_told =
                    |report: &Report| first.reports.iter().any(|told| told.span.is_some() && told.span == report.span);
                let new: Vec<Report> = failure.reports.into_iter().filter(|report| !is_told(report)).collect();
                first.reports.extend(new);
            }
        }
    }
}

/// Checks a project and tells its warnings.
///
/// # Errors
/// With every fault that was found.
pub(super) async fn check(session: &Session, project: &Project, args: &ValidateArgs) -> Result<Checked, Failure> {
    let mut faults = Faults::default();
    let mut warnings: Vec<Report> = project.config.warnings.iter().cloned().map(Report::from).collect();
    let compiled = faults.note(compiled(session, project, args).await);
    warnings.extend(compiled.iter().flat_map(|compiled| compiled.warnings.iter().cloned().map(Report::from)));
    let packed = faults.note(packed(session, project, compiled.as_ref(), args));
    let wanted = faults.note(requirements(&project.config).map_err(PackagesError::from));
    let locks = wanted.as_ref().map(|wanted| locks(project, wanted, args, &mut faults, &mut warnings));
    for warning in &warnings {
        session.progress.report(warning, Level::WARNING);
    }
    match (faults.0, compiled, packed, wanted, locks) {
        (None, Some(compiled), Some(packed), Some(wanted), Some(locks)) => {
            let root = project.root.clone();
            Ok(Checked { root, compiled, packed, requirements: wanted.len(), locks, warnings })
        }
        (failure, ..) => Err(failure.unwrap_or_else(|| Failure::new(Exit::Failure, "a check came to no end", None))),
    }
}

/// No check hangs on the version, so that git is not asked.
async fn compiled(session: &Session, project: &Project, args: &ValidateArgs) -> Result<Compiled, Failure> {
    let versioning = Versioning { dag_version: "dev".to_owned(), image: format!("{}:dev", project.config.dag_id) };
    session.progress.doing("Checking", &project.config.dag_id);
    let compiled = compile::compiled(project, session.interpreter(&args.interpreter), versioning).await;
    session.progress.idle();
    compiled
}

fn packed(
    session: &Session,
    project: &Project,
    compiled: Option<&Compiled>,
    args: &ValidateArgs,
) -> Result<Packed, project::FilesError> {
    let options = FilesOptions {
        required: compiled.map(|compiled| compiled.files.clone()).unwrap_or_default(),
        allowed: args.allow_file.clone(),
        own_directories: target::kept_directories(session),
        compiled_source: None,
    };
    project::files(project, &options)
}

/// Reads the lock of each platform. A stale one is a fault only where locks are asked for: a deploy takes it as a wish.
fn locks(
    project: &Project,
    wanted: &[Wanted],
    args: &ValidateArgs,
    faults: &mut Faults,
    warnings: &mut Vec<Report>,
) -> Vec<LockState> {
    let asked = lock::canonical(wanted.iter().map(|wanted| &wanted.requirement));
    let platforms = target::parsed_platforms(&project.config.build.platforms);
    let Some(platforms) = faults.note(platforms).filter(|_| !asked.is_empty()) else { return Vec::new() };
    let Ok(python) = project.config.python_version.as_str().parse::<Version>() else { return Vec::new() };
    let mut locks: Vec<LockState> = Vec::new();
    for platform in platforms {
        let found = lock::find(&project.root, &platform, &python).map_err(PackagesError::from);
        match faults.note(found) {
            Some(Some(found)) if locks.iter().all(|lock| lock.path != found.path()) => {
                locks.push(state(&found, &asked, args, faults, warnings));
            }
            Some(None) if args.locked => {
                faults.add(PackagesError::NoLock { platforms: platform.to_string() }.into());
            }
            _ => {}
        }
    }
    locks
}

/// Of somebody else's lock, whether it answers hangs on what the base has.
fn state(
    found: &Found,
    asked: &[String],
    args: &ValidateArgs,
    faults: &mut Faults,
    warnings: &mut Vec<Report>,
) -> LockState {
    let path = found.path().to_owned();
    let freshness = match found {
        Found::Ours { file, .. } => lock::freshness(file, asked),
        _ => Freshness::Fresh,
    };
    let fresh = freshness == Freshness::Fresh;
    if let Freshness::Stale(changes) = freshness {
        if args.locked {
            faults.add(PackagesError::StaleLock { path: path.clone(), changes }.into());
        } else {
            warnings.push(locking::stale(&path, &changes));
        }
    }
    LockState { path, fresh }
}

impl Checked {
    pub(super) fn dag_id(&self) -> &str {
        &self.compiled.spec.dag_id
    }

    pub(super) fn edges(&self) -> usize {
        self.compiled.spec.tasks.iter().map(|task| task.depends_on.len()).sum()
    }

    /// Says what was checked.
    pub(super) fn in_words(&self) -> String {
        let tasks = count(self.compiled.spec.tasks.len(), "task");
        let edges = count(self.edges(), "edge");
        let files = count(self.packed.files, "file");
        let mut words = format!("{tasks}, {edges}; {files} of {}", human_bytes(self.packed.bytes));
        if self.requirements > 0 {
            words.push_str(&format!("; {}", count(self.requirements, "requirement")));
        }
        for lock in &self.locks {
            let name = lock.path.file_name().map(Path::new).unwrap_or(&lock.path);
            words.push_str(&format!("; {}{}", if lock.fresh { "" } else { "stale " }, name.display()));
        }
        words
    }
}
