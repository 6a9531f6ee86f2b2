//! Distributions of the base that another version takes the place of: what of them nobody should see any more.

use std::collections::BTreeSet;

use super::{Batch, InstallError, key};
use crate::inspect::{Distribution, Facts, Interpreter};
use crate::layers::EntryPath;
use crate::packages::lock::Lock;

/// Returns the batch that hides what is replaced: the lowest, so that what lies above may take the same paths again.
pub(super) fn clear(lock: &Lock, facts: &Facts, python: &Interpreter) -> Result<Option<Batch>, InstallError> {
    let is_new = |distribution: &&Distribution| lock.packages.iter().any(|new| new.name == distribution.name);
    let inside = |distribution: &&Distribution| parent(&distribution.directory) == python.site_packages;
    // What another directory has is not ours to remove: ours comes before it on `sys.path`, as Debian's
    // /usr/local/lib/python3.11/dist-packages before /usr/lib/python3/dist-packages.
    let replaced: Vec<_> = facts.distributions.iter().filter(is_new).filter(inside).collect();
    if replaced.is_empty() {
        return Ok(None);
    }
    if let Some(unknown) = replaced.iter().find(|distribution| distribution.files.is_empty()) {
        let (name, directory) = (unknown.name.clone(), unknown.directory.clone());
        return Err(InstallError::NoFileList { name, version: unknown.version.to_string(), directory });
    }
    let removed = whiteouts(&replaced, facts, python);
    let names: Vec<_> = replaced.iter().map(|one| format!("{} {}", one.name, one.version)).collect();
    let title = format!("without the base's {}", names.join(", "));
    Ok(Some(Batch { title, key: key::of_removed(&removed), packages: Vec::new(), removed }))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Returns whiteouts (OCI image-spec, layer.md, "Whiteouts") of the topmost directories that nobody else has files in,
/// and of the files that are elsewhere.
fn whiteouts(replaced: &[&Distribution], facts: &Facts, python: &Interpreter) -> Vec<EntryPath> {
    let stays = |other: &&Distribution| !replaced.contains(other);
    let others = facts.distributions.iter().filter(stays);
    let kept: BTreeSet<&str> = others.flat_map(|other| &other.files).flat_map(|file| directories(file)).collect();
    let gone = replaced.iter().flat_map(|distribution| distribution.files.iter());
    let below_prefix = |file: &&String| is_below(file, &python.prefix) || is_below(file, &python.site_packages);
    let hidden: BTreeSet<&str> = gone.filter(below_prefix).map(|file| topmost(file, &kept, python)).collect();
    hidden.into_iter().filter_map(whiteout).collect()
}

fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// Goes through all directories above `path`, the nearest first.
fn directories(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(parent(path)), |path| Some(parent(path))).take_while(|path| !path.is_empty())
}

/// A directory of packages that is left behind empty could still be imported, and an empty `.dist-info` be found.
fn topmost<'a>(file: &'a str, kept: &BTreeSet<&str>, python: &Interpreter) -> &'a str {
    let own = |path: &&str| is_below(path, &python.site_packages) && !kept.contains(path);
    directories(file).take_while(own).last().unwrap_or(file)
}

fn whiteout(path: &str) -> Option<EntryPath> {
    let (directory, name) = path.rsplit_once('/')?;
    EntryPath::new(format!("{}/.wh.{name}", directory.trim_start_matches('/'))).ok()
}
