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
    let removed = whiteouts(&replaced, python);
    let names: Vec<_> = replaced.iter().map(|one| format!("{} {}", one.name, one.version)).collect();
    let title = format!("without the base's {}", names.join(", "));
    Ok(Some(Batch { title, key: key::of_removed(&removed), packages: Vec::new(), removed, marked: Vec::new() }))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Returns whiteouts (OCI image-spec, layer.md, "Whiteouts") of files, and of `.dist-info` directories as a whole: an
/// empty one would still be found.
///
/// Other directories stay, for nobody but their owners knows whose they are besides, and a lock has one distribution's
/// files without the others'.
fn whiteouts(replaced: &[&Distribution], python: &Interpreter) -> Vec<EntryPath> {
    let below_prefix = |file: &&str| is_below(file, &python.prefix) || is_below(file, &python.site_packages);
    let inside = |distribution: &Distribution, file: &str| is_below(file, &distribution.directory);
    let hidden = replaced.iter().flat_map(|distribution| {
        let files = distribution.files.iter().map(String::as_str).filter(below_prefix);
        files.filter(|file| !inside(distribution, file)).chain([distribution.directory.as_str()])
    });
    hidden.collect::<BTreeSet<_>>().into_iter().filter_map(whiteout).collect()
}

fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

fn whiteout(path: &str) -> Option<EntryPath> {
    let (directory, name) = path.rsplit_once('/')?;
    EntryPath::new(format!("{}/.wh.{name}", directory.trim_start_matches('/'))).ok()
}
