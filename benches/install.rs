//! Wheels into layers: how long it takes, and how large they are.
//!
//! `cargo bench --bench install -- DIRECTORY [OUT]` plans the wheels of a directory for Python 3.11 as the official images
//! have it, and writes the layers into another directory, if there is one. Each time is the best of three.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use leoflow::inspect::{Facts, Interpreter};
use leoflow::layers::{AssembleOptions, Blob, Compression, HashingWriter, Layer, ZstdLevel, assemble};
use leoflow::packages::index::Location;
use leoflow::packages::install::{self, Batch, InstalledBatch};
use leoflow::packages::lock::{Lock, LockedPackage, LockedWheel};
use leoflow::packages::wheel::WheelName;

fn main() {
    let mut given = std::env::args_os().skip(1).filter(|argument| argument != "--bench").map(PathBuf::from);
    let Some(directory) = given.next() else { return eprintln!("install: no directory of wheels is given") };
    let (facts, lock) = (facts(), lock(&directory));
    let batches = install::plan(&lock, &facts, 90).unwrap();
    let (reading, installed) = best(|| read(&batches, facts.python.as_ref().unwrap()));
    let bytes: u64 = installed.iter().map(|batch| batch.bytes).sum();
    let files: usize = installed.iter().map(|batch| batch.owners.len()).sum();
    let wheels = lock.packages.iter().filter_map(|package| package.wheel.size).sum::<u64>() as f64;
    println!("{} wheels, {:.1} MB, {files} files, {:.1} MB", lock.packages.len(), wheels / 1e6, bytes as f64 / 1e6);
    println!("  reading and checking {reading:.1?}");
    for (name, compression) in [("gzip", Compression::Gzip), ("zstd", Compression::Zstd { level: ZstdLevel::DEFAULT })]
    {
        let (took, layers) = best(|| pack(&installed, compression));
        let size: u64 = layers.iter().map(|layer| layer.blob.size()).sum();
        let speed = bytes as f64 / 1e6 / took.as_secs_f64();
        println!("  {name}: {} layers in {took:.1?}, {speed:.0} MB/s, {:.1} MB", layers.len(), size as f64 / 1e6);
        println!("  peak memory of this process so far: {}", peak_memory());
        if let (Some(out), "gzip") = (&given.next(), name) {
            write(&layers, &batches, out);
        }
    }
}

fn best<T>(run: impl Fn() -> T) -> (Duration, T) {
    let timed = || {
        let start = Instant::now();
        let result = run();
        (start.elapsed(), result)
    };
    [timed(), timed(), timed()].into_iter().min_by_key(|(elapsed, _)| *elapsed).unwrap()
}

fn read(batches: &[Batch], python: &Interpreter) -> Vec<InstalledBatch> {
    let installed = batches.iter().map(|batch| {
        let wheels: Vec<_> = batch.packages.iter().map(blob).collect();
        install::files(batch, &wheels, python).unwrap_or_else(|error| panic!("{error}"))
    });
    let installed: Vec<_> = installed.collect();
    if let Err(error) = install::check_disjoint(&installed) {
        println!("  {error}");
    }
    installed
}

fn pack(batches: &[InstalledBatch], compression: Compression) -> Vec<Layer> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let options = AssembleOptions { compression, modified: 0, threads, spool_directory: std::env::temp_dir() };
    batches.iter().map(|batch| assemble(&batch.set, &options).unwrap()).collect()
}

fn write(layers: &[Layer], batches: &[Batch], out: &Path) {
    fs::create_dir_all(out).unwrap();
    for (number, (layer, batch)) in layers.iter().zip(batches).enumerate() {
        println!("    {:<40} {:>10} bytes", batch.title, layer.blob.size());
        io::copy(&mut layer.blob.reader(), &mut File::create(out.join(format!("{number:02}.tar.gz"))).unwrap())
            .unwrap();
    }
}

fn facts() -> Facts {
    let python = Interpreter {
        version: "3.11.9".parse().unwrap(),
        executable: "/usr/local/bin/python3.11".to_owned(),
        site_packages: "/usr/local/lib/python3.11/site-packages".to_owned(),
        scripts: "/usr/local/bin".to_owned(),
        prefix: "/usr/local".to_owned(),
        include: "/usr/local/include/python3.11".to_owned(),
    };
    Facts { python: Some(python), libc: None, distributions: Vec::new(), debian: BTreeSet::new(), pythons: Vec::new() }
}

fn lock(directory: &Path) -> Lock {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let wheels = names.filter(|path| path.extension().is_some_and(|extension| extension == "whl"));
    let mut packages: Vec<_> = wheels.map(package).collect();
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    Lock { packages, ..Lock::default() }
}

fn package(path: PathBuf) -> LockedPackage {
    let name: WheelName = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
    let mut hash = HashingWriter::new(io::sink());
    let size = io::copy(&mut File::open(&path).unwrap(), &mut hash).unwrap();
    LockedPackage {
        name: name.name.clone(),
        version: name.version.clone(),
        wheel: LockedWheel {
            name,
            location: Location::Path(path),
            index: Some("https://pypi.org/simple".to_owned()),
            sha256: hash.finish().1,
            size: Some(size),
            direct_url: None,
        },
        extras: BTreeSet::new(),
        dependencies: BTreeSet::new(),
        requested: false,
    }
}

fn blob(package: &LockedPackage) -> Blob {
    let Location::Path(path) = &package.wheel.location else { panic!("{:?}", package.wheel.location) };
    Blob::of_file(Arc::new(File::open(path).unwrap()), 0, package.wheel.size.unwrap())
}

fn peak_memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}
