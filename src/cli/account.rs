//! What one image came to: the packages and layers of each platform, where they came from, and what became of them.
//!
//! Gathered from the steps and events that are told while it is made, for the result of `build` and `deploy`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::locking;
use crate::deploy::{BuiltImage, LayerOrigin, PackageLayer, PlatformPackages, Step};
use crate::image::{ImageLayer, Platform};
use crate::layers::Digest;
use crate::packages::index::{IndexEvent, Location};
use crate::packages::lock::{Lock, LockedPackage};
use crate::registry::Outcome;

/// What was seen so far; all copies are of one.
#[derive(Clone, Default)]
pub struct Account {
    seen: Arc<Mutex<Seen>>,
    /// Bytes that were downloaded, by file, and that no image claimed yet.
    downloads: Arc<Mutex<BTreeMap<String, u64>>>,
}

#[derive(Default)]
struct Seen {
    /// Bytes that were downloaded, by file.
    downloaded: BTreeMap<String, u64>,
    /// What became of blobs.
    pushed: BTreeMap<Digest, &'static str>,
    images: Vec<Image>,
    chosen: Vec<Chosen>,
}

/// The packages of one platform.
struct Chosen {
    platform: Platform,
    lock: Lock,
    locked_in: Option<PathBuf>,
}

/// The layers of one platform.
struct Image {
    platform: Platform,
    layers: Vec<Layer>,
}

/// One layer of an image.
struct Layer {
    digest: Digest,
    /// Bytes.
    size: u64,
    kind: &'static str,
    origin: &'static str,
    /// What is in it.
    title: Option<String>,
    packages: Vec<String>,
}

impl Account {
    /// Begins with another image.
    pub(super) fn begin(&self) {
        *self.seen() = Seen::default();
        self.downloads.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns the account of one of several images that are made at a time.
    pub(super) fn part(&self) -> Self {
        Self { seen: Arc::default(), downloads: Arc::clone(&self.downloads) }
    }

    /// Takes note of a step.
    pub(super) fn step(&self, step: &Step<'_>) {
        match step {
            Step::PackagesChosen(all) => self.seen().chosen = all.iter().map(Chosen::from).collect(),
            Step::Built(built) => self.seen().images = built.images.iter().map(Image::from).collect(),
            Step::Pushed(pushed) => {
                self.seen().pushed.extend(pushed.blobs.iter().map(|(digest, how)| (*digest, word(*how))))
            }
            _ => {}
        }
    }

    /// Takes note of a download.
    pub(super) fn fetched(&self, event: &IndexEvent) {
        if let IndexEvent::Received { file, bytes } = event {
            let mut downloads = self.downloads.lock().unwrap_or_else(PoisonError::into_inner);
            *downloads.entry(file.clone()).or_default() += bytes;
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a line about the packages and the lock that they are of; nothing where there are none.
    pub(super) fn line(&self) -> String {
        let seen = self.seen();
        let mut lines: Vec<String> = seen.chosen.iter().map(Chosen::told).collect();
        lines.dedup();
        lines.iter().map(|line| format!("  packages {line}\n")).collect()
    }

    /// Adds `packages` and `layers` to what is said of a platform; `is_pushed` unless the image only went into a file.
    pub(super) fn add_to(&self, json: &mut Value, platform: &Platform, is_pushed: bool) {
        let mut seen = self.seen();
        seen.claim(&mut self.downloads.lock().unwrap_or_else(PoisonError::into_inner));
        let image = seen.images.iter().find(|image| image.platform == *platform);
        json["packages"] = image.map(|image| seen.packages(image)).into();
        json["layers"] = image.map(|image| seen.layers(image, is_pushed)).into();
    }
}

/// Returns the word for what became of a blob.
fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Uploaded => "uploaded",
        Outcome::Mounted => "mounted",
        Outcome::Present => "present",
    }
}

impl Seen {
    /// Takes what was downloaded for it: each download is counted once, for the image that claims it first.
    fn claim(&mut self, downloads: &mut BTreeMap<String, u64>) {
        for package in self.chosen.iter().flat_map(|chosen| &chosen.lock.packages) {
            let file = package.wheel.name.to_string();
            if let Some(bytes) = downloads.remove(&file) {
                *self.downloaded.entry(file).or_default() += bytes;
            }
        }
    }

