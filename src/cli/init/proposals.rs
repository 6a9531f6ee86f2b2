//! What leoflow.yaml should ask for, from what a DAG file imports and calls. What is only guessed is left to be confirmed.

use std::collections::{BTreeMap, BTreeSet};

use crate::dag::named_connections;
use crate::project::{Proposal, connectors as known};
use crate::python::{Execution, Import, RawTask, Scan};

/// Returns every package that the file may import, guesses and providers among them: that is what it is executed with.
pub(super) fn packages(scan: &Scan) -> Vec<String> {
    let providers = providers(scan).into_keys().map(|provider| known::package(&provider));
    dependencies(scan).into_iter().map(|proposal| proposal.name).chain(providers).collect()
}

/// Returns the packages for what is neither of the standard library nor a provider's.
pub(super) fn dependencies(scan: &Scan) -> Vec<Proposal> {
    let imports = scan.imports.iter().filter_map(|import| Some((import.package.clone()?, import)));
    let unknown = providers(scan).into_iter().filter(|(provider, _)| !is_connector(provider));
    let unknown = unknown.map(|(provider, import)| (known::package(&provider), import));
    let mut first: BTreeMap<String, &Import> = BTreeMap::new();
    for (package, import) in imports.chain(unknown) {
        let earlier = first.entry(package).or_insert(import);
        // What is known of any import of it, is known of it.
        if import.known && !earlier.known {
            *earlier = import;
        }
    }
    let proposal = |(name, import): (String, &Import)| Proposal { remark: remark(import), sure: import.known, name };
    let mut proposals: Vec<Proposal> = first.into_iter().map(proposal).collect();
    proposals.sort_by_key(|proposal| !proposal.sure);
    proposals
}

fn remark(import: &Import) -> String {
    let place = format!("{}:{}", import.file, import.line);
    if import.known { format!("imported in {place}") } else { format!("a guess: {place}") }
}

/// Returns the connectors for the providers that are imported, or whose operators are used.
pub(super) fn connectors(scan: &Scan, execution: Option<&Execution>) -> Vec<Proposal> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (provider, import) in providers(scan) {
        found.insert(provider, format!("imported in {}:{}", import.file, import.line));
    }
    for task in tasks(execution) {
        let class = task.operator_class.as_deref().unwrap_or_default();
        if let Some(provider) = known::provider_of_class(class) {
            found.entry(provider).or_insert_with(|| format!("used in {}:{}", task.file, task.line));
        }
    }
    let kept = found.into_iter().filter(|(provider, _)| is_connector(provider) && !is_always_there(provider));
    kept.map(|(name, remark)| Proposal { name, remark, sure: true }).collect()
}

fn tasks(execution: Option<&Execution>) -> impl Iterator<Item = &RawTask> {
    execution.into_iter().flat_map(|execution| &execution.dags).flat_map(|dag| &dag.tasks)
}

/// Each provider that is imported, and where that is done first.
fn providers(scan: &Scan) -> BTreeMap<String, &Import> {
    let mut found = BTreeMap::new();
    for import in &scan.imports {
        let dotted = format!("{}.{}", import.module, import.name.as_deref().unwrap_or("_"));
        if let Some(provider) = known::provider_of_class(&dotted).filter(|provider| !is_always_there(provider)) {
            found.entry(provider).or_insert(import);
        }
    }
    found
}

fn is_always_there(provider: &str) -> bool {
    known::is_declared(provider, &[], &[])
}

fn is_connector(provider: &str) -> bool {
    known::provider_of_connector(provider) == Some(provider)
}

/// Returns the connections that stand in the text, or that operators were given when it was executed.
pub(super) fn connections(scan: &Scan, execution: Option<&Execution>) -> Vec<String> {
    let given = execution.into_iter().flat_map(|execution| &execution.dags).flat_map(named_connections);
    let names: BTreeSet<String> = scan.connections.iter().cloned().chain(given).collect();
    names.into_iter().collect()
}
