//! Which version next, and what it requires: pip's rules, as the solver asks for them.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::PackageName;
use pubgrub::{Dependencies, DependencyProvider, PackageResolutionStatistics, Ranges};

use super::catalogue::Catalogue;
use super::edge::Edge;
use super::error::Unfit;
use super::listing::Listing;
use super::node::Node;
use super::place::{Mask, Place};
use super::problem::{Problem, Stop};
use super::range;

/// From how many conflicts on a package is decided before others.
const CONFLICTS: u32 = 5;

/// How many versions of a package are looked into before it gets its choice ahead of those that refuse them.
const VERSIONS: usize = 5;

/// One run of the solver over a [`Problem`].
pub(super) struct Provider<'a> {
    pub catalogue: &'a Catalogue,
    pub problem: &'a Problem,
    early: Early,
    steps: Cell<u32>,
    pub state: RefCell<State>,
}

/// Packages of which one version after the other was refused: they are decided first, and those that refused them adapt.
///
/// Without it, the newest of some shared package would cost years of everything that does not bear with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Early {
    names: BTreeSet<PackageName>,
    /// When a package was first required, in the first run.
    order: HashMap<PackageName, usize>,
    /// The decisions of the runs until here.
    steps: u32,
}

/// Why a run of the solver ended without an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Interrupt {
    #[error(transparent)]
    Stop(#[from] Stop),
    #[error("the order was bad")]
    Again(Early),
}

#[derive(Default)]
pub(super) struct State {
    /// When a package was first required: what was asked for first is decided first.
    pub order: HashMap<PackageName, usize>,
    /// The version that was chosen last.
    pub chosen: HashMap<PackageName, Version>,
    /// Which versions of a package were looked into.
    pub tried: HashMap<PackageName, BTreeSet<Version>>,
    /// On which platforms a package was required together.
    pub masks: HashMap<PackageName, BTreeSet<Mask>>,
    /// What was required where.
    pub edges: BTreeMap<(Node, Version), Arc<Vec<Edge>>>,
}

/// Greater goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Priority(Class, Reverse<(usize, u8)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Plain,
    Conflicting,
    Early,
    Pinned,
    Root,
}

impl<'a> Provider<'a> {
    pub(super) fn new(catalogue: &'a Catalogue, problem: &'a Problem) -> Self {
        Self::after(catalogue, problem, Early::default())
    }

    /// Returns one that knows what earlier runs have found out about the order.
    pub(super) fn after(catalogue: &'a Catalogue, problem: &'a Problem, early: Early) -> Self {
        let state = State { order: early.order.clone(), ..State::default() };
        Self { catalogue, problem, steps: Cell::new(early.steps), early, state: RefCell::new(state) }
    }

