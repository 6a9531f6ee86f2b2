//! What arguments may be, found out fast and without any network: files are looked at, nothing is compiled.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Arg;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};

use crate::cli::environment::Environment;
use crate::cli::server::shown;
use crate::cli::settings::Settings;
use crate::code::Code;
use crate::project::{CONFIG_FILE, top_level};
use crate::source::SourceFile;

/// How many directories are looked into at most: whoever presses Tab in a home directory waits for no walk through it.
const MOST_DIRECTORIES: usize = 1000;
/// How far below this directory projects are looked for, as everywhere.
const MAX_LEVELS: usize = 5;
/// A leoflow.yaml that is larger is no project's, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

/// What images are made for.
const PLATFORMS: &[&str] =
    &["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386", "linux/ppc64le", "linux/riscv64", "linux/s390x"];

/// Returns what completes an argument, by what its help calls its value.
pub(super) fn of(arg: &Arg) -> Option<ArgValueCompleter> {
    let names = arg.get_value_names().unwrap_or_default();
    let completer = match (names.first()?.as_str(), arg.get_id().as_str()) {
        ("PATH|DAG_ID", _) => ArgValueCompleter::new(projects_and_paths),
        ("DAG_ID|FILE", _) => ArgValueCompleter::new(projects_and_paths),
        ("DAG_ID", _) => ArgValueCompleter::new(projects),
        ("NAME", "named" | "name") => ArgValueCompleter::new(targets),
        ("SERVER", _) => ArgValueCompleter::new(targets),
        ("CODE", _) => ArgValueCompleter::new(codes),
        (_, "platform") => ArgValueCompleter::new(|current: &OsStr| starting(PLATFORMS.iter().copied(), current)),
        (_, "compression") => ArgValueCompleter::new(|current: &OsStr| starting(["gzip", "zstd"], current)),
        _ => return None,
    };
    Some(completer)
}

fn starting<'a>(words: impl IntoIterator<Item = &'a str>, current: &OsStr) -> Vec<CompletionCandidate> {
    let start = current.to_string_lossy();
    words.into_iter().filter(|word| word.starts_with(&*start)).map(CompletionCandidate::new).collect()
}

/// Directories and, for commands that take a dag.json, such files; dag_ids come first.
fn projects_and_paths(current: &OsStr) -> Vec<CompletionCandidate> {
    let is_spec = |path: &Path| path.is_dir() || path.extension().is_some_and(|extension| extension == "json");
    let paths = PathCompleter::any().filter(is_spec).complete(current);
    projects(current).into_iter().chain(paths).collect()
}

fn projects(current: &OsStr) -> Vec<CompletionCandidate> {
    let here = std::env::current_dir().unwrap_or_default();
    let ids = dag_ids(&here);
    starting(ids.iter().map(String::as_str), current)
}

/// Returns the dag_ids of the projects at and below a directory, the nearest directories first looked into.
fn dag_ids(directory: &Path) -> BTreeSet<String> {
    let (mut ids, mut pending) = (BTreeSet::new(), VecDeque::from([(directory.to_owned(), 0)]));
    let mut left = MOST_DIRECTORIES;
    while let (Some((directory, level)), true) = (pending.pop_front(), left > 0) {
        left -= 1;
        ids.extend(dag_id(&directory));
        if level < MAX_LEVELS {
            pending.extend(subdirectories(&directory).into_iter().map(|below| (below, level + 1)));
        }
    }
    ids
}

/// Reads the one key; whatever else stands in the file may be wrong.
fn dag_id(directory: &Path) -> Option<String> {
    let path = directory.join(CONFIG_FILE);
    if fs::metadata(&path).ok()?.len() > LARGEST_FILE {
        return None;
    }
    let text = fs::read_to_string(&path).ok()?;
    let entries = top_level(&Arc::new(SourceFile { path, text })).ok()?;
    entries.into_iter().find(|entry| entry.key == "dag_id")?.value.filter(|id| !id.is_empty())
}

/// Neither hidden ones nor links, sorted.
fn subdirectories(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let visible = entries.filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    let mut found: Vec<PathBuf> =
        visible.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// The user's targets, each with its server.
fn targets(current: &OsStr) -> Vec<CompletionCandidate> {
    let start = current.to_string_lossy();
    let file = Environment::of_process().ok().and_then(|environment| environment.settings_file());
    let settings = file.and_then(|file| Settings::load(&file).ok()).unwrap_or_default();
    let targets = settings.targets.values().filter(|target| target.name.starts_with(&*start));
    targets.map(|target| CompletionCandidate::new(&target.name).help(Some(shown(&target.server).into()))).collect()
}

fn codes(current: &OsStr) -> Vec<CompletionCandidate> {
    let start = current.to_string_lossy().to_ascii_uppercase();
    let codes = Code::ALL.iter().filter(|code| code.number().starts_with(&start));
    codes.map(|code| CompletionCandidate::new(code.number()).help(Some(code.title().into()))).collect()
}
