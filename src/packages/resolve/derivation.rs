//! A failed derivation of the solver's, taken apart.

use std::collections::BTreeSet;

use pep440_rs::Version;
use pep508_rs::PackageName;
use pubgrub::{DerivationTree, External, Ranges};

use super::node::Node;
use super::place::Mask;
use super::solve::{Derivation, Edges};
use super::{edge, range};

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

pub(super) fn externals<'a>(
    derivation: &'a Derivation,
    see: &mut impl FnMut(&'a External<Node, Ranges<Version>, String>),
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
    /// Returns what each requirement alone allows: of two that contradict each other neither asks for the impossible.
    pub(super) fn ranges(&self, edges: &Edges) -> Vec<Ranges<Version>> {
        let of_parent =
            edges.iter().filter(|((node, version), _)| node == self.parent && self.versions.contains(version));
        let of_name = of_parent.flat_map(|(_, edges)| edges.iter()).filter(|edge| edge.name == *self.name);
        of_name.flat_map(|edge| edge.written.iter().filter_map(edge::specifiers)).map(|it| range::of(&it)).collect()
    }
}

/// Returns the newest version that was looked into: what would be chosen if all went well.
pub(super) fn newest_seen<'a>(edges: &'a Edges, node: &Node) -> Option<&'a Version> {
    edges.keys().filter(|(seen, _)| seen == node).map(|(_, version)| version).max()
}
