//! Work that is done again whenever a file is saved (docs/decisions/watching.md says why files are looked at, and not
//! listened to).

mod changes;
mod tree;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::args::OutputFormat;
use super::building::count;
use super::exit::Exit;
use super::interrupt::interrupted;
use super::report::Failure;
use super::session::{Session, write_stdout};
use super::terminal::Still;
use crate::dag::DagSpec;
pub(super) use tree::Scope;
use tree::Tree;

/// How long to wait between two looks at the files, and how much longer than a look takes.
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_FACTOR: u32 = 20;
/// How long files must stay as they are before they count as saved, and for how long that is waited for.
const SETTLED: Duration = Duration::from_millis(60);
const SETTLES: usize = 30;

/// What came of one time.
pub(super) struct Attempt {
    /// A line that says so, and the spec; or what is wrong.
    pub(super) outcome: Result<(String, DagSpec), Failure>,
    /// Which files would change that.
    pub(super) scope: Scope,
}

/// Returns the directory of the project that is watched; its leoflow.yaml may be at fault.
///
/// # Errors
/// When there is no project, or the result is for a script.
pub(super) fn root(session: &Session, target: &str) -> Result<PathBuf, Failure> {
    if session.format == OutputFormat::Json {
        return Err(Failure::usage("--watch has no end, and no one object of JSON", "leave out one of the two"));
    }
    let path = session.environment.directory.join(target);
    let directory = if path.is_file() { path.parent().unwrap_or(&path).to_owned() } else { path };
    match directory.join("leoflow.yaml").exists() {
        true => Ok(directory.canonicalize()?),
        false => session.project(target).map(|project| project.root),
    }
}

/// Does the work, tells what came of it, and does it again when a file was saved; Ctrl-C is how it ends.
///
/// `written` are files that the work itself writes.
///
/// # Errors
/// When stdout cannot be written to.
pub(super) async fn watch(
    session: &Session,
    root: &Path,
    written: &[PathBuf],
    fault: &str,
    mut work: impl AsyncFnMut() -> Attempt,
) -> Result<Exit, Failure> {
    let _still = Still::begin(session.progress.is_live());
    let mut interrupted = interrupted(&session.progress)?;
    let mut good: Option<DagSpec> = None;
    loop {
        let (before, started) = (Tree::read(root, written), Instant::now());
        let attempt = tokio::select! {
            biased;
            _ = &mut interrupted => return Ok(ended(session)),
            attempt = work() => attempt,
        };
        session.progress.clear();
        good = told(session, attempt.outcome, good, started.elapsed(), fault)?;
        tokio::select! {
            biased;
            _ = &mut interrupted => return Ok(ended(session)),
            () = changed(root, written, &before, &attempt.scope) => {}
        }
    }
}

/// Whoever asks for it to end gets what they asked for.
fn ended(session: &Session) -> Exit {
    session.progress.interrupted();
    Exit::Success
}

/// Waits until a file that matters is not what it was, and then until all of them stay as they are.
async fn changed(root: &Path, written: &[PathBuf], before: &Tree, scope: &Scope) {
    let mut now = looked(root, written).await;
    while !before.differs(&now, scope) {
        now = looked(root, written).await;
    }
    for _ in 0..SETTLES {
        sleep(SETTLED).await;
        let next = Tree::read(root, written);
        if !now.differs(&next, scope) {
            return;
        }
        now = next;
    }
}

/// Looks at the files, and then rests: never more than a twentieth of the time is spent looking.
async fn looked(root: &Path, written: &[PathBuf]) -> Tree {
    let started = Instant::now();
    let tree = Tree::read(root, written);
    sleep(PAUSE.max(started.elapsed() * PAUSE_FACTOR)).await;
    tree
}

/// Tells what came of a time, and returns the last good spec.
fn told(
    session: &Session,
    outcome: Result<(String, DagSpec), Failure>,
    good: Option<DagSpec>,
    took: Duration,
    fault: &str,
) -> Result<Option<DagSpec>, Failure> {
    match outcome {
        Ok((words, spec)) => {
            let changes = good.map(|before| changes::between(&before, &spec)).unwrap_or_default();
            let changes = if changes.is_empty() { String::new() } else { format!(": {changes}") };
            line(&format!("{words}, {:.2} s{changes}", took.as_secs_f64()))?;
            Ok(Some(spec))
        }
        Err(failure) => {
            line(&format!("{fault}: {}", count(failure.reports.len(), "error")))?;
            session.progress.failure(&failure);
            Ok(good)
        }
    }
}

/// Prints a line with the time of day in UTC; on a terminal it parts what follows from what came before.
fn line(text: &str) -> Result<(), Failure> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let time = crate::time::rfc3339(now.as_secs());
    let time = time.split_once('T').map_or(&*time, |(_, time)| time);
    let bar = if std::io::stdout().is_terminal() { "── " } else { "" };
    let text = super::report::printable(&format!("{bar}{time} {text}\n"));
    write_stdout(text.as_bytes())
}
