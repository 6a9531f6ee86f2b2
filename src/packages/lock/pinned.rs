//! What a requirements.txt pins, into the wheels that an index has of it.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use pep508_rs::{ExtraName, PackageName, Requirement};

use super::error::{LockError, LockFault};
use super::requirements::{Pin, Pins};
use super::values::{Lock, LockedPackage, LockedWheel};
use crate::packages::Target;
use crate::packages::index::{DistributionFile, FileKind, Index, ProjectFiles};
use crate::packages::target::{TagRank, Tags};
use crate::packages::wheel::WheelName;

impl Pins {
    /// Returns the wheels for a target: of each pin's files the one that fits best. Nothing beside the pins is installed,
    /// as pip has it ("Hash-checking Mode").
    ///
    /// # Errors
    /// When an index cannot be asked, or has no wheel that runs there and has one of the hashes.
    pub async fn lock(
        &self,
        target: &Target,
        index: &Index,
        requested: &BTreeSet<PackageName>,
    ) -> Result<Lock, LockError> {
        let tags = target.tags();
        let wanted = self.wanted(target)?;
        let packages = wanted.into_iter().map(async |pin| {
            let (wheel, dependencies) = wheel(pin, target, &tags, index).await?;
            Ok::<_, LockError>(LockedPackage {
                name: pin.name.clone(),
                version: pin.version.clone(),
                wheel,
                extras: pin.extras.clone(),
                dependencies,
                requested: requested.contains(&pin.name),
            })
        });
        Ok(Lock { packages: try_join_all(packages).await?, kept: Vec::new() })
    }

    /// Returns the pins whose markers hold, sorted by name, each name once.
    fn wanted(&self, target: &Target) -> Result<Vec<&Pin>, LockError> {
        let markers = target.markers();
        let holds = |pin: &&Pin| markers.as_ref().is_none_or(|markers| pin.marker.evaluate(markers, &[]));
        let mut wanted: Vec<&Pin> = self.pins.iter().filter(holds).collect();
        wanted.sort_by(|one, other| one.name.cmp(&other.name));
        match wanted.windows(2).find(|pair| pair[0].name == pair[1].name) {
            Some(pair) => Err(fault(pair[1], format!("`{}` is pinned twice for {}", pair[1].name, target.platform))),
            None => Ok(wanted),
        }
    }
}

/// Returns the wheel of a pin, and what it needs.
async fn wheel(
    pin: &Pin,
    target: &Target,
    tags: &Tags,
    index: &Index,
) -> Result<(LockedWheel, BTreeSet<PackageName>), LockError> {
    let project = index.project(&pin.name).await?;
    for (_, name, file) in ranked(pin, tags, &project) {
        let (sha256, size) = match file.sha256 {
            Some(sha256) => (sha256, file.size),
            None => index.digest(&file).await.map(|(sha256, size)| (sha256, Some(size)))?,
        };
        if pin.hashes.contains(&sha256) {
            let dependencies = dependencies(pin, &file, target, index).await;
            let (location, index) = (file.location, Some(project.index.clone()));
            let wheel = LockedWheel { name, location, index, sha256, size, direct_url: None };
            return Ok((wheel, dependencies));
        }
    }
    let message = format!(
        "none of the hashes of {} {} is that of a wheel in {} that runs on {} with Python {}",
        pin.name, pin.version, project.index, target.platform, target.python
    );
    Err(fault(pin, message))
}

/// Returns what a wheel needs on the target. Where its metadata cannot be had, nobody knows: the pin is good all the same.
async fn dependencies(pin: &Pin, file: &DistributionFile, target: &Target, index: &Index) -> BTreeSet<PackageName> {
    let Ok(metadata) = index.metadata(file).await else { return BTreeSet::new() };
    let extras: Vec<ExtraName> = pin.extras.iter().cloned().collect();
    let markers = target.markers();
    let holds = |needs: &&Requirement| markers.as_ref().is_some_and(|on| needs.evaluate_markers(on, &extras));
    metadata.requires.iter().filter(holds).map(|needs| needs.name.clone()).collect()
}

/// Returns the wheels of a pin's version that run on the target, best first.
fn ranked(pin: &Pin, tags: &Tags, project: &ProjectFiles) -> Vec<(TagRank, WheelName, DistributionFile)> {
    let entries = project.entries().enumerate().filter(|(_, entry)| entry.version.as_ref() == Some(&pin.version));
    let wheel = |file: DistributionFile| match &file.kind {
        FileKind::Wheel(name) => Some((tags.rank(name)?, name.clone(), file)),
        _ => None,
    };
    let mut ranked: Vec<_> = entries.filter_map(|(at, _)| wheel(project.file(at)?)).collect();
    ranked.sort_by(|(rank, one, _), (other_rank, other, _)| rank.cmp(other_rank).then(other.build.cmp(&one.build)));
    ranked
}

fn fault(pin: &Pin, message: String) -> LockError {
    let help = "pin it anew for this target (`uv pip compile --generate-hashes`), or run `leoflow lock`";
    LockError::Fault(Box::new(LockFault { span: pin.span.clone(), message, help: Some(help.to_owned()) }))
}
