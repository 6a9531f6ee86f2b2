//! The solver's answer, or what stands in its way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::PackageName;
use pubgrub::{DerivationTree, PubGrubError, Ranges};

use super::catalogue::Catalogue;
use super::derivation::newest_seen;
use super::edge::{self, Edge};
use super::error::{ResolveError, Unfit};
use super::node::Node;
use super::problem::{Problem, Stop};
use super::provider::{Early, Interrupt, Provider};
use super::solution::{self, Draft};
use super::{explain, range};
use crate::packages::direct;
use crate::packages::requirements::Wanted;

/// Why there is no answer: a derivation from what was found to be required.
pub(super) type Derivation = DerivationTree<Node, Ranges<Version>, Unfit>;

/// What was required by the versions that were looked into.
pub(super) type Edges = BTreeMap<(Node, Version), Arc<Vec<Edge>>>;

/// The solver's failure, with all that is needed to explain it.
pub(super) struct Refused {
    pub derivation: Derivation,
    pub edges: Edges,
}

pub(super) fn solve(
    catalogue: &Catalogue,
    wanted: &[Wanted],
    preferences: &BTreeMap<PackageName, Version>,
) -> Result<Draft, ResolveError> {
    let mut problem = problem(wanted, preferences);
    match versions(catalogue, &mut problem) {
        Ok(Ok(versions)) => solution::draft(catalogue, wanted, &problem, &versions),
        Ok(Err(refused)) => Err(explain::refusal(catalogue, wanted, &problem, &refused)),
        Err(stop) => Err(explain::stopped(wanted, stop)),
    }
}

fn problem(wanted: &[Wanted], preferences: &BTreeMap<PackageName, Version>) -> Problem {
    let mut problem = Problem { preferences: preferences.clone(), ..Problem::default() };
    for Wanted { requirement, .. } in wanted {
        let requirement = direct::pinned(requirement);
        let Some(specifiers) = edge::specifiers(&requirement) else { continue };
        if range::names_prerelease(&specifiers) {
            problem.prereleases.insert(requirement.name.clone());
        }
        problem.yanked.extend(range::pin(&specifiers).map(|pin| (requirement.name.clone(), pin.clone())));
        problem.wanted.push(requirement);
    }
    problem
}

/// Solves, and again with pre-releases and yanked versions that something asks for by name, when it fails without.
///
/// pip takes a pre-release as soon as any specifier in play names one. Here it is taken only if the project names one,
/// or if there is no other way: what works without stays without.
pub(super) fn versions(
    catalogue: &Catalogue,
    problem: &mut Problem,
) -> Result<Result<BTreeMap<PackageName, Version>, Refused>, Stop> {
    loop {
        let refused = match once(catalogue, problem)? {
            Ok(found) => return Ok(Ok(found)),
            Err(refused) => refused,
        };
        let invited = invited(catalogue, problem, &refused)?;
        if !invited.admit(problem) {
            return Ok(Err(refused));
        }
    }
}

/// Solves without further pre-releases and yanked versions; anew whenever another order promises more.
fn once(catalogue: &Catalogue, problem: &Problem) -> Result<Result<BTreeMap<PackageName, Version>, Refused>, Stop> {
    let mut early = Early::default();
    loop {
        match run(Provider::after(catalogue, problem, early)) {
            Ok(found) => return Ok(found),
            Err(Interrupt::Stop(stop)) => return Err(stop),
            Err(Interrupt::Again(better)) => early = better,
        }
    }
}

/// Runs the solver in one order.
fn run(provider: Provider<'_>) -> Result<Result<BTreeMap<PackageName, Version>, Refused>, Interrupt> {
    match pubgrub::resolve(&provider, Node::Root, Version::new([0])) {
        Ok(selected) => Ok(Ok(selected
            .into_iter()
            .filter_map(|(node, version)| match node {
                Node::Package(name, _) => Some((name, version)),
                _ => None,
            })
            .collect())),
        Err(PubGrubError::NoSolution(derivation)) => Ok(Err(Refused { derivation, edges: provider.into_edges() })),
        Err(
            PubGrubError::ErrorRetrievingDependencies { source, .. }
            | PubGrubError::ErrorChoosingVersion { source, .. }
            | PubGrubError::ErrorInShouldCancel(source),
        ) => Err(source),
    }
}

/// What the requirements in a refusal ask for by name, and would not get by itself.
#[derive(Default)]
struct Invited {
    prereleases: BTreeSet<PackageName>,
    yanked: BTreeSet<(PackageName, Version)>,
}

impl Invited {
    /// Returns whether this is anything new.
    fn admit(self, problem: &mut Problem) -> bool {
        let before = (problem.prereleases.len(), problem.yanked.len());
        problem.prereleases.extend(self.prereleases);
        problem.yanked.extend(self.yanked);
        before != (problem.prereleases.len(), problem.yanked.len())
    }
}

fn invited(catalogue: &Catalogue, problem: &Problem, refused: &Refused) -> Result<Invited, Stop> {
    let provider = Provider::new(catalogue, problem);
    let named: BTreeSet<&PackageName> = refused.derivation.packages().iter().filter_map(|node| node.name()).collect();
    let mut invited = Invited::default();
    // Only what first choices ask for: the requirements of every old version would invite far too much.
    let first_choice = |node: &Node, version: &Version| newest_seen(&refused.edges, node) == Some(version);
    let first_choices = refused.edges.iter().filter(|((node, version), _)| first_choice(node, version));
    for edge in first_choices.flat_map(|(_, edges)| edges.iter()).filter(|edge| named.contains(&edge.name)) {
        let listing = provider.listing(&edge.name)?;
        let final_fits = || listing.versions.keys().any(|it| !it.any_prerelease() && edge.range.contains(it));
        let prerelease_fits = || listing.versions.keys().any(|it| it.any_prerelease() && edge.range.contains(it));
        if prerelease_fits() && (edge.names_prerelease() || !final_fits()) {
            invited.prereleases.insert(edge.name.clone());
        }
        invited.yanked.extend(
            edge.pin()
                .map(|pin| (edge.name.clone(), pin))
                .filter(|(_, pin)| listing.versions.get(pin).is_some_and(|offer| offer.yanked.is_some())),
        );
    }
    Ok(invited)
}
