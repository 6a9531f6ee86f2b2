//! What stands in a resolution's way, in words: what cannot be had, or else who contradicts whom.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pep440_rs::Version;
use pep508_rs::{PackageName, Requirement};

use super::catalogue::Catalogue;
use super::derivation::{needed, newest_seen, unfit};
use super::error::{ResolveError, Step, Unavailable};
use super::node::Node;
use super::problem::{EXPLAIN_LIMIT, Problem, Stop};
use super::provider::Provider;
use super::solve::{self, Edges, Refused};
use super::{change, edge, lacking};
use crate::packages::requirements::{Key, Origin, Wanted};

/// How many sentences a contradiction is told in.
const WANTS_LIMIT: usize = 12;

/// How many sentences of one package about another stand by themselves.
const ALIKE_LIMIT: usize = 3;

pub(super) fn stopped(wanted: &[Wanted], stop: Stop) -> ResolveError {
    match stop {
        Stop::Index { name, error } => {
            let direct = wanted.iter().filter(|it| it.requirement.name == name).map(step).take(1);
            ResolveError::Index { chain: direct.collect(), name, error }
        }
        Stop::TooHard { steps, name } => ResolveError::TooHard { steps, name },
    }
}

pub(super) fn refusal(catalogue: &Catalogue, wanted: &[Wanted], problem: &Problem, refused: &Refused) -> ResolveError {
    let packages = match unavailable(catalogue, wanted, problem, refused) {
        Ok(packages) => packages,
        Err(stop) => return stopped(wanted, stop),
    };
    if packages.is_empty() {
        let wants = wants(wanted, refused);
        return ResolveError::Conflict { wants, change: change::helpful(catalogue, wanted, problem, refused) };
    }
    ResolveError::Unavailable { packages }
}

/// Returns all that cannot be had, by assuming what was found and looking again.
fn unavailable(
    catalogue: &Catalogue,
    wanted: &[Wanted],
    problem: &Problem,
    refused: &Refused,
) -> Result<Vec<Unavailable>, Stop> {
    let mut found = lacking_in(catalogue, wanted, problem, refused)?;
    let mut problem = Problem { steps: EXPLAIN_LIMIT, ..problem.clone() };
    let mut last = found.clone();
    while !last.is_empty() {
        problem.assumed.extend(last.into_keys());
        let Ok(Err(refused)) = solve::versions(catalogue, &mut problem) else { break };
        last = lacking_in(catalogue, wanted, &problem, &refused)?;
        found.extend(last.clone());
    }
    Ok(found.into_values().collect())
}

/// Returns what a refusal comes from that no choice of other packages' newest versions would mend.
fn lacking_in(
    catalogue: &Catalogue,
    wanted: &[Wanted],
    problem: &Problem,
    refused: &Refused,
) -> Result<BTreeMap<PackageName, Unavailable>, Stop> {
    let provider = Provider::new(catalogue, problem);
    let unfit = unfit(&refused.derivation);
    let mut found = BTreeMap::new();
    for need in needed(&refused.derivation) {
        let first_choice = newest_seen(&refused.edges, need.parent).is_none_or(|it| need.versions.contains(it));
        // Of a wheel that is asked for by its URL there is one version: who wants another contradicts the project.
        let contradicts = *need.parent != Node::Root && !catalogue.direct(need.name).is_empty();
        if found.contains_key(need.name) || !first_choice || contradicts || problem.assumed.contains(need.name) {
            continue;
        }
        for requirement in need.requirements(&refused.edges) {
            let range = edge::allowed(&requirement);
            let reason = match provider.choose(need.name, need.mask, &range)? {
                None => Some(lacking::reason(&provider, need.name, need.mask, &requirement)?),
                Some(_) => lacking::unusable(&provider, &need, &requirement, &unfit)?,
            };
            if let Some(reason) = reason {
                let chain = chain(wanted, &refused.edges, need.name);
                found.insert(need.name.clone(), Unavailable { name: need.name.clone(), chain, reason });
                break;
            }
        }
    }
    Ok(found)
}

/// Returns the shortest way from the project to a package.
fn chain(wanted: &[Wanted], edges: &Edges, name: &PackageName) -> Vec<Step> {
    let mut pending: VecDeque<(PackageName, Vec<Step>)> =
        wanted.iter().map(|it| (it.requirement.name.clone(), vec![step(it)])).collect();
    let mut seen = BTreeSet::new();
    while let Some((at, way)) = pending.pop_front() {
        if at == *name {
            return way;
        }
        if !seen.insert(at.clone()) {
            continue;
        }
        // The newest version first: it is what would have been chosen.
        for ((node, version), of) in edges.iter().rev().filter(|((node, _), _)| node.name() == Some(&at)) {
            for edge in of.iter() {
                let step = Step { who: label(node, version), wants: written(&edge.written) };
                pending.push_back((edge.name.clone(), way.iter().cloned().chain([step]).collect()));
            }
        }
    }
    Vec::new()
}

