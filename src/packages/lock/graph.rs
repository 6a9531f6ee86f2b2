//! Who wants whom: the packages of a lock as a tree, and the chains that lead to one of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pep508_rs::PackageName;

use super::values::{KeptPackage, Lock, LockedPackage};

/// Deeper than this nothing is drawn; a package is drawn where it is nearest to the project.
const MAX_DEPTH: usize = 64;

/// How many comparisons of two packages finding chains may cost: some tenths of a second.
const MAX_WORK: usize = 2_000_000;

/// A package in the tree, with what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The package.
    pub name: PackageName,
    /// What it needs, by name; empty where [`Self::elsewhere`].
    pub needs: Vec<Branch>,
    /// Whether it needs something, which stands at another place of the tree.
    pub elsewhere: bool,
}

/// What leads to a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chains {
    /// The chains, the shortest first, each from a package that the project asks for.
    pub chains: Vec<Vec<PackageName>>,
    /// Whether these are all: packages that need each other in circles make more than anybody can count.
    pub complete: bool,
}

/// A package of the image as the graph sees it.
struct Node<'a> {
    dependencies: &'a BTreeSet<PackageName>,
    requested: bool,
}

impl<'a> From<&'a LockedPackage> for Node<'a> {
    fn from(package: &'a LockedPackage) -> Self {
        Self { dependencies: &package.dependencies, requested: package.requested }
    }
}

impl<'a> From<&'a KeptPackage> for Node<'a> {
    fn from(package: &'a KeptPackage) -> Self {
        Self { dependencies: &package.dependencies, requested: package.requested }
    }
}

type Nodes<'a> = BTreeMap<&'a PackageName, Node<'a>>;

impl Lock {
    /// Returns the packages that each package is wanted by.
    #[must_use]
    pub fn wanted_by(&self) -> BTreeMap<&PackageName, BTreeSet<&PackageName>> {
        let nodes = self.nodes();
        let mut wanted_by: BTreeMap<_, BTreeSet<_>> = nodes.keys().map(|name| (*name, BTreeSet::new())).collect();
        for (name, node) in &nodes {
            for dependency in node.dependencies {
                if let Some(by) = wanted_by.get_mut(dependency) {
                    by.insert(*name);
                }
            }
        }
        wanted_by
    }

    /// Returns the packages as trees: what the project asks for, then what nobody wants. Each package's own needs stand
    /// once, where it is nearest to the project.
    #[must_use]
    pub fn tree(&self) -> Vec<Branch> {
        let nodes = self.nodes();
        let roots = roots(&nodes);
        let expanded = nearest(&nodes, &roots);
        roots.iter().map(|root| branch(&nodes, &expanded, None, root, 0)).collect()
    }

    /// Returns the chains from each package that the project asks for to `name`, none when nothing leads there. No
    /// package stands in one twice.
    #[must_use]
    pub fn chains_to(&self, name: &PackageName) -> Chains {
        let nodes = self.nodes();
        let toward = toward(name, &self.wanted_by());
        let asked: Vec<&PackageName> = nodes.iter().filter(|(_, node)| node.requested).map(|(name, _)| *name).collect();
        let mut search = Search { nodes: &nodes, toward: &toward, to: name, found: BTreeSet::new(), work: MAX_WORK };
        // The shortest ones are there however many there are.
        search
            .found
            .extend(asked.iter().filter_map(|root| chain(root, name, &toward)).map(|chain| (chain.len(), chain)));
        asked.iter().for_each(|root| search.beyond(&mut vec![*root]));
        let complete = search.work > 0;
        Chains { chains: search.found.into_iter().map(|(_, chain)| chain).collect(), complete }
    }

    fn nodes(&self) -> Nodes<'_> {
        let kept = self.kept.iter().map(|package| (&package.name, Node::from(package)));
        kept.chain(self.packages.iter().map(|package| (&package.name, Node::from(package)))).collect()
    }
}

/// A search for chains that is given up after some work.
struct Search<'a> {
    nodes: &'a Nodes<'a>,
    /// The packages from which a chain leads to `to`.
    toward: &'a BTreeMap<&'a PackageName, &'a PackageName>,
    to: &'a PackageName,
    /// Chains by length.
    found: BTreeSet<(usize, Vec<PackageName>)>,
    work: usize,
}

