//! What an index has of one project, as versions and the wheel that each platform would take of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::PackageName;
use pubgrub::Ranges;

use super::direct::DirectOffer;
use super::place::{Mask, Place};
use crate::packages::index::{DistributionFile, FileEntry, FileKind, IndexError, ProjectFiles};
use crate::packages::target::TagRank;
use crate::packages::wheel::WheelName;

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
        let files = ProjectFiles::with_direct(name, offers.iter().map(|offer| offer.file.clone()), indexed);
        let is_for = |at: usize, place: &Place| match offers.get(at) {
            Some(offer) => offer.is_for(place),
            None => !offers.iter().any(|offer| offer.is_for(place)),
        };
        Self::of(Arc::new(files), places, is_for)
    }

    pub(super) fn new(files: Arc<ProjectFiles>, places: &[Arc<Place>]) -> Self {
        Self::of(files, places, |_, _| true)
    }

    /// Lists files, of which each place may have those that `is_for` says.
    fn of(files: Arc<ProjectFiles>, places: &[Arc<Place>], is_for: impl Fn(usize, &Place) -> bool) -> Self {
        let versions = versions(&files, places, &is_for);
        let can_be_had = |offer: &Offer| offer.yanked.is_none() && offer.wheels.iter().any(Option::is_some);
        let only_prereleases =
            versions.iter().filter(|(_, offer)| can_be_had(offer)).all(|(version, _)| version.any_prerelease());
        Self { files: Some(files), missing: None, versions, only_prereleases }
    }

    /// Returns the wheel that a platform takes of a version.
    pub(super) fn wheel(&self, version: &Version, place: usize) -> Option<DistributionFile> {
        let at = self.versions.get(version)?.wheels.get(place).copied().flatten()?;
        self.files.as_ref()?.file(at)
    }

    /// Returns the files of all versions in `range`.
    pub(super) fn files_in(&self, range: &Ranges<Version>) -> Vec<DistributionFile> {
        let Some(files) = &self.files else { return Vec::new() };
        let inside = |version: Option<Version>| version.is_some_and(|version| range.contains(&version));
        let entries = files.entries().enumerate().filter(|(_, entry)| inside(entry.version.clone()));
        entries.filter_map(|(at, _)| files.file(at)).collect()
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
    fn new<'a>(
        files: &ProjectFiles,
        of: &[(usize, FileEntry<'a>)],
        fits: &mut [Fits<'a>],
        is_for: &impl Fn(usize, &Place) -> bool,
    ) -> Self {
        let wheels: Vec<Option<usize>> = fits.iter_mut().map(|fits| fits.best(of, is_for)).collect();
        let is_yanked = |at: &usize| of.iter().any(|(of, entry)| of == at && entry.is_yanked);
        let all_yanked = wheels.iter().flatten().all(is_yanked);
        let first = wheels.iter().flatten().next().filter(|_| all_yanked);
        Self { yanked: first.and_then(|at| files.file(*at)?.yanked), wheels }
    }

    /// Returns whether each of the platforms has a wheel of it.
    pub(super) fn is_for(&self, mask: Mask) -> bool {
        mask.places().all(|place| self.wheels.get(place).is_some_and(Option::is_some))
    }
}

/// What pip prefers: not yanked, then by tag, then by build tag; of equals, the one listed last.
type Preference<'a> = (bool, Reverse<TagRank>, Option<(u64, &'a str)>);

/// Ranks the wheels of one project for one platform. Thousands of them share some dozens of tags and of `Requires-Python`.
struct Fits<'a> {
    place: &'a Place,
    tags: HashMap<&'a str, Option<TagRank>>,
    pythons: HashMap<&'a str, bool>,
}

impl<'a> Fits<'a> {
    fn new(place: &'a Place) -> Self {
        Self { place, tags: HashMap::new(), pythons: HashMap::new() }
    }

    /// Returns the place of the best of several files.
    fn best(&mut self, of: &[(usize, FileEntry<'a>)], is_for: &impl Fn(usize, &Place) -> bool) -> Option<usize> {
        let here = of.iter().filter(|(at, _)| is_for(*at, self.place)).collect::<Vec<_>>();
        here.into_iter().filter_map(|(at, entry)| Some((self.rank(entry)?, *at))).max().map(|(_, at)| at)
    }

    fn rank(&mut self, entry: &FileEntry<'a>) -> Option<Preference<'a>> {
        let wheel = entry.wheel.as_ref()?;
        let name = || entry.filename.parse::<WheelName>().ok();
        let rank = (*self.tags.entry(wheel.tags).or_insert_with(|| self.place.tags.rank(&name()?)))?;
        let runs = || self.place.runs(entry.specifiers().as_ref());
        let runs = *self.pythons.entry(entry.requires_python).or_insert_with(runs);
        runs.then_some((!entry.is_yanked, Reverse(rank), wheel.build))
    }
}

/// Groups the files by version; most indexes list those of one version together.
fn versions(
    files: &ProjectFiles,
    places: &[Arc<Place>],
    is_for: &impl Fn(usize, &Place) -> bool,
) -> BTreeMap<Version, Offer> {
    let entries: Vec<_> = files.entries().enumerate().collect();
    let mut grouped: BTreeMap<Version, Vec<_>> = BTreeMap::new();
    for neighbours in entries.chunk_by(|(_, one), (_, other)| one.version == other.version) {
        if let Some(version) = &neighbours[0].1.version {
            grouped.entry(version.clone()).or_default().extend_from_slice(neighbours);
        }
    }
    let mut fits: Vec<Fits<'_>> = places.iter().map(|place| Fits::new(place)).collect();
    grouped.into_iter().map(|(version, of)| (version, Offer::new(files, &of, &mut fits, is_for))).collect()
}
