//! How much is kept, and what goes first.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use leoflow::cache::{Amount, LayerKey, Limits, Pruned, Usage, prune, usage};
use leoflow::layers::{Blob, Compression, DiffId, Digest, Layer};

use super::{Bench, LARGE, MEDIUM, below, noise};

/// A layer of so many bytes, and its key.
fn layer(size: usize, seed: u64) -> (LayerKey, Layer) {
    let bytes = noise(size, seed);
    let layer = Layer {
        media_type: Compression::Gzip.media_type(),
        digest: Digest::of(&bytes),
        diff_id: DiffId::of(&bytes),
        uncompressed_size: bytes.len() as u64,
        blob: Blob::from_bytes(bytes),
    };
    (LayerKey::of_tar(&layer.diff_id, Compression::Gzip), layer)
}

/// Makes everything that is kept so many seconds older.
fn age(root: &Path, seconds: u64) {
    for file in below(root).iter().flat_map(|directory| below(directory)) {
        let modified = file.metadata().unwrap().modified().unwrap() - Duration::from_secs(seconds);
        File::open(file).unwrap().set_modified(modified).unwrap();
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn what_was_used_least_recently_goes_first() {
    let bench = Bench::new();
    // Room for three layers and their records.
    let cache = bench.cache_of(3 * (MEDIUM as u64 + 8192));
    let layers: Vec<(LayerKey, Layer)> = (0..4).map(|seed| layer(MEDIUM, seed)).collect();
    for (key, layer) in &layers[..3] {
        cache.keep_layer(key, layer);
        age(&bench.root(), 60);
    }
    assert!(cache.layer(&layers[0].0).is_some(), "used again, so not the oldest any more");
    cache.keep_layer(&layers[3].0, &layers[3].1);
    let kept: Vec<bool> = layers.iter().map(|(key, _)| cache.layer(key).is_some()).collect();
    assert_eq!(kept, [true, false, true, true]);
    assert_eq!(bench.faults(), Vec::<String>::new());
}

#[test]
fn the_limit_holds_after_every_write() {
    let bench = Bench::new();
    let limit = 1 << 20;
    let cache = bench.cache_of(limit);
    for seed in 0..12 {
        let (key, layer) = layer(MEDIUM * (1 + seed as usize % 3), seed);
        cache.keep_layer(&key, &layer);
        cache.keep_document(&noise(5000, seed));
        assert!(usage(&bench.root()).unwrap().total().bytes <= limit, "{seed}");
    }
    assert!(usage(&bench.root()).unwrap().layers.entries > 0);
}

#[test]
fn what_would_not_fit_is_not_written() {
    let bench = Bench::large();
    bench.check(&bench.assemble(&bench.cache_of(LARGE as u64 / 2)));
    assert_eq!(bench.kept("layers").len(), 0);
    bench.check(&bench.assemble(&bench.cache_of(0)));
    assert_eq!(bench.faults(), Vec::<String>::new());
}

#[test]
fn usage_counts_by_kind_in_whole_blocks() {
    let bench = Bench::new();
    assert_eq!(usage(&bench.root()).unwrap(), Usage::default());
    let (key, layer) = layer(MEDIUM + 1, 1);
    bench.cache().keep_layer(&key, &layer);
    bench.cache().keep_document(b"{}");
    bench.cache().keep_document(b"[]");
    let used = usage(&bench.root()).unwrap();
    let amount = |entries, bytes| Amount { entries, bytes };
    assert_eq!(used.layers, amount(1, MEDIUM as u64 + 4096));
    assert_eq!(used.documents, amount(2, 8192));
    assert_eq!(used.keys, amount(1, 4096));
    assert_eq!(used.total(), amount(4, MEDIUM as u64 + 4096 * 4));
}

#[test]
fn pruning_takes_what_it_is_told_to_and_nothing_that_is_not_the_caches() {
    let bench = Bench::new();
    let none = prune(&bench.root(), &Limits { max_size: Some(0), unused_since: None }).unwrap();
    assert_eq!(none, Pruned::default());
    assert!(!bench.root().exists());
    bench.cache().keep_document(b"old");
    let notes = bench.root().join("documents/notes.txt");
    fs::write(&notes, "mine").unwrap();
    fs::write(bench.root().join("notes.txt"), "mine").unwrap();
    age(&bench.root(), 1000);
    bench.cache().keep_document(b"new");
    let prune = |limits: Limits| {
        let pruned = prune(&bench.root(), &limits).unwrap();
        (pruned.removed.entries, pruned.left.entries)
    };
    assert_eq!(prune(Limits::default()), (0, 2));
    assert_eq!(prune(Limits { unused_since: Some(now() - 2000), ..Limits::default() }), (0, 2));
    assert_eq!(prune(Limits { unused_since: Some(now() - 500), ..Limits::default() }), (1, 1));
    assert_eq!(prune(Limits { max_size: Some(4096), unused_since: None }), (0, 1));
    assert_eq!(prune(Limits { max_size: Some(4095), unused_since: None }), (1, 0));
    assert!(notes.exists() && bench.root().join("notes.txt").exists());
}

#[test]
fn what_is_open_outlives_its_pruning() {
    let bench = Bench::large();
    bench.assemble(&bench.cache());
    let found = bench.find(&bench.cache()).unwrap();
    prune(&bench.root(), &Limits { max_size: Some(0), unused_since: None }).unwrap();
    assert_eq!(usage(&bench.root()).unwrap(), Usage::default());
    bench.check(&found);
}
