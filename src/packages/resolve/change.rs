//! Which of the project's own requirements to change, so that all fits.

use std::collections::BTreeSet;

use pep508_rs::PackageName;

use super::catalogue::Catalogue;
use super::derivation::needed;
use super::edge;
use super::explain::place;
use super::node::Node;
use super::problem::{EXPLAIN_LIMIT, Problem};
use super::solve::{self, Refused};
use crate::packages::requirements::Wanted;

/// How many requirements of the project's are tried without their specifiers.
const CHANGES_LIMIT: usize = 6;

/// How many of them are named, when none of them alone helps.
const NAMED_LIMIT: usize = 4;

/// Returns the smallest change that helps, or at least those that one is among.
pub(super) fn helpful(
    catalogue: &Catalogue,
    wanted: &[Wanted],
    problem: &Problem,
    refused: &Refused,
) -> Option<String> {
    let needs = needed(&refused.derivation);
    let of_project: BTreeSet<&PackageName> =
        needs.iter().filter(|need| *need.parent == Node::Root).map(|need| need.name).collect();
    let applies =
        |it: &&Wanted| catalogue.places().iter().any(|place| it.requirement.evaluate_markers(&place.markers, &[]));
    let involved: Vec<&Wanted> =
        wanted.iter().filter(|it| of_project.contains(&it.requirement.name)).filter(applies).collect();
    opposed(catalogue, &involved).or_else(|| looser(catalogue, &involved, problem)).or_else(|| fewer(&involved))
}

/// Two entries that no version fulfils both.
fn opposed(catalogue: &Catalogue, involved: &[&Wanted]) -> Option<String> {
    let mut pairs =
        involved.iter().enumerate().flat_map(|(at, one)| involved[at + 1..].iter().map(move |other| (one, other)));
    let (one, other) = pairs.find(|(one, other)| exclude_each_other(catalogue, one, other))?;
    let (first, second) = (edge::plain(&one.requirement), edge::plain(&other.requirement));
    let (here, there) = (place(&one.origin), place(&other.origin));
    Some(if here == there {
        format!("take one of them out of {here}: `{first}` or `{second}`")
    } else {
        format!("take one of them out: `{first}` ({here}) or `{second}` ({there})")
    })
}

fn exclude_each_other(catalogue: &Catalogue, one: &Wanted, other: &Wanted) -> bool {
    let applies_with = |it: &Wanted, other: &Wanted| {
        catalogue
            .places()
            .iter()
            .any(|place| [it, other].iter().all(|wanted| wanted.requirement.evaluate_markers(&place.markers, &[])))
    };
    let both = edge::allowed(&one.requirement).intersection(&edge::allowed(&other.requirement));
    one.requirement.name == other.requirement.name && both.is_empty() && applies_with(one, other)
}

/// The one requirement that stands in the way, if without its specifiers all would fit.
fn looser(catalogue: &Catalogue, involved: &[&Wanted], problem: &Problem) -> Option<String> {
    let is_strict = |it: &&&Wanted| edge::specifiers(&it.requirement).is_some_and(|all| !all.is_empty());
    involved.iter().filter(is_strict).take(CHANGES_LIMIT).find_map(|it| {
        let mut looser = Problem { steps: EXPLAIN_LIMIT, ..problem.clone() };
        for requirement in looser.wanted.iter_mut().filter(|requirement| **requirement == it.requirement) {
            requirement.version_or_url = None;
        }
        let versions = solve::versions(catalogue, &mut looser).ok()?.ok()?;
        let (name, version) = (&it.requirement.name, versions.get(&it.requirement.name)?);
        let (entry, place) = (edge::plain(&it.requirement), place(&it.origin));
        Some(format!("ask for another version than `{entry}` at {place}: with `{name}=={version}` all fits"))
    })
}

/// Some entry has to go.
fn fewer(involved: &[&Wanted]) -> Option<String> {
    let mut entries: Vec<String> =
        involved.iter().map(|it| format!("`{}` ({})", edge::plain(&it.requirement), place(&it.origin))).collect();
    entries.dedup();
    (2..=NAMED_LIMIT)
        .contains(&entries.len())
        .then(|| format!("loosen one of these requirements, or take one of these out: {}", entries.join(" or ")))
}
