//! The resolver beside `uv pip compile`: the same requirements, platform and Python, on the same day.
//!
//! Needs the network and uv: `LEOFLOW_UV=uv cargo test --test uv -- --nocapture`. What each set came to is printed as a
//! line, and sets where the two differ with what each has chosen.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use leoflow::cache::{self, Cache};
use leoflow::inspect::{Facts, Libc};
use leoflow::packages::Target;
use leoflow::packages::index::{Index, IndexOptions, PYPI, Sources};
use leoflow::packages::requirements::{Key, Origin, Wanted, parse};
use leoflow::packages::resolve::{ForPlatform, ResolveOptions, resolve};

type Versions = BTreeMap<String, String>;

const PYTHONS: [&str; 3] = ["3.11.9", "3.12.4", "3.13.1"];
const PLATFORMS: [(&str, &str); 2] =
    [("linux/amd64", "x86_64-manylinux_2_36"), ("linux/arm64", "aarch64-manylinux_2_36")];

fn uv(program: &str, set: &[&str], python: &str, platform: &str) -> (Result<Versions, String>, Duration) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("requirements.in"), set.join("\n")).unwrap();
    let begun = Instant::now();
    let output = Command::new(program)
        .current_dir(directory.path())
        .args(["pip", "compile", "requirements.in", "--quiet", "--no-header", "--no-annotate"])
        .args(["--only-binary", ":all:", "--python-version", python, "--python-platform", platform])
        .output()
        .unwrap();
    let taken = begun.elapsed();
    if !output.status.success() {
        return (Err(String::from_utf8_lossy(&output.stderr).into_owned()), taken);
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pinned = text.lines().filter_map(|line| line.split_once("=="));
    let bare = |name: &str| name.split('[').next().unwrap_or_default().to_owned();
    (Ok(pinned.map(|(name, version)| (bare(name), version.trim().to_owned())).collect()), taken)
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
    let facts = Facts { python: None, libc: None, distributions: Vec::new(), debian: Default::default() };
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

fn index(cache: &Path) -> Index {
    let sources = Sources { indexes: vec![PYPI.parse().unwrap()], find_links: Vec::new() };
    let options = cache::Options { directory: cache.to_owned(), max_size: 1 << 30, on_fault: Arc::new(|_| {}) };
    let cache = Cache::open(options);
    Index::new(IndexOptions { cache, ..IndexOptions::new(sources) }).unwrap()
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

#[test]
fn versions_are_those_of_uv() {
    let program = std::env::var("LEOFLOW_UV").unwrap_or_else(|_| "uv".to_owned());
    let only = std::env::var("LEOFLOW_UV_SET").unwrap_or_default();
    let quick = std::env::var("LEOFLOW_UV_QUICK").is_ok();
    let cache = std::env::temp_dir().join("leoflow-uv-cache");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (mut same, mut different) = (0, Vec::new());
    let sets = include_str!("sets.txt").lines().filter(|line| !line.starts_with('#') && line.contains(&only));
    for line in sets {
        let set: Vec<&str> = line.split('|').collect();
        for python in PYTHONS.iter().take(if quick { 1 } else { 3 }) {
            for (platform, triple) in PLATFORMS.iter().take(if quick { 1 } else { 2 }) {
                let (mine, taken) = runtime.block_on(ours(&index(&cache), &set, &[target(platform, python)]));
                let (theirs, their_time) = uv(&program, &set, python, triple);
                let what = format!("{line} for {platform} with Python {python}");
                let times = format!("{:.1} s, uv {:.1} s", taken.as_secs_f64(), their_time.as_secs_f64());
                match (mine, theirs) {
                    (Ok(mine), Ok(theirs)) => {
                        let found = differences(&mine[0], &theirs);
                        if found.is_empty() {
                            same += 1;
                            println!("same    {what}: {} packages ({times})", theirs.len());
                        } else {
                            println!("DIFFERS {what} ({times}): {}", found.join(", "));
                            different.push(what);
                        }
                    }
                    (Err(error), Err(_)) => {
                        same += 1;
                        println!("same    {what}: neither can ({times}): {error}");
                    }
                    (Ok(mine), Err(error)) => {
                        println!("MORE    {what} ({times}): {} packages; uv: {error}", mine[0].len());
                        different.push(what);
                    }
                    (Err(error), Ok(_)) => {
                        println!("LESS    {what} ({times}): {error}");
                        different.push(what);
                    }
                }
            }
        }
    }
    println!("{same} the same, {} different", different.len());
}