fn step(wanted: &Wanted) -> Step {
    Step { who: place(&wanted.origin), wants: edge::plain(&wanted.requirement) }
}

/// `leoflow.yaml:5` or ``connector `mysql` ``
pub(super) fn place(origin: &Origin) -> String {
    match (origin.key, origin.line()) {
        (Key::Connectors, _) => format!("connector `{}`", origin.written),
        (Key::Dependencies, Some(line)) => format!("leoflow.yaml:{line}"),
        (Key::Dependencies, None) => "leoflow.yaml".to_owned(),
    }
}

fn label(node: &Node, version: &Version) -> String {
    match node {
        Node::ExtraRequires(name, extra, _) => format!("{name}[{extra}] {version}"),
        _ => node.name().map(|name| format!("{name} {version}")).unwrap_or_default(),
    }
}

fn written(requirements: &[Requirement]) -> String {
    requirements.iter().map(edge::plain).collect::<Vec<_>>().join("`, `")
}

/// Returns who wants what in a contradiction, the project first.
fn wants(wanted: &[Wanted], refused: &Refused) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut others: BTreeMap<(String, PackageName), BTreeMap<Version, String>> = BTreeMap::new();
    for need in needed(&refused.derivation) {
        if *need.parent == Node::Root {
            let of_project = wanted.iter().filter(|it| it.requirement.name == *need.name);
            told.extend(of_project.map(|it| format!("{} wants `{}`", place(&it.origin), edge::plain(&it.requirement))));
            continue;
        }
        for ((node, version), edges) in &refused.edges {
            if node != need.parent || !need.versions.contains(version) {
                continue;
            }
            let who = label(node, version).trim_end_matches(&format!(" {version}")).to_owned();
            for edge in edges.iter().filter(|edge| edge.name == *need.name) {
                let of_one = others.entry((who.clone(), edge.name.clone())).or_default();
                of_one.insert(version.clone(), written(&edge.written));
            }
        }
    }
    told.extend(others.iter().flat_map(|((who, name), wants)| of_one_package(who, name, wants)));
    for (name, versions, unfit) in unfit(&refused.derivation) {
        let versions = versions.as_singleton().map(ToString::to_string).unwrap_or_default();
        told.push(format!("`{name}` {versions} cannot be used: {unfit}"));
    }
    let mut seen = BTreeSet::new();
    told.retain(|sentence| seen.insert(sentence.clone()));
    shortened(told)
}

/// Returns what the versions of one package want of another: a sentence for each thing that they want, while those are
/// few, and one for all when each version wants something else.
fn of_one_package(who: &str, name: &PackageName, wants: &BTreeMap<Version, String>) -> Vec<String> {
    let mut by_what: Vec<(&str, Vec<Version>)> = Vec::new();
    for (version, what) in wants {
        match by_what.iter_mut().find(|(other, _)| other == what) {
            Some((_, versions)) => versions.push(version.clone()),
            None => by_what.push((what, vec![version.clone()])),
        }
    }
    match &by_what[..] {
        [(lowest, _), .., (highest, _)] if by_what.len() > ALIKE_LIMIT => {
            let all = span(wants.keys().cloned().collect());
            vec![format!("{who} {all} want a `{name}` of their own each, from `{lowest}` to `{highest}`")]
        }
        _ => by_what.into_iter().map(|(what, versions)| sentence(who, versions, what)).collect(),
    }
}

fn sentence(who: &str, versions: Vec<Version>, what: &str) -> String {
    let verb = if versions.len() == 1 { "wants" } else { "want" };
    format!("{who} {} {verb} `{what}`", span(versions))
}

fn shortened(mut told: Vec<String>) -> Vec<String> {
    if let Some(more) = told.len().checked_sub(WANTS_LIMIT).filter(|more| *more > 1) {
        told.truncate(WANTS_LIMIT);
        told.push(format!("and {more} more"));
    }
    told
}

/// `1.0`, `1.0 and 1.2`, or `1.0 to 3.4`
fn span(mut versions: Vec<Version>) -> String {
    versions.sort();
    versions.dedup();
    match &versions[..] {
        [] => String::new(),
        [one] => one.to_string(),
        [one, other] => format!("{one} and {other}"),
        [first, .., last] => format!("{first} to {last}"),
    }
}