impl<'a> Search<'a> {
    /// Finds all chains that begin with `chain`.
    fn beyond(&mut self, chain: &mut Vec<&'a PackageName>) {
        let Some(last) = chain.last().copied() else { return };
        if last == self.to {
            self.found.insert((chain.len(), chain.iter().map(|name| (*name).clone()).collect()));
            return;
        }
        for next in self.nodes.get(last).into_iter().flat_map(|node| node.dependencies) {
            self.work = self.work.saturating_sub(chain.len());
            if self.work == 0 {
                return;
            }
            let leads = next == self.to || self.toward.contains_key(next);
            if !leads || chain.contains(&next) || chain.len() == MAX_DEPTH {
                continue;
            }
            chain.push(next);
            self.beyond(chain);
            chain.pop();
        }
    }
}

/// What the project asks for; then what nobody wants, as far as it is known; then the first of each closed circle.
fn roots<'a>(nodes: &Nodes<'a>) -> Vec<&'a PackageName> {
    let wanted: BTreeSet<&PackageName> = nodes.values().flat_map(|node| node.dependencies).collect();
    let (asked, others): (Vec<_>, Vec<_>) = nodes.iter().partition(|(_, node)| node.requested);
    let unwanted = others.into_iter().filter(|(name, _)| !wanted.contains(**name));
    let mut roots: Vec<&PackageName> = asked.into_iter().chain(unwanted).map(|(name, _)| *name).collect();
    let mut reached = nearest(nodes, &roots);
    for name in nodes.keys() {
        if !reached.contains_key(name) {
            roots.push(name);
            reached = nearest(nodes, &roots);
        }
    }
    roots
}

/// Returns the parent under which each package is drawn with its needs: the first that is met going outward.
fn nearest<'a>(nodes: &Nodes<'a>, roots: &[&'a PackageName]) -> BTreeMap<&'a PackageName, Option<&'a PackageName>> {
    let mut parents: BTreeMap<_, _> = roots.iter().map(|root| (*root, None)).collect();
    let mut pending: VecDeque<&PackageName> = roots.iter().copied().collect();
    while let Some(name) = pending.pop_front() {
        for dependency in nodes.get(name).into_iter().flat_map(|node| node.dependencies) {
            if nodes.contains_key(dependency) && !parents.contains_key(dependency) {
                parents.insert(dependency, Some(name));
                pending.push_back(dependency);
            }
        }
    }
    parents
}

fn branch(
    nodes: &Nodes<'_>,
    expanded: &BTreeMap<&PackageName, Option<&PackageName>>,
    parent: Option<&PackageName>,
    name: &PackageName,
    depth: usize,
) -> Branch {
    let needs = nodes.get(name).into_iter().flat_map(|node| node.dependencies);
    let needs: Vec<&PackageName> = needs.filter(|need| nodes.contains_key(need)).collect();
    if depth == MAX_DEPTH || expanded.get(name) != Some(&parent) {
        return Branch { name: name.clone(), needs: Vec::new(), elsewhere: !needs.is_empty() };
    }
    let needs = needs.into_iter().map(|need| branch(nodes, expanded, Some(name), need, depth + 1)).collect();
    Branch { name: name.clone(), needs, elsewhere: false }
}

/// Returns, for each package from which a chain leads to `name`, the next one on it.
fn toward<'a>(
    name: &'a PackageName,
    wanted_by: &BTreeMap<&'a PackageName, BTreeSet<&'a PackageName>>,
) -> BTreeMap<&'a PackageName, &'a PackageName> {
    let mut next: BTreeMap<&PackageName, &PackageName> = BTreeMap::new();
    let mut pending = VecDeque::from([name]);
    while let Some(reached) = pending.pop_front() {
        for by in wanted_by.get(reached).into_iter().flatten() {
            if *by != name && !next.contains_key(by) {
                next.insert(by, reached);
                pending.push_back(by);
            }
        }
    }
    next
}

fn chain(
    from: &PackageName,
    to: &PackageName,
    toward: &BTreeMap<&PackageName, &PackageName>,
) -> Option<Vec<PackageName>> {
    let mut chain = vec![from.clone()];
    let mut here = from;
    while here != to {
        here = toward.get(here)?;
        chain.push(here.clone());
    }
    Some(chain)
}
