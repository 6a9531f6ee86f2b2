//! The resolver beside `uv pip compile`: the same requirements, platform and Python, on the same day.
//!
//! Needs the network and uv: `LEOFLOW_UV=uv cargo test --test uv -- --nocapture`. What each set came to is printed as a
//! line, and sets where the two differ with what each has chosen.
//!
//! `LEOFLOW_UV_PYTHON=3.10` compares for that Python alone, `LEOFLOW_UV_ALL=1` for all of them.
//!
//! `LEOFLOW_UV_RECORD=FILE` writes down what both were told and came to, for `tests/it/packages/resolve/recorded.rs`.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod record;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use leoflow::cache::{self, Cache};
use leoflow::inspect::{Facts, Libc};
use leoflow::packages::Target;
use leoflow::packages::index::{Index, IndexOptions, PYPI, Sources};
use leoflow::packages::requirements::{Key, Origin, Wanted, parse};
use leoflow::packages::resolve::{ForPlatform, ResolveOptions, resolve};
use record::Recording;
use tokio::runtime::Runtime;

type Versions = BTreeMap<String, String>;

const PYTHONS: [&str; 4] = ["3.11.9", "3.12.4", "3.13.1", "3.10.14"];
const PLATFORMS: [(&str, &str); 2] =
    [("linux/amd64", "x86_64-manylinux_2_36"), ("linux/arm64", "aarch64-manylinux_2_36")];

fn uv(program: &str, set: &[&str], python: &str, platform: &str) -> (Result<Versions, String>, Duration) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("requirements.in"), set.join("\n")).unwrap();
    let output = Command::new(program)
        .current_dir(directory.path())
        .args(["pip", "compile", "requirements.in", "--no-header", "--no-annotate"])
        .args(["--only-binary", ":all:", "--python-version", python, "--python-platform", platform])
        .output()
        .unwrap();
    let taken = said(&String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return (Err(String::from_utf8_lossy(&output.stderr).into_owned()), taken);
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pinned = text.lines().filter_map(|line| line.split_once("=="));
    let bare = |name: &str| name.split('[').next().unwrap_or_default().to_owned();
    (Ok(pinned.map(|(name, version)| (bare(name), version.trim().to_owned())).collect()), taken)
}

/// `Resolved 139 packages in 1.86s`: without the time that it takes to start.
fn said(stderr: &str) -> Duration {
    let text = stderr.lines().find_map(|line| line.strip_prefix("Resolved ")?.split_once(" in ")).map(|(_, time)| time);
    let seconds = text.and_then(|text| match text.strip_suffix("ms") {
        Some(milliseconds) => milliseconds.parse::<f64>().ok().map(|number| number / 1000.0),
        None => text.strip_suffix('s')?.parse().ok(),
    });
    Duration::from_secs_f64(seconds.unwrap_or_default())
}

fn target(platform: &str, python: &str) -> Target {
    let libc = Libc::Glibc { major: 2, minor: 36 };
    Target { platform: platform.parse().unwrap(), python: python.parse().unwrap(), libc }
}

async fn ours(index: &Index, set: &[&str], targets: &[Target]) -> (Result<Vec<Versions>, String>, Duration) {
    let begun = Instant::now();
    let wanted: Vec<Wanted> = set
        .iter()
        .map(|text| Wanted {
            requirement: parse(text).unwrap(),
            origin: Origin { key: Key::Dependencies, written: (*text).to_owned(), span: None },
        })
        .collect();
    let facts =
        Facts { python: None, pythons: Vec::new(), libc: None, distributions: Vec::new(), debian: Default::default() };
    let platforms: Vec<_> = targets.iter().map(|target| ForPlatform { target, facts: &facts }).collect();
    let found = resolve(&wanted, &platforms, index, &ResolveOptions::default()).await;
    let versions = found.map_err(|error| format!("{error}\nhelp: {}", error.help().unwrap_or_default()));
    let locks = versions.map(|found| {
        let of = |lock: &leoflow::packages::lock::Lock| {
            lock.packages.iter().map(|it| (it.name.to_string(), it.version.to_string())).collect()
        };
        found.locks.iter().map(of).collect()
    });
    (locks, begun.elapsed())
}

fn index(cache: &Path, recording: &Recording) -> Index {
    let sources = Sources { indexes: vec![PYPI.parse().unwrap()], ..Sources::default() };
    let options = cache::Options { directory: cache.to_owned(), max_size: 1 << 30, on_fault: Arc::new(|_| {}) };
    let cache = Cache::open(options);
    Index::new(IndexOptions { cache, observer: recording.observer(), ..IndexOptions::new(sources) }).unwrap()
}

