//! What a package, or the project, requires on some platforms.

use std::collections::BTreeMap;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{ExtraName, PackageName, Requirement, VersionOrUrl};
use pubgrub::Ranges;

use super::node::Node;
use super::place::Mask;
use super::range;

/// All requirements of one parent on one package.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub name: PackageName,
    pub mask: Mask,
    pub extras: BTreeMap<ExtraName, Mask>,
    pub range: Ranges<Version>,
    /// As written, each once.
    pub written: Vec<Requirement>,
}

/// Merges requirements, each with a platform that it holds for, by what they require, in the order of their first.
///
/// # Errors
/// When one is direct (PEP 508's `name @ url`), which an index' packages may not be.
pub(super) fn merged<'a>(
    requirements: impl Iterator<Item = (usize, &'a Requirement)>,
) -> Result<Vec<Edge>, &'a Requirement> {
    let mut edges: Vec<Edge> = Vec::new();
    for (place, requirement) in requirements {
        let specifiers = specifiers(requirement).ok_or(requirement)?;
        let at = edges.iter().position(|edge| edge.name == requirement.name).unwrap_or_else(|| {
            edges.push(Edge::to(&requirement.name));
            edges.len() - 1
        });
        edges[at].add(place, requirement, specifiers);
    }
    Ok(edges)
}

/// Returns the specifiers of a requirement, none of them for any version, or nothing when it is direct.
pub(super) fn specifiers(requirement: &Requirement) -> Option<VersionSpecifiers> {
    match &requirement.version_or_url {
        None => Some(VersionSpecifiers::empty()),
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => Some(specifiers.clone()),
        Some(VersionOrUrl::Url(_)) => None,
    }
}

/// Returns the versions that a requirement allows: all of them, when it is direct.
pub(super) fn allowed(requirement: &Requirement) -> Ranges<Version> {
    specifiers(requirement).map_or_else(Ranges::full, |specifiers| range::of(&specifiers))
}

/// Returns a requirement as written, without its marker: that holds, or it would not be told.
pub(super) fn plain(requirement: &Requirement) -> String {
    let text = requirement.to_string();
    text.split(" ; ").next().unwrap_or_default().to_owned()
}

impl Edge {
    fn to(name: &PackageName) -> Self {
        Self {
            name: name.clone(),
            mask: Mask::default(),
            extras: BTreeMap::new(),
            range: Ranges::full(),
            written: Vec::new(),
        }
    }

    fn add(&mut self, place: usize, requirement: &Requirement, specifiers: VersionSpecifiers) {
        let mask = Mask::one(place);
        self.mask = self.mask.with(mask);
        for extra in &requirement.extras {
            let known = self.extras.entry(extra.clone()).or_default();
            *known = known.with(mask);
        }
        if !self.written.contains(requirement) {
            self.range = self.range.intersection(&range::of(&specifiers));
            self.written.push(requirement.clone());
        }
    }

    /// Returns whether one of the requirements names a pre-release.
    pub(super) fn names_prerelease(&self) -> bool {
        self.written.iter().filter_map(specifiers).any(|specifiers| range::names_prerelease(&specifiers))
    }

    /// Returns the version that a requirement pins.
    pub(super) fn pin(&self) -> Option<Version> {
        self.written.iter().filter_map(specifiers).find_map(|specifiers| range::pin(&specifiers).cloned())
    }

    /// Returns the nodes that the solver has to choose versions for, with the versions that are allowed.
    pub(super) fn nodes(&self, agree: bool) -> Vec<(Node, Ranges<Version>)> {
        let package = (Node::Package(self.name.clone(), self.mask), self.range.clone());
        let extras = self.extras.iter().map(|(extra, mask)| Node::Extra(self.name.clone(), extra.clone(), *mask));
        let agreed = agree.then(|| Node::Agreed(self.name.clone()));
        let others = extras.chain(agreed).map(|node| (node, self.range.clone()));
        std::iter::once(package).chain(others).collect()
    }
}
