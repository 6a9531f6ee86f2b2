//! What a version requires, on which platforms, as the solver's nodes; and what is asked ahead for it.

use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName, Requirement};
use pubgrub::Ranges;

use super::edge::{self, Edge};
use super::error::Unfit;
use super::node::Node;
use super::place::{Mask, Place};
use super::problem::Stop;
use super::provider::Provider;
use crate::packages::index::IndexError;

impl Provider<'_> {
    /// Returns what a version requires on one platform, or why that cannot be known.
    pub(super) fn requires(
        &self,
        name: &PackageName,
        version: &Version,
        place: usize,
        extras: &[ExtraName],
    ) -> Result<Result<Vec<Requirement>, Unfit>, Stop> {
        let here = &self.places()[place];
        let applying = |all: &[Requirement]| {
            let applies = |requirement: &&Requirement| requirement.evaluate_markers(&here.markers, extras);
            all.iter().filter(applies).cloned().collect()
        };
        if let Some(found) = here.installed.get(name).filter(|found| found.version == *version) {
            return Ok(Ok(applying(&found.requires)));
        }
        let listing = self.listing(name)?;
        match self.catalogue.metadata(&listing, version, place) {
            None => Ok(Err(Unfit::NoWheel)),
            Some(Ok(metadata)) if !here.runs(metadata.requires_python.as_ref()) => {
                let requires = metadata.requires_python.as_ref().map(ToString::to_string).unwrap_or_default();
                Ok(Err(Unfit::Python { requires }))
            }
            Some(Ok(metadata)) => Ok(Ok(applying(&metadata.requires))),
            Some(Err(error @ (IndexError::Metadata { .. } | IndexError::Lies { .. }))) => {
                Ok(Err(Unfit::Damaged { reason: error.to_string() }))
            }
            Some(Err(error)) => Err(Stop::Index { name: name.clone(), error: Box::new(error) }),
        }
    }

    pub(super) fn required(&self, node: &Node, version: &Version) -> Result<Result<Vec<Edge>, Unfit>, Stop> {
        let (name, mask, extras) = match node {
            Node::Root => return Ok(self.root()),
            Node::Package(name, mask) => (name, *mask, Vec::new()),
            Node::ExtraRequires(name, extra, mask) => (name, *mask, vec![extra.clone()]),
            Node::Extra(..) | Node::Agreed(_) => return Ok(Ok(Vec::new())),
        };
        self.try_next(name, version, mask)?;
        let mut required = Vec::new();
        for place in mask.places() {
            match self.requires(name, version, place, &extras)? {
                Ok(found) => required.extend(found.into_iter().map(|requirement| (place, requirement))),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        let edges = edge::merged(required.iter().map(|(place, requirement)| (*place, requirement)));
        Ok(edges.map_err(direct))
    }

    fn root(&self) -> Result<Vec<Edge>, Unfit> {
        let places = || self.places().iter().enumerate();
        let applying = self.problem.wanted.iter().flat_map(|requirement| {
            let here = move |(_, place): &(usize, &Arc<Place>)| requirement.evaluate_markers(&place.markers, &[]);
            places().filter(here).map(move |(at, _)| (at, requirement))
        });
        edge::merged(applying).map_err(direct)
    }

    /// Has the metadata of older versions fetched, more of them the oftener a package was tried in vain.
    fn try_next(&self, name: &PackageName, version: &Version, mask: Mask) -> Result<(), Stop> {
        let tried = {
            let mut state = self.state.borrow_mut();
            let tried = state.tried.entry(name.clone()).or_default();
            tried.insert(version.clone());
            tried.len()
        };
        if let Some(place) = mask.places().next().filter(|_| tried > 1 && !self.installed(name, version, mask)) {
            let listing = self.listing(name)?;
            self.catalogue.next_versions(&listing, version, place, (tried * 2).min(32));
        }
        Ok(())
    }

    pub(super) fn follow(&self, edges: &[Edge]) {
        let mut state = self.state.borrow_mut();
        for edge in edges {
            let next = state.order.len();
            state.order.entry(edge.name.clone()).or_insert(next);
            state.masks.entry(edge.name.clone()).or_default().insert(edge.mask);
            self.catalogue.ahead(&edge.name, &edge.extras.keys().cloned().collect(), &edge.range);
        }
    }

    /// Returns the nodes for what is required; nothing when a package requires itself in another version.
    pub(super) fn nodes(&self, node: &Node, version: &Version, edges: &[Edge]) -> Option<Vec<(Node, Ranges<Version>)>> {
        let mut nodes = Vec::new();
        let itself = |edge: &Edge| matches!(node, Node::Package(name, _) if *name == edge.name);
        for edge in edges {
            if itself(edge) && !edge.range.contains(version) {
                return None;
            }
            let of_edge = edge.nodes(self.places().len() > 1);
            nodes.extend(of_edge.into_iter().filter(|(other, _)| !itself(edge) || matches!(other, Node::Extra(..))));
        }
        let same = Ranges::singleton(version.clone());
        match node {
            Node::Package(name, _) if self.places().len() > 1 => nodes.push((Node::Agreed(name.clone()), same)),
            Node::Extra(name, extra, mask) => {
                nodes.push((Node::Package(name.clone(), *mask), same.clone()));
                nodes.push((Node::ExtraRequires(name.clone(), extra.clone(), *mask), same));
            }
            _ => {}
        }
        Some(nodes)
    }
}

fn direct(requirement: &Requirement) -> Unfit {
    Unfit::Requires { what: format!("`{requirement}`, which is no package of an index") }
}