    pub(super) fn places(&self) -> &'a [Arc<Place>] {
        self.catalogue.places()
    }

    pub(super) fn listing(&self, name: &PackageName) -> Result<Arc<Listing>, Stop> {
        self.catalogue.listing(name).map_err(|error| Stop::Index { name: name.clone(), error: Box::new(error) })
    }

    /// Returns what was found to be required by each version that was looked into.
    pub(super) fn into_edges(self) -> BTreeMap<(Node, Version), Arc<Vec<Edge>>> {
        self.state.into_inner().edges
    }

    pub(super) fn installed(&self, name: &PackageName, version: &Version, mask: Mask) -> bool {
        mask.places().all(|place| self.places()[place].has(name, version))
    }

    /// Returns whether every platform has the version, or a wheel of it.
    fn available(&self, listing: &Listing, name: &PackageName, version: &Version, mask: Mask) -> bool {
        let offer = listing.versions.get(version);
        let wheel = |place: usize| offer.is_some_and(|offer| offer.is_for(Mask::one(place)));
        mask.places().all(|place| self.places()[place].has(name, version) || wheel(place))
    }

    /// Returns whether neither its being a pre-release nor its being yanked speaks against a version.
    fn permitted(&self, listing: &Listing, name: &PackageName, version: &Version) -> bool {
        let yanked = listing.versions.get(version).is_some_and(|offer| offer.yanked.is_some());
        let prereleases = listing.only_prereleases || self.problem.prereleases.contains(name);
        let kept = self.problem.preferences.get(name) == Some(version);
        kept || (prereleases || !version.any_prerelease())
            && (!yanked || self.problem.yanked.contains(&(name.clone(), version.clone())))
    }

    pub(super) fn choose(
        &self,
        name: &PackageName,
        mask: Mask,
        range: &Ranges<Version>,
    ) -> Result<Option<Version>, Stop> {
        let in_base = mask.places().filter_map(|place| self.places()[place].installed.get(name));
        let in_base: BTreeSet<&Version> =
            in_base.map(|found| &found.version).filter(|version| range.contains(version)).collect();
        if let Some(version) = in_base.iter().rev().find(|version| self.installed(name, version, mask)) {
            return Ok(Some((*version).clone()));
        }
        let listing = self.listing(name)?;
        let available = |version: &Version| range.contains(version) && self.available(&listing, name, version, mask);
        let first = in_base.iter().rev().copied().chain(self.problem.preferences.get(name));
        if let Some(version) = first.into_iter().find(|version| available(version)) {
            return Ok(Some(version.clone()));
        }
        let newest = listing.versions.keys().rev().filter(|version| self.permitted(&listing, name, version));
        Ok(newest.into_iter().find(|version| available(version)).cloned())
    }

    /// Returns the version chosen before, where nodes of one name should have the same.
    fn hint(&self, name: &PackageName, mask: Mask, range: &Ranges<Version>) -> Result<Option<Version>, Stop> {
        let Some(hint) = self.state.borrow().chosen.get(name).filter(|version| range.contains(version)).cloned() else {
            return Ok(None);
        };
        if self.installed(name, &hint, mask) {
            return Ok(Some(hint));
        }
        let listing = self.listing(name)?;
        Ok(self.available(&listing, name, &hint, mask).then_some(hint))
    }

    /// Returns the order from now on, when a further package is to be decided early.
    fn reordered(&self) -> Option<Early> {
        let state = self.state.borrow();
        let often = state.tried.iter().filter(|(_, versions)| versions.len() >= VERSIONS).map(|(name, _)| name);
        let mut new = often.filter(|name| !self.early.names.contains(*name)).peekable();
        new.peek()?;
        let names = self.early.names.iter().chain(new).cloned().collect();
        Some(Early { names, order: state.order.clone(), steps: self.steps.get() })
    }

    fn version(&self, node: &Node, range: &Ranges<Version>) -> Result<Option<Version>, Stop> {
        if let Some(only) = range.as_singleton()
            && !matches!(node, Node::Package(..))
        {
            return Ok(Some(only.clone()));
        }
        match node {
            Node::Root => Ok(range.as_singleton().cloned()),
            Node::Package(name, mask) => {
                let several = self.state.borrow().masks.get(name).is_some_and(|masks| masks.len() > 1);
                let hint = if several { self.hint(name, *mask, range)? } else { None };
                let version = if hint.is_some() { hint } else { self.choose(name, *mask, range)? };
                if let Some(version) = &version {
                    self.state.borrow_mut().chosen.insert(name.clone(), version.clone());
                }
                Ok(version)
            }
            Node::Extra(name, _, mask) | Node::ExtraRequires(name, _, mask) => match self.hint(name, *mask, range)? {
                Some(hint) => Ok(Some(hint)),
                None => self.choose(name, *mask, range),
            },
            Node::Agreed(name) => self.choose(name, Mask::default(), range),
        }
    }
}

impl DependencyProvider for Provider<'_> {
    type P = Node;
    type V = Version;
    type VS = Ranges<Version>;
    type Priority = Priority;
    type M = Unfit;
    type Err = Interrupt;

    fn prioritize(&self, node: &Node, range: &Self::VS, statistics: &PackageResolutionStatistics) -> Priority {
        let order = node.name().and_then(|name| self.state.borrow().order.get(name).copied()).unwrap_or_default();
        let (class, kind) = match node {
            Node::Root => (Class::Root, 0),
            Node::Package(..) if range::is_pinned(range) => (Class::Pinned, 0),
            Node::Package(name, _) if self.early.names.contains(name) => (Class::Early, 0),
            Node::Package(..) if statistics.conflict_count() >= CONFLICTS => (Class::Conflicting, 0),
            Node::Package(..) => (Class::Plain, 0),
            Node::Extra(..) => (Class::Plain, 1),
            Node::ExtraRequires(..) => (Class::Plain, 2),
            Node::Agreed(_) => (Class::Plain, 3),
        };
        Priority(class, Reverse((order, kind)))
    }

    fn choose_version(&self, node: &Node, range: &Self::VS) -> Result<Option<Version>, Interrupt> {
        Ok(self.version(node, range)?)
    }

    fn get_dependencies(
        &self,
        node: &Node,
        version: &Version,
    ) -> Result<Dependencies<Node, Self::VS, Unfit>, Interrupt> {
        let mut edges = match self.required(node, version)? {
            Ok(edges) => edges,
            Err(reason) => return Ok(Dependencies::Unavailable(reason)),
        };
        edges.retain(|edge| !self.problem.assumed.contains(&edge.name));
        self.follow(&edges);
        let nodes = self.nodes(node, version, &edges);
        self.state.borrow_mut().edges.insert((node.clone(), version.clone()), Arc::new(edges));
        Ok(match nodes {
            Some(nodes) => Dependencies::Available(nodes.into_iter().collect()),
            None => Dependencies::Unavailable(Unfit::Requires { what: "itself in another version".to_owned() }),
        })
    }

    fn should_cancel(&self) -> Result<(), Interrupt> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() <= self.problem.steps {
            return self.reordered().map_or(Ok(()), |early| Err(Interrupt::Again(early)));
        }
        let state = self.state.borrow();
        let most = state.tried.iter().max_by_key(|(name, versions)| (versions.len(), Reverse((*name).clone())));
        Err(Interrupt::Stop(Stop::TooHard { steps: self.problem.steps, name: most.map(|(name, _)| name.clone()) }))
    }
}
