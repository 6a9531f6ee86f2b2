//! Which wheels share a layer (`docs/decisions/package-layers.md`).

use std::collections::BTreeMap;

use super::{InstallError, key, removed};
use crate::inspect::Facts;
use crate::layers::{Digest, EntryPath};
use crate::packages::lock::{Lock, LockedPackage};

/// A wheel of this size has a layer to itself, in bytes.
const LARGE: u64 = 2_000_000;

/// What is smaller shares one layer up to this size, in bytes…
const TOGETHER: u64 = 5_000_000;

/// …and is dealt out among so many beyond it.
const BUCKETS: u8 = 8;

/// What becomes one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// `pandas 2.1.0`, or `112 small packages`: what to call it.
    pub title: String,
    /// All that the layer's files depend on, said in one way only: content for a layer's key.
    pub key: String,
    /// What is installed, by name.
    pub packages: Vec<LockedPackage>,
    /// What the base has and nobody should see any more: OCI whiteouts are put there.
    pub removed: Vec<EntryPath>,
    /// Packages of layers below that the project asks for by name: `REQUESTED`, and the RECORD that lists it, are put
    /// here, so that naming a large package does not move its layer.
    pub marked: Vec<LockedPackage>,
}

impl Batch {
    /// Returns the packages whose wheels it is made of.
    #[must_use]
    pub fn sources(&self) -> &[LockedPackage] {
        if self.marked.is_empty() { &self.packages } else { &self.marked }
    }
}

/// Deals the packages of `lock` out to at most `most_layers` layers, the lowest first.
///
/// # Errors
/// When the base has no Python, leaves no room for layers, or has a distribution that cannot be replaced.
pub fn plan(lock: &Lock, facts: &Facts, most_layers: usize) -> Result<Vec<Batch>, InstallError> {
    let python = facts.python.as_ref().ok_or(InstallError::NoPython)?;
    let cleared = removed::clear(lock, facts, python)?;
    let room = most_layers.saturating_sub(usize::from(cleared.is_some()));
    if room == 0 && !lock.packages.is_empty() {
        return Err(InstallError::NoLayers);
    }
    let (groups, marked) = without_marks(fold(group(&lock.packages), room), room);
    let batches = groups.into_iter().map(|group| Batch {
        key: key::of(python, &group.packages),
        title: group.title,
        packages: group.packages,
        removed: Vec::new(),
        marked: Vec::new(),
    });
    let marks = (!marked.is_empty()).then(|| Batch {
        title: format!("records of {}", Group::of(marked.clone(), "large ").title),
        key: format!("marks of {}", key::of(python, &marked)),
        packages: Vec::new(),
        removed: Vec::new(),
        marked,
    });
    Ok(cleared.into_iter().chain(batches).chain(marks).collect())
}

/// Takes the marks off large packages, for a layer of their own, where there is room for one.
fn without_marks(mut groups: Vec<Group>, room: usize) -> (Vec<Group>, Vec<LockedPackage>) {
    if groups.len() >= room {
        return (groups, Vec::new());
    }
    let large = groups.iter_mut().filter(|group| group.is_marked()).flat_map(|group| &mut group.packages);
    let take = |package: &mut LockedPackage| LockedPackage {
        requested: std::mem::take(&mut package.requested),
        ..package.clone()
    };
    let marked = large.map(take).collect();
    (groups, marked)
}

struct Group {
    title: String,
    packages: Vec<LockedPackage>,
    is_large: bool,
}

impl Group {
    fn of(packages: Vec<LockedPackage>, kind: &str) -> Self {
        let title = match &packages[..] {
            [package] => format!("{} {}", package.name, package.version),
            packages => format!("{} {kind}packages", packages.len()),
        };
        Self { title, packages, is_large: false }
    }

    fn large(package: LockedPackage) -> Self {
        Self { is_large: true, ..Self::of(vec![package], "") }
    }

    fn size(&self) -> u64 {
        size(&self.packages)
    }

    fn is_marked(&self) -> bool {
        self.is_large && self.packages.iter().any(|package| package.requested)
    }
}

/// What an index does not say is taken for little: only it knows.
fn size(packages: &[LockedPackage]) -> u64 {
    packages.iter().filter_map(|package| package.wheel.size).fold(0, u64::saturating_add)
}

/// Large packages come first, by name, then the small ones: those change more often, and what lies below stays.
fn group(packages: &[LockedPackage]) -> Vec<Group> {
    let is_large = |package: &LockedPackage| package.wheel.size.is_some_and(|size| size >= LARGE);
    let (large, small): (Vec<_>, Vec<_>) = packages.iter().cloned().partition(is_large);
    large.into_iter().map(Group::large).chain(small_groups(small)).collect()
}

/// Few stay together; many are dealt out by their names, so that one that comes, goes or changes moves its bucket alone.
fn small_groups(packages: Vec<LockedPackage>) -> Vec<Group> {
    let buckets = if size(&packages) < TOGETHER { 1 } else { BUCKETS };
    let mut dealt: BTreeMap<u8, Vec<LockedPackage>> = BTreeMap::new();
    for package in packages {
        dealt.entry(bucket(&package) % buckets).or_default().push(package);
    }
    dealt.into_values().map(|packages| Group::of(packages, "small ")).collect()
}

fn bucket(package: &LockedPackage) -> u8 {
    Digest::of(package.name.as_ref().as_bytes()).as_bytes()[0]
}

/// Puts the small ones together, and then the smallest of the large ones with them, until there is room.
fn fold(mut groups: Vec<Group>, room: usize) -> Vec<Group> {
    while groups.len() > room {
        let smallest = |groups: &[Group]| {
            (0..groups.len()).min_by_key(|at| (groups[*at].is_large, groups[*at].size(), groups[*at].title.clone()))
        };
        let Some(one) = smallest(&groups).map(|at| groups.remove(at)) else { break };
        let Some(other) = smallest(&groups).map(|at| groups.remove(at)) else { break };
        let mut packages = [one.packages, other.packages].concat();
        packages.sort_by(|one, other| one.name.cmp(&other.name));
        groups.push(Group::of(packages, ""));
    }
    groups
}
