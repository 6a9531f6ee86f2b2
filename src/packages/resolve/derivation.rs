//! A failed derivation of the solver's, taken apart.

use std::collections::BTreeSet;

use pep440_rs::Version;
use pep508_rs::{PackageName, Requirement};
use pubgrub::{DerivationTree, External, Ranges};

use super::error::Unfit;
use super::node::Node;
use super::place::Mask;
use super::solve::{Derivation, Edges};

/// What requires which versions of a package, as the derivation has it.
pub(super) struct Needed<'a> {
    pub parent: &'a Node,
    pub versions: &'a Ranges<Version>,
    pub name: &'a PackageName,
    pub mask: Mask,
}

pub(super) fn needed(derivation: &Derivation) -> Vec<Needed<'_>> {
    let mut found = Vec::new();
    externals(derivation, &mut |external| {
        if let External::FromDependencyOf(parent, versions, Node::Package(name, mask), _) = external
            && !matches!(parent, Node::Extra(..))
        {
            found.push(Needed { parent, versions, name, mask: *mask });
        }
    });
    found
}

/// Returns the versions that cannot be used, and why, as the derivation has them.
pub(super) fn unfit(derivation: &Derivation) -> Vec<(&PackageName, &Ranges<Version>, &Unfit)> {
    let mut found = Vec::new();
    externals(derivation, &mut |external| {
        if let External::Custom(node, versions, unfit) = external
            && let Some(name) = node.name()
        {
            found.push((name, versions, unfit));
        }
    });
    found
}

pub(super) fn externals<'a>(
    derivation: &'a Derivation,
    see: &mut impl FnMut(&'a External<Node, Ranges<Version>, Unfit>),
) {
    // A derivation may be deep, and share its parts: each is seen once.
    let mut pending = vec![derivation];
    let mut shared = BTreeSet::new();
    while let Some(next) = pending.pop() {
        match next {
            DerivationTree::External(external) => see(external),
            DerivationTree::Derived(derived) => {
                if derived.shared_id.is_none_or(|id| shared.insert(id)) {
                    pending.push(&derived.cause2);
                    pending.push(&derived.cause1);
                }
            }
        }
    }
}

impl Needed<'_> {
    /// Returns the requirements, each alone: of two that contradict each other neither asks for the impossible.
    pub(super) fn requirements(&self, edges: &Edges) -> Vec<Requirement> {
        let of_parent =
            edges.iter().filter(|((node, version), _)| node == self.parent && self.versions.contains(version));
        let of_name = of_parent.flat_map(|(_, edges)| edges.iter()).filter(|edge| edge.name == *self.name);
        of_name.flat_map(|edge| edge.written.iter().cloned()).collect()
    }
}

/// Returns the newest version that was looked into: what would be chosen if all went well.
pub(super) fn newest_seen<'a>(edges: &'a Edges, node: &Node) -> Option<&'a Version> {
    edges.keys().filter(|(seen, _)| seen == node).map(|(_, version)| version).max()
}
