//! Several processes, of which some are killed, and one directory.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use leoflow::cache::{Limits, prune};
use leoflow::layers::Digest;

use super::{Bench, MEDIUM, below, noise};

/// Set for a child: where the cache is.
const DIRECTORY: &str = "LEOFLOW_TEST_SHARED_CACHE";

/// How many layers a child assembles.
const LAYERS: u64 = 12;

/// Does nothing when it is run as a test of its own.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let bench = Bench::new();
    let cache = bench.cache_in(directory.into(), 1 << 30);
    for seed in 0..LAYERS {
        bench.write("noise.bin", &noise(2 * MEDIUM, seed));
        bench.check(&bench.assemble(&cache));
        cache.keep_document(&noise(5000, seed));
    }
    assert_eq!(bench.faults(), Vec::<String>::new());
}

fn spawn(cache: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "cache::processes::child", "--nocapture"]).env(DIRECTORY, cache);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[track_caller]
fn succeeds(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

/// Fails unless every document and layer has the digest that it is named by, and nothing is left unfinished.
#[track_caller]
fn is_whole(root: &Path) {
    assert_eq!(below(&root.join("tmp")), Vec::<std::path::PathBuf>::new());
    for file in ["documents", "layers"].iter().flat_map(|kind| below(&root.join(kind))) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(Digest::of(&fs::read(&file).unwrap()).hex(), name);
    }
}

#[test]
fn processes_share_a_cache_without_waiting_for_each_other() {
    let bench = Bench::new();
    let children: Vec<Child> = (0..4).map(|_| spawn(&bench.root())).collect();
    children.into_iter().for_each(succeeds);
    is_whole(&bench.root());
    assert_eq!(bench.kept("layers").len() as u64, LAYERS);
    assert_eq!(bench.kept("keys").len() as u64, LAYERS);
}

#[test]
fn pruning_breaks_no_process_that_runs() {
    let bench = Bench::new();
    let mut children: Vec<Child> = (0..2).map(|_| spawn(&bench.root())).collect();
    let mut pruned = 0;
    while children.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
        pruned += prune(&bench.root(), &Limits { max_size: Some(0), unused_since: None }).unwrap().removed.entries;
    }
    children.into_iter().for_each(succeeds);
    assert!(pruned > 0);
    is_whole(&bench.root());
}

#[test]
fn a_process_that_is_killed_leaves_nothing_half_done() {
    let bench = Bench::new();
    let mut leftovers = 0;
    for round in 0..30 {
        let mut child = spawn(&bench.root());
        std::thread::sleep(Duration::from_millis(5 + 7 * (round % 10)));
        child.kill().unwrap();
        child.wait().unwrap();
        leftovers += bench.kept("tmp").len();
        bench.cache();
        is_whole(&bench.root());
    }
    eprintln!("{leftovers} files were being written");
    succeeds(spawn(&bench.root()));
    assert_eq!(bench.kept("layers").len() as u64, LAYERS);
}

#[test]
fn what_a_process_still_writes_is_not_swept() {
    let bench = Bench::new();
    bench.cache().keep_document(b"{}");
    let unfinished = bench.root().join("tmp/0123456789abcdef");
    let file = File::create(&unfinished).unwrap();
    file.lock().unwrap();
    bench.cache();
    prune(&bench.root(), &Limits { max_size: Some(0), unused_since: None }).unwrap();
    assert!(unfinished.exists());
    // Closing it alone would leave the lock to a child that another test forks at this moment.
    file.unlock().unwrap();
    bench.cache();
    assert!(!unfinished.exists());
}
