//! Wheels that the project asks for by their URLs: each is all there is of its package, on the platforms that want it.

use std::collections::BTreeMap;

use pep508_rs::{PackageName, Requirement};

use super::error::ResolveError;
use super::place::Place;
use super::{edge, explain};
use crate::packages::direct::{self, DirectWheel};
use crate::packages::index::{DistributionFile, Index};
use crate::packages::requirements::Wanted;

/// By package.
pub(super) type Offers = BTreeMap<PackageName, Vec<DirectOffer>>;

/// A wheel, and who asks for it.
#[derive(Debug, Clone)]
pub(super) struct DirectOffer {
    pub requirement: Requirement,
    pub wheel: DirectWheel,
    pub file: DistributionFile,
}

impl DirectOffer {
    /// Returns whether it is what a platform wants.
    pub(super) fn is_for(&self, place: &Place) -> bool {
        self.requirement.evaluate_markers(&place.markers, &[])
    }
}

/// Finds the wheels that `wanted` asks for by their URLs.
pub(super) async fn offers(wanted: &[Wanted], places: &[Place], index: &Index) -> Result<Offers, ResolveError> {
    let mut offers = Offers::new();
    for Wanted { requirement, .. } in wanted {
        let Ok(Some(wheel)) = direct::wheel(requirement) else { continue };
        let name = requirement.name.clone();
        let failed = |error| ResolveError::Index { name: name.clone(), chain: Vec::new(), error: Box::new(error) };
        let file = index.direct(&wheel).await.map_err(failed)?;
        offers.entry(name).or_default().push(DirectOffer { requirement: requirement.clone(), wheel, file });
    }
    check(&offers, places, wanted)?;
    Ok(offers)
}

/// A platform has one place for a package.
fn check(offers: &Offers, places: &[Place], wanted: &[Wanted]) -> Result<(), ResolveError> {
    for (name, offers) in offers {
        let is_twice = |place: &Place| {
            let mut here = offers.iter().filter(|offer| offer.is_for(place));
            here.next().is_some_and(|first| here.any(|other| other.wheel.sha256 != first.wheel.sha256))
        };
        if places.iter().any(is_twice) {
            let of_name = wanted.iter().filter(|it| it.requirement.name == *name);
            let told = |it: &Wanted| format!("{} wants `{}`", explain::place(&it.origin), edge::plain(&it.requirement));
            return Err(ResolveError::Conflict { wants: of_name.map(told).collect(), change: None });
        }
    }
    Ok(())
}

/// What a base has of such a package makes room, whatever its version: it came from elsewhere.
pub(super) fn clear(places: &mut [Place], offers: &Offers) {
    for place in places {
        for (name, offers) in offers {
            if offers.iter().any(|offer| offer.is_for(place)) {
                place.installed.remove(name);
            }
        }
    }
}
