//! `leoflow cache`: what is kept, and less of it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{CacheCommand, PruneArgs};
use super::exit::Exit;
use super::progress::human_bytes;
use super::report::Failure;
use super::session::Session;
use super::size;
use crate::cache::{self, Amount, Limits, Usage};

pub(super) fn run(session: &Session, command: &CacheCommand) -> Result<Exit, Failure> {
    match command {
        CacheCommand::Info => info(session)?,
        CacheCommand::Prune(args) => prune(session, args)?,
    }
    Ok(Exit::Success)
}

fn info(session: &Session) -> Result<(), Failure> {
    let (directory, max_size) = (directory(session)?, max_size(session)?);
    let usage = cache::usage(&directory)?;
    let json = json!({
        "schema": "leoflow.cache-info/v1",
        "directory": directory,
        "max_size": max_size,
        "total": as_json(&usage.total()),
        "layers": as_json(&usage.layers),
        "documents": as_json(&usage.documents),
        "keys": as_json(&usage.keys),
        "wheels": as_json(&usage.wheels),
        "answers": as_json(&usage.answers),
        "unfinished": as_json(&usage.unfinished),
    });
    session.print(&table(session, &directory, max_size, &usage), &json)
}

fn table(session: &Session, directory: &Path, max_size: u64, usage: &Usage) -> String {
    let line = |what: &str, amount: &Amount| {
        let files = if amount.entries == 1 { "file" } else { "files" };
        format!("{what:<22} {:>6} {files:<5} {:>12}\n", amount.entries, human_bytes(amount.bytes))
    };
    let parts = [
        ("layers", &usage.layers),
        ("manifests and configs", &usage.documents),
        ("keys of layers", &usage.keys),
        ("wheels", &usage.wheels),
        ("pages of indexes", &usage.answers),
        ("being written", &usage.unfinished),
    ];
    let parts = parts.iter().map(|(what, amount)| line(what, amount)).collect::<String>();
    let total = line("in all", &usage.total());
    let limit = if max_size == 0 { "none is kept".to_owned() } else { format!("at most {}", human_bytes(max_size)) };
    format!("{}\n{parts}{total}{limit}\n", session.environment.shown(directory))
}

fn prune(session: &Session, args: &PruneArgs) -> Result<(), Failure> {
    let directory = directory(session)?;
    let max_size = match (args.all, args.max_size) {
        (true, _) => 0,
        (false, Some(max_size)) => max_size,
        (false, None) => max_size(session)?,
    };
    let unused_since = args.older_than.map(|age| session.environment.now.saturating_sub(age.as_secs()));
    let pruned = cache::prune(&directory, &Limits { max_size: Some(max_size), unused_since })?;
    let json = json!({
        "schema": "leoflow.cache-prune/v1",
        "directory": directory,
        "removed": as_json(&pruned.removed),
        "left": as_json(&pruned.left),
    });
    let text = format!("Removed {}, {} left\n", counted(&pruned.removed), counted(&pruned.left));
    session.print(&text, &json)
}

fn counted(amount: &Amount) -> String {
    let files = if amount.entries == 1 { "file" } else { "files" };
    format!("{} {files} ({})", amount.entries, human_bytes(amount.bytes))
}

fn as_json(amount: &Amount) -> Value {
    json!({"entries": amount.entries, "bytes": amount.bytes})
}

fn directory(session: &Session) -> Result<PathBuf, Failure> {
    session
        .environment
        .cache_directory()
        .ok_or_else(|| Failure::usage("there is no home directory to keep a cache in", "set HOME or XDG_CACHE_HOME"))
}

/// Returns how large the cache may become: LEOFLOW_CACHE_SIZE, or 5 GiB.
///
/// # Errors
/// When LEOFLOW_CACHE_SIZE is not a size.
pub(super) fn max_size(session: &Session) -> Result<u64, Failure> {
    match session.environment.variable("LEOFLOW_CACHE_SIZE") {
        Some(text) => size::parse(&text).map_err(|expected| {
            Failure::usage(
                format!("LEOFLOW_CACHE_SIZE is `{text}`: {expected}"),
                "set it to e.g. 500MiB or 20GiB, to 0 for no cache, or unset it for 5GiB",
            )
        }),
        None => Ok(cache::DEFAULT_MAX_SIZE),
    }
}
