//! What an index has of one project, as versions and the wheel that each platform would take of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::PackageName;
use pubgrub::Ranges;

use super::direct::DirectOffer;
use super::place::{Mask, Place};
use crate::packages::index::{DistributionFile, FileKind, IndexError, ProjectFiles};
use crate::packages::target::TagRank;

/// A project's versions, and why there are none if no source knows it.
#[derive(Debug)]
pub(super) struct Listing {
    pub files: Option<Arc<ProjectFiles>>,
    pub missing: Option<IndexError>,
    pub versions: BTreeMap<Version, Offer>,
    /// All that can be installed somewhere are pre-releases.
    pub only_prereleases: bool,
}

/// What there is of one version.
#[derive(Debug)]
pub(super) struct Offer {
    /// The best wheel for each platform: its place among the files.
    pub wheels: Vec<Option<usize>>,
    /// Why it was yanked, if every wheel was that could be taken.
    pub yanked: Option<String>,
}

impl Listing {
    /// No source has the project.
    pub(super) fn missing(error: IndexError) -> Self {
        Self { files: None, missing: Some(error), versions: BTreeMap::new(), only_prereleases: false }
    }

    /// What is asked for by its URL is all that its platforms get; the others get what an index has.
    pub(super) fn direct(
        name: &PackageName,
        offers: &[DirectOffer],
        indexed: Option<&ProjectFiles>,
        places: &[Arc<Place>],
    ) -> Self {
        let direct = offers.iter().map(|offer| offer.file.clone());
        let files = direct.chain(indexed.iter().flat_map(|project| project.files.iter().cloned())).collect();
        let index = indexed.map(|project| project.index.clone()).unwrap_or_default();
        let is_for = |at: usize, place: &Place| match offers.get(at) {
            Some(offer) => offer.is_for(place),
            None => !offers.iter().any(|offer| offer.is_for(place)),
        };
        Self::of(Arc::new(ProjectFiles { name: name.clone(), index, files }), places, is_for)
    }

    pub(super) fn new(files: Arc<ProjectFiles>, places: &[Arc<Place>]) -> Self {
        Self::of(files, places, |_, _| true)
    }

    /// Lists files, of which each place may have those that `is_for` says.
    fn of(files: Arc<ProjectFiles>, places: &[Arc<Place>], is_for: impl Fn(usize, &Place) -> bool) -> Self {
        let mut grouped: BTreeMap<Version, Vec<usize>> = BTreeMap::new();
        for (at, file) in files.files.iter().enumerate() {
            if let Some(version) = version_of(file) {
                grouped.entry(version.clone()).or_default().push(at);
            }
        }
        let offer = |of: Vec<usize>| Offer::new(&files.files, &of, places, &is_for);
        let versions: BTreeMap<_, _> = grouped.into_iter().map(|(version, of)| (version, offer(of))).collect();
        let can_be_had = |offer: &Offer| offer.yanked.is_none() && offer.wheels.iter().any(Option::is_some);
        let only_prereleases =
            versions.iter().filter(|(_, offer)| can_be_had(offer)).all(|(version, _)| version.any_prerelease());
        Self { files: Some(files), missing: None, versions, only_prereleases }
    }

    /// Returns the wheel that a platform takes of a version.
    pub(super) fn wheel(&self, version: &Version, place: usize) -> Option<&DistributionFile> {
        let at = self.versions.get(version)?.wheels.get(place).copied().flatten()?;
        self.files.as_ref()?.files.get(at)
    }

    /// Returns the files of all versions in `range`.
    pub(super) fn files_in<'a>(&'a self, range: &'a Ranges<Version>) -> impl Iterator<Item = &'a DistributionFile> {
        let files = self.files.as_deref().map_or(&[][..], |files| &files.files);
        files.iter().filter(move |file| version_of(file).is_some_and(|version| range.contains(version)))
    }
}

pub(super) fn version_of(file: &DistributionFile) -> Option<&Version> {
    match &file.kind {
        FileKind::Wheel(name) => Some(&name.version),
        FileKind::Source(version) => Some(version),
        FileKind::Other => None,
    }
}

impl Offer {
    fn new(
        files: &[DistributionFile],
        of: &[usize],
        places: &[Arc<Place>],
        is_for: &impl Fn(usize, &Place) -> bool,
    ) -> Self {
        let best = |place: &Arc<Place>| {
            let here = of.iter().copied().filter(|at| is_for(*at, place));
            here.filter_map(|at| Some((rank(&files[at], place)?, at))).max()
        };
        let wheels: Vec<Option<usize>> = places.iter().map(|place| best(place).map(|(_, at)| at)).collect();
        let taken: Vec<usize> = wheels.iter().copied().flatten().collect();
        let reason = taken.first().and_then(|at| files[*at].yanked.clone());
        Self { yanked: reason.filter(|_| taken.iter().all(|at| files[*at].yanked.is_some())), wheels }
    }

    /// Returns whether each of the platforms has a wheel of it.
    pub(super) fn is_for(&self, mask: Mask) -> bool {
        mask.places().all(|place| self.wheels.get(place).is_some_and(Option::is_some))
    }
}

/// What pip prefers: not yanked, then by tag, then by build tag; of equals, the one listed last.
type Preference = (bool, Reverse<TagRank>, Option<(u64, String)>);

fn rank(file: &DistributionFile, place: &Place) -> Option<Preference> {
    let FileKind::Wheel(wheel) = &file.kind else { return None };
    let fit = place.tags.rank(wheel).filter(|_| place.runs(file.requires_python.as_ref()))?;
    Some((file.yanked.is_none(), Reverse(fit), wheel.build.clone()))
}
