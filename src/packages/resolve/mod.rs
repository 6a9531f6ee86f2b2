//! Requirements into one exact set of wheels a platform.
//!
//! ```text
//! Catalogue   what the index has, asked for ahead of need
//! Listing     one project's versions, and the wheel each platform would take
//! Provider    pip's rules, as the solver (PubGrub) asks for them
//! solve       the solver's answer, or what stands in its way
//! solution    that answer as a lock a platform, with warnings
//! explain     what stands in its way, in words
//! change      which requirement to change
//! help        what to do about it
//! ```
//!
//! Everything is decided for the targets, and all platforms get the same versions. What the index answers decides; the
//! order in which its answers arrive does not.

mod catalogue;
mod change;
mod derivation;
mod direct;
mod edge;
mod error;
mod explain;
mod help;
mod lacking;
mod listing;
mod node;
mod place;
mod problem;
mod provider;
mod range;
mod required;
mod solution;
mod solve;
mod warning;

use std::collections::BTreeMap;
use std::sync::Arc;

use pep440_rs::Version;
use pep508_rs::PackageName;

pub use error::{Reason, ResolveError, Step, Unavailable, Unfit};
pub use warning::Warning;

use super::index::Index;
use super::lock::Lock;
use super::requirements::Wanted;
use super::target::Target;
use crate::inspect::Facts;
use catalogue::Catalogue;
use place::{Mask, Place};

/// What may be decided in more than one way.
#[derive(Debug, Clone, Default)]
pub struct ResolveOptions {
    /// Versions of an earlier lock, which are kept where they still fit.
    pub preferences: BTreeMap<PackageName, Version>,
}

/// One platform to resolve for.
#[derive(Debug, Clone, Copy)]
pub struct ForPlatform<'a> {
    /// What the wheels must fit.
    pub target: &'a Target,
    /// What its base has.
    pub facts: &'a Facts,
}

/// What requirements come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// One a platform, in the order in which they were given.
    pub locks: Vec<Lock>,
    /// What the project's author should know.
    pub warnings: Vec<Warning>,
}

/// Resolves a project's requirements for all its platforms at once.
///
/// What a base has, and is good enough, is kept; the rest comes from the index, the newest that fits.
///
/// # Errors
/// When something is not to be had, requirements contradict each other, or the index fails.
pub async fn resolve(
    requirements: &[Wanted],
    platforms: &[ForPlatform<'_>],
    index: &Index,
    options: &ResolveOptions,
) -> Result<Resolution, ResolveError> {
    let places = platforms.iter().take(Mask::LIMIT).map(Place::new);
    let mut places = places.collect::<Result<Vec<_>, _>>()?;
    let direct = direct::offers(requirements, &places, index).await?;
    direct::clear(&mut places, &direct);
    let places = places.into_iter().map(Arc::new).collect();
    let catalogue = Catalogue::new(index, places, Arc::new(direct), tokio::runtime::Handle::current());
    let (wanted, preferences, solver) = (requirements.to_vec(), options.preferences.clone(), catalogue.clone());
    // The solver waits for the index whenever it must, which only a thread of its own may do.
    let found = tokio::task::spawn_blocking(move || solve::solve(&solver, &wanted, &preferences)).await;
    catalogue.rest();
    let resolution = found.unwrap_or_else(|error| Err(ResolveError::Broken { reason: error.to_string() }))?;
    solution::with_digests(resolution, index).await
}
