//! Compressors against `gzip -6`, in one run: CPU time and size, each as a ratio.
//!
//! `cargo bench -p leoflow-layers --bench compressors` prints the table for made-up text, for machine code (this program
//! itself) and for random bytes; `-- DIRECTORY…` adds a column for the files of each directory.
//!
//! Every compressor but `gzip` meets the input as layers do: in blocks, each with a fresh compressor. Times are CPU time,
//! so that a busy machine does not show.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How much of each kind is compressed, in bytes.
const INPUT: usize = 16 << 20;

/// What layers are cut into, in bytes.
const BLOCK: usize = 1 << 20;

/// Turns a block into how many bytes it comes to.
type Compress = Box<dyn Fn(&[u8]) -> usize>;

fn main() {
    let given = std::env::args_os().skip(1).map(PathBuf::from).filter(|path| path.is_dir());
    let mut kinds = vec![
        ("text".to_owned(), text(INPUT)),
        ("code".to_owned(), fs::read(std::env::current_exe().unwrap()).unwrap()),
        ("random".to_owned(), random(INPUT)),
    ];
    kinds.extend(given.map(|directory| (directory.display().to_string(), gathered(&directory))));
    for (name, input) in &kinds {
        println!("{name}: {:.1} MB", input.len() as f64 / 1e6);
    }
    let gzip: Vec<Cost> = kinds.iter().map(|(_, input)| gzip(input)).collect();
    row("", kinds.iter().map(|(name, _)| name.rsplit('/').next().unwrap_or(name).to_owned()));
    row("gzip -6", gzip.iter().zip(&kinds).map(|(cost, (_, input))| cost.absolute(input.len())));
    for (name, block, compress) in compressors() {
        let costs = kinds.iter().map(|(_, input)| measure(input, block, &compress));
        row(&name, costs.zip(&gzip).map(|(cost, gzip)| cost.relative(gzip)));
    }
}

/// Blocks of 1 MiB for each compressor and level, then other blocks for the two that layers use.
fn compressors() -> Vec<(String, usize, Compress)> {
    let mut all: Vec<(String, usize, Compress)> = Vec::new();
    for level in [1, 2, 3, 6, 9] {
        all.push((format!("zlib-rs {level}"), BLOCK, Box::new(move |block| zlib_rs(block, level))));
    }
    for level in [1, 3, 6, 9] {
        all.push((
            format!("miniz_oxide {level}"),
            BLOCK,
            Box::new(move |block| miniz_oxide::deflate::compress_to_vec(block, level).len()),
        ));
    }
    for level in 1..=9 {
        all.push((format!("libdeflate {level}"), BLOCK, Box::new(move |block| libdeflate(block, level))));
    }
    for level in [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 19] {
        all.push((format!("zstd {level}"), BLOCK, Box::new(move |block| zstd(block, level))));
    }
    for size in [256 << 10, 512 << 10, 2 << 20, 4 << 20, 8 << 20] {
        let name = |compressor: &str| format!("{compressor}, {} KiB", size >> 10);
        all.push((name("libdeflate 7"), size, Box::new(|block| libdeflate(block, 7))));
        for level in [3, 9, 19] {
            all.push((name(&format!("zstd {level}")), size, Box::new(move |block| zstd(block, level))));
        }
    }
    all
}

fn zlib_rs(block: &[u8], level: u32) -> usize {
    let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(block.len()), flate2::Compression::new(level));
    encoder.write_all(block).unwrap();
    encoder.finish().unwrap().len()
}

fn libdeflate(block: &[u8], level: i32) -> usize {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::new(level).unwrap());
    let mut output = vec![0; compressor.gzip_compress_bound(block.len())];
    compressor.gzip_compress(block, &mut output).unwrap()
}

fn zstd(block: &[u8], level: i32) -> usize {
    zstd::bulk::compress(block, level).unwrap().len()
}

/// What compressing an input took and gave.
struct Cost {
    time: Duration,
    bytes: usize,
}

impl Cost {
    fn absolute(&self, input: usize) -> String {
        format!("{:.0} MB/s {:.4}", input as f64 / 1e6 / self.time.as_secs_f64(), self.bytes as f64 / input as f64)
    }

    /// Speed and size, as multiples of another's.
    fn relative(&self, other: &Cost) -> String {
        let speed = other.time.as_secs_f64() / self.time.as_secs_f64();
        format!("{speed:.2}x {:.4}", self.bytes as f64 / other.bytes as f64)
    }
}

fn row(name: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.map(|cell| format!("{cell:>17}")).collect();
    println!("{name:<22}{}", cells.join(" "));
}

fn measure(input: &[u8], block: usize, compress: &Compress) -> Cost {
    let start = clock_gettime(ClockId::ThreadCPUTime);
    let bytes = input.chunks(block).map(compress).sum();
    let end = clock_gettime(ClockId::ThreadCPUTime);
    Cost { time: (end - start).try_into().unwrap(), bytes }
}

/// The real one, with the CPU time that the shell says its children took.
fn gzip(input: &[u8]) -> Cost {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("input"), input).unwrap();
    let script = "gzip -6 <input >output && times";
    let output = Command::new("sh").args(["-c", script]).current_dir(&directory).output().unwrap();
    let bytes = fs::metadata(directory.path().join("output")).unwrap().len() as usize;
    let times = String::from_utf8(output.stdout).unwrap();
    let of_children = times.lines().nth(1).unwrap();
    Cost { time: of_children.split_whitespace().map(shell_time).sum(), bytes }
}

/// `0m1.230000s`
fn shell_time(text: &str) -> Duration {
    let (minutes, seconds) = text.trim_end_matches('s').split_once('m').unwrap();
    Duration::from_secs_f64(minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap())
}

/// The files below a directory one after another, as far as they are wanted; always in the same order.
fn gathered(directory: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(path) = pending.pop().filter(|_| bytes.len() < INPUT) {
        let kind = path.symlink_metadata().unwrap();
        if kind.is_dir() {
            pending.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            pending.sort();
        } else if kind.is_file() {
            bytes.extend(fs::read(path).unwrap());
        }
    }
    bytes.truncate(INPUT);
    bytes
}

/// Lines of a table: numbers, dates and a few words, the way data files look.
fn text(size: usize) -> Vec<u8> {
    const WORDS: [&str; 8] = ["north", "south", "paid", "pending", "invoice", "refund", "customer", "warehouse"];
    let mut random = Random(1);
    let mut text = String::with_capacity(size + 64);
    while text.len() < size {
        let (id, day, amount) = (random.next() % 100_000, random.next() % 28 + 1, random.next() % 1_000_000);
        let (one, other) = (WORDS[random.next() as usize % 8], WORDS[random.next() as usize % 8]);
        text += &format!("{id},2025-{:02}-{day:02},{one},{other},{}.{:02}\n", id % 12 + 1, amount / 100, amount % 100);
    }
    text.truncate(size);
    text.into_bytes()
}

fn random(size: usize) -> Vec<u8> {
    let mut random = Random(2);
    (0..size).map(|_| random.next() as u8).collect()
}

/// The same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 40
    }
}
