//! Layer assembly against `tar | gzip -6`, in one run: time, size and peak memory.
//!
//! `cargo bench -p leoflow-layers` packs 200 small files, and 478 MB of which half is text and half random bytes.
//! `cargo bench -p leoflow-layers -- DIRECTORY…` packs directories instead.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use leoflow_layers::{AssembleOptions, Compression, Content, Entry, EntryPath, FileSet, ZstdLevel, assemble};

fn main() {
    let given: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).filter(|path| path.is_dir()).collect();
    for directory in &given {
        measure(directory);
    }
    if given.is_empty() {
        let directory = tempfile::tempdir().unwrap();
        measure(&small(directory.path()));
        measure(&large(directory.path()));
    }
}

fn measure(directory: &Path) {
    let files = files(directory);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (theirs, gzip) = best(|| tar_gzip(directory));
    let zstd = Compression::Zstd { level: ZstdLevel::DEFAULT };
    for (name, compression) in [("gzip", Compression::Gzip), ("zstd", zstd)] {
        let spool_directory = std::env::temp_dir();
        let options = AssembleOptions { compression, modified: 0, threads, spool_directory };
        let (ours, layer) = best(|| assemble(&files, &options).unwrap());
        let (tar, blob) = (layer.uncompressed_size as f64 / 1e6, layer.blob.size() as f64);
        println!("{} entries, {tar:.1} MB of tar, {threads} threads, {name}", files.len());
        println!("  assemble       {ours:>9.1?}  {:>6.0} MB/s  {:.0} bytes", tar / ours.as_secs_f64(), blob);
        println!("  tar | gzip -6  {theirs:>9.1?}  {:>6.0} MB/s  {gzip:.0} bytes", tar / theirs.as_secs_f64());
        println!("  time {:.3}, size {:.4} of theirs", ours.as_secs_f64() / theirs.as_secs_f64(), blob / gzip);
        println!("  peak memory of this process so far: {}", peak_memory());
    }
}

/// Of three, since the first one warms the page cache up, and the machine has other things to do.
fn best<T>(run: impl Fn() -> T) -> (Duration, T) {
    let timed = || {
        let start = Instant::now();
        let result = run();
        (start.elapsed(), result)
    };
    [timed(), timed(), timed()].into_iter().min_by_key(|(elapsed, _)| *elapsed).unwrap()
}

fn tar_gzip(directory: &Path) -> f64 {
    let script = "tar -C \"$1\" -cf - . | gzip -6 | wc -c";
    let output = Command::new("sh").args(["-c", script, "sh"]).arg(directory).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn peak_memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}

fn files(root: &Path) -> FileSet {
    let mut set = FileSet::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap();
            if kind.is_dir() {
                directories.push(path);
            } else if kind.is_file()
                && let Some(name) = path.strip_prefix(root).unwrap().to_str()
            {
                let entry = Entry::File { content: Content::File(path.clone()), executable: false };
                set.insert(EntryPath::new(name).unwrap(), entry).unwrap();
            }
        }
    }
    set
}

/// 200 files, 816 KB.
fn small(parent: &Path) -> PathBuf {
    write_files(&parent.join("small"), 200, 4080, text)
}

/// 478 MB in 478 files, every other one random bytes.
fn large(parent: &Path) -> PathBuf {
    let mut position = 0;
    write_files(&parent.join("large"), 478, 1_000_000, move |random, size| {
        position += 1;
        if position % 2 == 0 { text(random, size) } else { (0..size).map(|_| random.next() as u8).collect() }
    })
}

fn write_files(
    directory: &Path,
    count: usize,
    size: usize,
    mut content: impl FnMut(&mut Random, usize) -> Vec<u8>,
) -> PathBuf {
    fs::create_dir(directory).unwrap();
    let mut random = Random(1);
    for number in 0..count {
        fs::write(directory.join(format!("{number:03}")), content(&mut random, size)).unwrap();
    }
    directory.to_owned()
}

/// Lines of a table: numbers, dates and a few words, the way data files look.
fn text(random: &mut Random, size: usize) -> Vec<u8> {
    const WORDS: [&str; 8] = ["north", "south", "paid", "pending", "invoice", "refund", "customer", "warehouse"];
    let mut text = String::with_capacity(size + 64);
    while text.len() < size {
        let (id, day, amount) = (random.next() % 100_000, random.next() % 28 + 1, random.next() % 1_000_000);
        let (one, other) = (WORDS[random.next() as usize % 8], WORDS[random.next() as usize % 8]);
        text += &format!("{id},2025-{:02}-{day:02},{one},{other},{}.{:02}\n", id % 12 + 1, amount / 100, amount % 100);
    }
    text.truncate(size);
    text.into_bytes()
}

/// The same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 40
    }
}
