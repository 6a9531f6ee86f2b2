//! What deploys of one command have in common: read, resolved and made once, however many of them want it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::once::Once;
use crate::image::BaseImage;
use crate::inspect::Facts;
use crate::layers::{Digest, Layer};
use crate::packages::resolve::Resolution;

/// How many layers are kept at hand: each of them may hold a file open.
const MOST_LAYERS: usize = 256;

/// How much of them stays in memory, in bytes; the rest lies in files.
const MOST_MEMORY: u64 = 32 << 20;

/// What deploys of one command have in common; they build with the same tools.
pub struct Common {
    /// Bases, by name and platforms: the tag of a base is asked for once, and all are built on one.
    pub(super) bases: Once<String, Vec<BaseImage>>,
    /// What bases have.
    pub(super) facts: Once<String, Facts>,
    /// What the same requirements come to on the same bases.
    pub(super) resolutions: Once<Digest, Resolution>,
    /// Lengths of wheels that no index says, in bytes.
    pub(super) sizes: Once<Digest, u64>,
    /// Package layers that are being made, by the digests of their keys.
    pub(super) making: Once<Digest, Layer>,
    /// Sets of layers of which it was found out whether two own one path.
    pub(super) sets: Once<Digest, ()>,
    /// Package layers that were made, or verified, by the digests of their keys.
    pub(super) shelf: Shelf,
    compilers: Semaphore,
    packers: Semaphore,
}

impl Common {
    /// Prepares for a machine on which so many threads may work.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        Self {
            bases: Once::default(),
            facts: Once::default(),
            resolutions: Once::default(),
            sizes: Once::default(),
            making: Once::default(),
            sets: Once::default(),
            shelf: Shelf::default(),
            compilers: Semaphore::new(threads),
            packers: Semaphore::new(threads),
        }
    }

    /// Waits until one more dag.py may be executed: each is a process of its own.
    pub(super) async fn compiling(&self) -> Option<SemaphorePermit<'_>> {
        self.compilers.acquire().await.ok()
    }

    /// Waits until one more layer may be made.
    pub(super) async fn packing(&self) -> Option<SemaphorePermit<'_>> {
        self.packers.acquire().await.ok()
    }
}

/// Layers at hand: none of them needs to be hashed again.
#[derive(Default)]
pub(super) struct Shelf(Mutex<Shelved>);

#[derive(Default)]
struct Shelved {
    layers: HashMap<Digest, Layer>,
    /// Bytes.
    in_memory: u64,
}

impl Shelf {
    pub(super) fn get(&self, key: Digest) -> Option<Layer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).layers.get(&key).cloned()
    }

    /// Keeps a layer at hand, as far as there is room: the cache has it as well.
    pub(super) fn put(&self, key: Digest, layer: &Layer) {
        let mut shelved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = if layer.blob.is_in_memory() { layer.blob.size() } else { 0 };
        let has_room = shelved.layers.len() < MOST_LAYERS && shelved.in_memory + memory <= MOST_MEMORY;
        if has_room && shelved.layers.insert(key, layer.clone()).is_none() {
            shelved.in_memory += memory;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{AssembleOptions, Blob, Compression, FileSet, assemble};

    #[test]
    fn a_shelf_has_room_for_so_much_in_memory() {
        let options = AssembleOptions {
            compression: Compression::default(),
            modified: 0,
            threads: 1,
            spool_directory: ".".into(),
        };
        let layer = assemble(&FileSet::default(), &options).unwrap();
        let of = |size: usize| Layer { blob: Blob::from_bytes(vec![0; size]), ..layer.clone() };
        let (shelf, key) = (Shelf::default(), |number: u8| Digest::of(&[number]));
        shelf.put(key(0), &of(30 << 20));
        shelf.put(key(1), &of(3 << 20));
        shelf.put(key(2), &of(2 << 20));
        let found: Vec<bool> = (0..3).map(|number| shelf.get(key(number)).is_some()).collect();
        assert_eq!(found, [true, false, true]);
    }
}
