//! Package indexes and directories of wheels, that behave, fail and lie.

mod downloads;
mod faults;
mod moved;
mod pages;
mod privacy;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leoflow::cache::{self, Cache};
use leoflow::layers::{Blob, Digest};
use leoflow::packages::index::{
    DistributionFile, FileKind, FindLinks, Index, IndexError, IndexEvent, IndexOptions, LeastRate, Location, Sources,
};
use leoflow::packages::lock::LockedWheel;

use crate::support::wheels::Wheel;

/// A client under test, and what it told.
struct Bench {
    directory: tempfile::TempDir,
    sources: Sources,
    told: Arc<Mutex<Vec<IndexEvent>>>,
}

impl Bench {
    /// Nothing to ask yet.
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), sources: Sources::default(), told: Arc::default() }
    }

    fn at(url: impl AsRef<str>) -> Self {
        Self::new().index(url)
    }

    /// One more index.
    fn index(mut self, url: impl AsRef<str>) -> Self {
        self.sources.indexes.push(url.as_ref().parse().unwrap());
        self
    }

    fn find_links(mut self, directory: &Path) -> Self {
        self.sources.find_links.push(FindLinks::Directory(directory.to_owned()));
        self
    }

    fn options(&self) -> IndexOptions {
        let told = Arc::clone(&self.told);
        IndexOptions {
            backoff: Duration::from_millis(1),
            idle: Duration::from_secs(5),
            temporary_directory: self.directory.path().to_owned(),
            observer: Arc::new(move |event| told.lock().unwrap().push(event)),
            ..IndexOptions::new(self.sources.clone())
        }
    }

    /// A client without a cache.
    fn client(&self) -> Index {
        Index::new(self.options()).unwrap()
    }

    fn cache(&self) -> Cache {
        let (directory, max_size) = (self.directory.path().join("cache"), 1 << 30);
        Cache::open(cache::Options { directory, max_size, on_fault: Arc::new(|fault| panic!("{fault}")) })
    }

    /// A client that has not learnt anything but what the cache keeps.
    fn caching(&self) -> Index {
        Index::new(IndexOptions { cache: self.cache(), ..self.options() }).unwrap()
    }

    /// All that lies in the cache, as text.
    fn kept(&self) -> String {
        let files = |directory| std::fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path());
        let kept = files(self.directory.path().join("cache")).flat_map(files);
        kept.map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()).collect()
    }

    fn told(&self) -> Vec<IndexEvent> {
        self.told.lock().unwrap().clone()
    }

    /// How many bytes were received.
    fn received(&self) -> u64 {
        let bytes = |event: &IndexEvent| if let IndexEvent::Received { bytes, .. } = event { *bytes } else { 0 };
        self.told().iter().map(bytes).sum()
    }
}

/// What is listed of a project, in full.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    index: String,
    files: Vec<DistributionFile>,
}

async fn project(index: &Index, name: &str) -> Result<Found, IndexError> {
    let found = index.project(&name.parse().unwrap()).await?;
    Ok(Found { index: found.index.clone(), files: found.files().collect() })
}

fn names(project: &Found) -> Vec<&str> {
    project.files.iter().map(|file| file.filename.as_str()).collect()
}

/// A wheel of an index as a lock would have it.
fn locked(file: &DistributionFile) -> LockedWheel {
    let FileKind::Wheel(name) = file.kind.clone() else { panic!("{file:?}") };
    let sha256 = file.sha256.expect("the index says the digest");
    LockedWheel { name, location: file.location.clone(), index: None, sha256, size: file.size, direct_url: None }
}

fn read(blob: &Blob) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut blob.reader(), &mut bytes).unwrap();
    bytes
}

/// A wheel of a few hundred kilobytes that does not compress.
fn large() -> Wheel {
    let mut random = fastrand::Rng::with_seed(7);
    let noise: Vec<u8> = (0..600_000).map(|_| random.u8(..)).collect();
    Wheel::new("large", "1.0").file("large/data.bin", noise)
}