    fn packages(&self, image: &Image) -> Value {
        let Some(chosen) = self.chosen.iter().find(|chosen| chosen.platform == image.platform) else {
            return json!({"count": 0, "lock": null, "downloaded_bytes": 0, "from": {}});
        };
        let of_base = vec!["base"; chosen.lock.kept.len()];
        let others = chosen.lock.packages.iter().map(|package| self.source(package, image));
        let mut from: BTreeMap<&str, usize> = BTreeMap::new();
        of_base.into_iter().chain(others).for_each(|source| *from.entry(source).or_default() += 1);
        let files: BTreeSet<String> =
            chosen.lock.packages.iter().map(|package| package.wheel.name.to_string()).collect();
        let downloaded = files.iter().filter_map(|file| self.downloaded.get(file)).sum::<u64>();
        json!({"count": chosen.lock.packages.len() + chosen.lock.kept.len(), "lock": chosen.locked_in,
               "downloaded_bytes": downloaded, "from": from})
    }

    /// Returns where a package came from, the nearest place first.
    fn source(&self, package: &LockedPackage, image: &Image) -> &'static str {
        let name = package.name.to_string();
        let origin = image.layers.iter().find(|layer| layer.packages.contains(&name)).map(|layer| layer.origin);
        match origin {
            Some(origin @ ("cache" | "registry")) => origin,
            _ if self.downloaded.contains_key(&package.wheel.name.to_string()) => "index",
            _ if matches!(package.wheel.location, Location::Path(_)) => "directory",
            _ => "cache",
        }
    }

    fn layers(&self, image: &Image, is_pushed: bool) -> Value {
        let layer = |layer: &Layer| {
            // A push that finds the image under its tag asks for no blob.
            let pushed = is_pushed.then(|| self.pushed.get(&layer.digest).copied().unwrap_or("present"));
            json!({"digest": layer.digest.to_string(), "size": layer.size, "holds": layer.kind, "title": layer.title,
                   "packages": layer.packages, "origin": layer.origin, "pushed": pushed})
        };
        image.layers.iter().map(layer).collect()
    }
}

impl From<&PlatformPackages> for Chosen {
    fn from(packages: &PlatformPackages) -> Self {
        let PlatformPackages { platform, lock, locked_in, .. } = packages.clone();
        Self { platform, lock, locked_in }
    }
}

impl Chosen {
    /// `12 wheels, 45.31 MiB, by pylock.linux-amd64-py311.toml`
    fn told(&self) -> String {
        let what = locking::in_words(&self.lock);
        match self.locked_in.as_ref().and_then(|path| path.file_name()) {
            Some(name) => format!("{what}, by {}", name.to_string_lossy()),
            None => format!("{what}, without a lock (`leoflow lock` writes one)"),
        }
    }
}

impl From<&BuiltImage> for Image {
    fn from(built: &BuiltImage) -> Self {
        let layers = built.image.layers.iter().map(|layer| Layer::of(layer, &built.packages.layers));
        Self { platform: built.platform.clone(), layers: layers.collect() }
    }
}

impl Layer {
    fn of(layer: &ImageLayer, packages: &[PackageLayer]) -> Self {
        let (digest, size) = (layer.digest(), layer.size());
        let blank = |kind, origin| Self { digest, size, kind, origin, title: None, packages: Vec::new() };
        if matches!(layer, ImageLayer::Base(_)) {
            return blank("base", "base");
        }
        let Some(package) = packages.iter().find(|package| package.descriptor().digest == digest) else {
            return blank("project", "made");
        };
        let origin = match package.origin {
            LayerOrigin::Made => "made",
            LayerOrigin::Cache => "cache",
            LayerOrigin::Registry => "registry",
        };
        let names = package.batch.packages.iter().map(|package| package.name.to_string()).collect();
        Self { title: Some(package.batch.title.clone()), packages: names, ..blank("packages", origin) }
    }
}