fn differences(ours: &Versions, theirs: &Versions) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let show = |version: Option<&String>| version.map_or("-", String::as_str).to_owned();
    names
        .into_iter()
        .filter(|name| ours.get(*name) != theirs.get(*name))
        .map(|name| format!("{name} {} (uv {})", show(ours.get(name)), show(theirs.get(name))))
        .collect()
}

/// One set of requirements, for one platform and one Python.
type Case = (&'static str, &'static str, usize);

fn cases() -> Vec<Case> {
    let only = std::env::var("LEOFLOW_UV_SET").unwrap_or_default();
    let quick = std::env::var("LEOFLOW_UV_QUICK").is_ok();
    let given = std::env::var("LEOFLOW_UV_SETS").ok().map(|path| &*std::fs::read_to_string(path).unwrap().leak());
    let recorded = std::env::var("LEOFLOW_UV_RECORD").is_ok();
    let usual = if recorded { include_str!("recorded.txt") } else { include_str!("sets.txt") };
    let sets = given.unwrap_or(usual).lines();
    let sets = sets.filter(|line| !line.starts_with('#') && line.contains(&only));
    let python = std::env::var("LEOFLOW_UV_PYTHON").ok();
    let all = std::env::var("LEOFLOW_UV_ALL").is_ok() || python.is_some();
    let places = PYTHONS.iter().flat_map(|python| (0..PLATFORMS.len()).map(move |platform| (*python, platform)));
    // Python 3.10 is at its end; a recording has one platform of each of the others.
    let few = |(at, _): &(usize, _)| if recorded { matches!(at, 0 | 3 | 4) } else { *at < if quick { 1 } else { 6 } };
    let asked = |(at, _): &(&str, usize)| python.as_ref().is_none_or(|python| at.starts_with(&**python));
    let places = places.enumerate().filter(|place| all || few(place)).map(|(_, place)| place);
    let places: Vec<_> = places.filter(asked).collect();
    sets.flat_map(|set| places.iter().map(move |(python, platform)| (set, *python, *platform))).collect()
}

/// Returns whether both come to the same, and tells.
fn compare(runtime: &Runtime, program: &str, index: &Index, recording: &Recording, (line, python, at): Case) -> bool {
    let (platform, triple) = PLATFORMS[at];
    let set: Vec<&str> = line.split('|').collect();
    let (theirs, their_time) = uv(program, &set, python, triple);
    let (mine, taken) = runtime.block_on(ours(index, &set, &[target(platform, python)]));
    let what = format!("{line} for {platform} with Python {python}");
    let times = format!("{:.1} s, uv {:.1} s", taken.as_secs_f64(), their_time.as_secs_f64());
    let (same, told) = match (mine, theirs) {
        (Ok(mine), Ok(theirs)) => {
            recording.add(line, platform, python, &theirs);
            let found = differences(&mine[0], &theirs).join(", ");
            (found.is_empty(), if found.is_empty() { format!("{} packages", theirs.len()) } else { found })
        }
        (Err(error), Err(_)) => (true, format!("neither can: {error}")),
        (Ok(mine), Err(error)) => (false, format!("{} packages; uv: {error}", mine[0].len())),
        (Err(error), Ok(_)) => (false, format!("only uv can: {error}")),
    };
    println!("{} {what} ({times}): {told}", if same { "same   " } else { "DIFFERS" });
    same
}

#[test]
fn versions_are_those_of_uv() {
    let program = std::env::var("LEOFLOW_UV").unwrap_or_else(|_| "uv".to_owned());
    let cache = std::env::temp_dir().join("leoflow-uv-cache");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (cases, recording) = (cases(), Recording::default());
    let (next, same) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // uv mostly waits.
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            same.fetch_add(
                compare(&runtime, &program, &index(&cache, &recording), &recording, *case).into(),
                Ordering::Relaxed,
            );
        }
    };
    std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(work))));
    println!("{} of {} the same", same.into_inner(), cases.len());
    if let Ok(path) = std::env::var("LEOFLOW_UV_RECORD") {
        let targets: Vec<_> = PLATFORMS.iter().flat_map(|(it, _)| PYTHONS.map(|python| target(it, python))).collect();
        runtime.block_on(recording.write(&path, &index(&cache, &Recording::default()), &targets));
    }
}
