//! What the index knows, asked for ahead of the solver.
//!
//! Asking ahead follows the newest versions that fit, all of a level at once, so that the solver finds nearly everything
//! there already. It never decides anything: whatever arrives first, the answer is the same.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use pep440_rs::Version;
use pep508_rs::{ExtraName, PackageName, Requirement, VersionOrUrl};
use pubgrub::Ranges;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::direct::{DirectOffer, Offers};
use super::listing::Listing;
use super::place::Place;
use super::range;
use crate::packages::index::{Index, IndexError, Metadata};

/// How many questions are asked ahead at a time.
const AHEAD_LIMIT: usize = 48;

/// The index, and what was made of its answers.
#[derive(Clone)]
pub(super) struct Catalogue(Arc<Shared>);

struct Shared {
    index: Index,
    places: Vec<Arc<Place>>,
    direct: Arc<Offers>,
    runtime: Handle,
    listings: Mutex<HashMap<PackageName, Arc<Listing>>>,
    ahead: Mutex<Ahead>,
    permits: Arc<Semaphore>,
}

#[derive(Default)]
struct Ahead {
    seen: BTreeSet<(PackageName, Version, BTreeSet<ExtraName>)>,
    tasks: tokio::task::JoinSet<()>,
}

impl Catalogue {
    pub(super) fn new(index: &Index, places: Vec<Arc<Place>>, direct: Arc<Offers>, runtime: Handle) -> Self {
        Self(Arc::new(Shared {
            index: index.clone(),
            places,
            direct,
            runtime,
            listings: Mutex::default(),
            ahead: Mutex::default(),
            permits: Arc::new(Semaphore::new(AHEAD_LIMIT)),
        }))
    }

    pub(super) fn places(&self) -> &[Arc<Place>] {
        &self.0.places
    }

    /// Returns one for a single platform, which shares the index.
    pub(super) fn only(&self, place: &Arc<Place>) -> Self {
        Self::new(&self.0.index, vec![Arc::clone(place)], Arc::clone(&self.0.direct), self.0.runtime.clone())
    }

    /// Returns the versions of a project; waits for the index, and must not be called from within the runtime.
    pub(super) fn listing(&self, name: &PackageName) -> Result<Arc<Listing>, IndexError> {
        if let Some(known) = self.known(name) {
            return Ok(known);
        }
        let (this, name) = (self.clone(), name.clone());
        self.answer(async move { this.ask(&name).await })
    }

    /// Returns the metadata of the wheel that a platform takes of a version; waits likewise.
    pub(super) fn metadata(
        &self,
        listing: &Listing,
        version: &Version,
        place: usize,
    ) -> Option<Result<Arc<Metadata>, IndexError>> {
        let wheel = listing.wheel(version, place)?;
        let index = self.0.index.clone();
        Some(self.answer(async move { index.metadata(&wheel).await }))
    }

