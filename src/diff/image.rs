//! Two images into what differs: for each platform its config, packages and layers.

use std::collections::{BTreeMap, BTreeSet};

use super::packages::{PackageChange, packages};
use super::values::{FieldChange, fields};
use crate::image::{DescribedImage, DescribedLayer, Platform};
use crate::layers::Digest;

/// What differs between two images.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageDiff {
    /// The platforms of either, each with what became of it.
    pub platforms: BTreeMap<Platform, ImageChange>,
}

/// What became of a platform.
#[derive(Debug, Clone, PartialEq)]
pub enum ImageChange {
    /// It is the same image.
    Same,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another image.
    Changed(PlatformDiff),
}

/// What differs between the images for one platform.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformDiff {
    /// The digest of the manifest, before and now.
    pub manifest: (Digest, Digest),
    /// What a container starts with, labels and annotations: `user`, `env.PYTHONPATH`, `annotations.…`.
    pub fields: Vec<FieldChange>,
    /// The packages that differ; `None` when one of the images does not say which it has.
    pub packages: Option<Vec<PackageChange>>,
    /// The layers of either, those of the new image first.
    pub layers: Vec<LayerChange>,
}

/// A layer, and on which side it is.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerChange {
    /// The layer.
    pub layer: DescribedLayer,
    /// Whether it was there before.
    pub before: bool,
    /// Whether it is there now.
    pub now: bool,
}

/// What of a described image is told first.
const ORDER: &[&str] = &["base", "user", "entrypoint", "cmd", "working_dir", "env", "labels"];

/// Compares two images, platform by platform; equal ones have no difference.
#[must_use]
pub fn images(before: &[DescribedImage], now: &[DescribedImage]) -> Option<ImageDiff> {
    let (before, now) = (by_platform(before), by_platform(now));
    let all: BTreeSet<&Platform> = before.keys().chain(now.keys()).copied().collect();
    let change = |platform: &Platform| match (before.get(platform), now.get(platform)) {
        (Some(before), Some(now)) => image(before, now),
        (None, _) => ImageChange::Added,
        (_, None) => ImageChange::Removed,
    };
    let platforms: BTreeMap<_, _> = all.into_iter().map(|platform| (platform.clone(), change(platform))).collect();
    let differs = platforms.values().any(|change| *change != ImageChange::Same);
    differs.then_some(ImageDiff { platforms })
}

fn by_platform(images: &[DescribedImage]) -> BTreeMap<&Platform, &DescribedImage> {
    images.iter().map(|image| (&image.platform, image)).collect()
}

fn image(before: &DescribedImage, now: &DescribedImage) -> ImageChange {
    if before.manifest == now.manifest {
        return ImageChange::Same;
    }
    let known = before.packages.as_ref().zip(now.packages.as_ref());
    ImageChange::Changed(PlatformDiff {
        manifest: (before.manifest, now.manifest),
        fields: fields(&before.settings, &now.settings, ORDER),
        packages: known.map(|(before, now)| packages(before, now)),
        layers: layers(&before.layers, &now.layers),
    })
}

fn layers(before: &[DescribedLayer], now: &[DescribedLayer]) -> Vec<LayerChange> {
    let digests = |layers: &[DescribedLayer]| layers.iter().map(|layer| layer.digest).collect::<BTreeSet<Digest>>();
    let (was, is) = (digests(before), digests(now));
    let mut seen = BTreeSet::new();
    let each = now.iter().chain(before).filter(|layer| seen.insert(layer.digest));
    let change = |layer: &DescribedLayer| {
        let (before, now) = (was.contains(&layer.digest), is.contains(&layer.digest));
        LayerChange { layer: layer.clone(), before, now }
    };
    each.map(change).collect()
}