    /// Waits for an answer. A command that has failed elsewhere stops the runtime while the solver's thread still asks:
    /// a task is dropped then, where blocking on the runtime would panic.
    fn answer<T: Send + 'static>(
        &self,
        question: impl Future<Output = Result<T, IndexError>> + Send + 'static,
    ) -> Result<T, IndexError> {
        let (sender, answer) = mpsc::channel();
        self.0.runtime.spawn(async move {
            // Nobody waits any more when it cannot be sent.
            let _ = sender.send(question.await);
        });
        answer.recv().unwrap_or_else(|_| Err(IndexError::Setup("the command is ending".to_owned())))
    }

    /// Stops asking ahead.
    pub(super) fn rest(&self) {
        self.0.ahead.lock().unwrap_or_else(PoisonError::into_inner).tasks.abort_all();
    }

    /// Returns the wheels of a project that are asked for by their URLs.
    pub(super) fn direct(&self, name: &PackageName) -> &[DirectOffer] {
        self.0.direct.get(name).map_or(&[], Vec::as_slice)
    }

    fn known(&self, name: &PackageName) -> Option<Arc<Listing>> {
        self.0.listings.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    async fn ask(&self, name: &PackageName) -> Result<Arc<Listing>, IndexError> {
        if let Some(known) = self.known(name) {
            return Ok(known);
        }
        let listing = self.listed(name).await?;
        let mut listings = self.0.listings.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(listings.entry(name.clone()).or_insert_with(|| Arc::new(listing))))
    }

    async fn listed(&self, name: &PackageName) -> Result<Listing, IndexError> {
        let direct = self.direct(name);
        let is_direct = |place: &Arc<Place>| direct.iter().any(|offer| offer.is_for(place));
        if !direct.is_empty() && self.places().iter().all(is_direct) {
            return Ok(Listing::direct(name, direct, None, self.places()));
        }
        match self.0.index.project(name).await {
            Ok(files) if direct.is_empty() => Ok(Listing::new(files, self.places())),
            Ok(files) => Ok(Listing::direct(name, direct, Some(&files), self.places())),
            Err(IndexError::NoSuchProject { .. }) if !direct.is_empty() => {
                Ok(Listing::direct(name, direct, None, self.places()))
            }
            Err(error @ IndexError::NoSuchProject { .. }) => Ok(Listing::missing(error)),
            Err(error) => Err(error),
        }
    }

    /// Asks ahead for what a requirement will probably come to.
    pub(super) fn ahead(&self, name: &PackageName, extras: &BTreeSet<ExtraName>, range: &Ranges<Version>) {
        if self.places().iter().all(|place| place.installed.get(name).is_some_and(|it| range.contains(&it.version))) {
            return;
        }
        let (this, name, extras, range) = (self.clone(), name.clone(), extras.clone(), range.clone());
        self.spawn(async move { this.follow(&name, &extras, &range).await });
    }

    /// Asks ahead for the metadata of versions that will be tried if the present one is refused.
    pub(super) fn next_versions(&self, listing: &Listing, below: &Version, place: usize, count: usize) {
        let versions = listing.versions.range(..below).rev().filter(|(_, offer)| offer.yanked.is_none());
        let wheels: Vec<_> = versions.filter_map(|(version, _)| listing.wheel(version, place)).take(count).collect();
        for wheel in wheels {
            let this = self.clone();
            self.spawn(async move {
                let _permit = this.0.permits.acquire().await;
                let _ = this.0.index.metadata(&wheel).await;
            });
        }
    }

    fn spawn(&self, question: impl Future<Output = ()> + Send + 'static) {
        self.0.ahead.lock().unwrap_or_else(PoisonError::into_inner).tasks.spawn_on(question, &self.0.runtime);
    }

    /// What fails here fails again, with its reason, when the solver asks.
    async fn follow(&self, name: &PackageName, extras: &BTreeSet<ExtraName>, range: &Ranges<Version>) {
        let Ok(_permit) = self.0.permits.acquire().await else { return };
        let Ok(listing) = self.ask(name).await else { return };
        let Some((version, at)) = likely(&listing, range) else { return };
        let key = (name.clone(), version.clone(), extras.clone());
        if !self.0.ahead.lock().unwrap_or_else(PoisonError::into_inner).seen.insert(key) {
            return;
        }
        let Some(wheel) = listing.wheel(&version, at) else { return };
        let Ok(metadata) = self.0.index.metadata(&wheel).await else { return };
        drop(_permit);
        for requirement in &metadata.requires {
            self.ahead_of(requirement, extras);
        }
    }

    fn ahead_of(&self, requirement: &Requirement, extras: &BTreeSet<ExtraName>) {
        let extras: Vec<ExtraName> = extras.iter().cloned().collect();
        let applies = |place: &Arc<Place>| requirement.evaluate_markers(&place.markers, &extras);
        if self.places().iter().any(applies) {
            let range = match &requirement.version_or_url {
                Some(VersionOrUrl::VersionSpecifier(specifiers)) => range::of(specifiers),
                _ => Ranges::full(),
            };
            self.ahead(&requirement.name, &requirement.extras.iter().cloned().collect(), &range);
        }
    }
}

/// The newest final version that some platform can have.
fn likely(listing: &Listing, range: &Ranges<Version>) -> Option<(Version, usize)> {
    let fits = |version: &Version| range.contains(version) && (listing.only_prereleases || !version.any_prerelease());
    listing
        .versions
        .iter()
        .rev()
        .filter(|(version, offer)| offer.yanked.is_none() && fits(version))
        .find_map(|(version, offer)| Some((version.clone(), offer.wheels.iter().position(Option::is_some)?)))
}
