//! kill -9 at random points: the next deploy makes the same image, and nothing is left behind.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use leoflow::layers::Digest;

use crate::engine::gate::Gate;
use crate::engine::home::{Home, digest};
use crate::engine::proxy::{Plan, Proxy};
use crate::engine::schedule::{Class, FOREVER, Fault, Host, Kind};
use crate::engine::servers::Servers;
use crate::engine::truth::{Records, image_is_whole};
use crate::engine::upstream::Upstream;
use crate::engine::{alone, base, chosen};

/// Points of a plain `cargo test`.
const POINTS: u64 = 200;

/// Deploys at a time.
const WORKERS: usize = 2;

/// A home, what a deploy from it makes, and how long that takes.
struct Ground {
    home: Home,
    expected: Digest,
    files: Vec<PathBuf>,
    takes: Duration,
}

impl Ground {
    fn new(home: Home) -> Self {
        digest(&home.deploy().output().unwrap()).unwrap();
        home.reset();
        let start = Instant::now();
        let expected = digest(&home.deploy().output().unwrap()).unwrap();
        let (takes, files) = (start.elapsed(), home.files());
        Self { home, expected, files, takes }
    }

    /// Kills a deploy somewhere, and holds what the next one leaves against what one alone leaves.
    fn point(&self, random: &mut Rng) -> Result<bool, String> {
        self.home.reset();
        let delay = self.takes.mul_f64(random.f64() * 1.1);
        let was_killed = self.home.is_killed_after(delay);
        let context = |text: String| format!("killed after {delay:?} of {:?}: {text}", self.takes);
        let found = digest(&self.home.deploy().output().unwrap()).map_err(context)?;
        if found != self.expected {
            return Err(context(format!("{found}, expected {}", self.expected)));
        }
        let files = self.home.files();
        if files != self.files {
            let extra: Vec<_> = files.iter().filter(|path| !self.files.contains(path)).collect();
            let missing: Vec<_> = self.files.iter().filter(|path| !files.contains(path)).collect();
            // Not every later point is to find it again.
            extra.iter().for_each(|path| fs::remove_file(self.home.path().join(path)).unwrap());
            return Err(context(format!("left behind: {extra:?}; missing: {missing:?}")));
        }
        Ok(was_killed)
    }
}

/// How many points were met by a process that lived, and what did not hold.
type Tally = (u64, Vec<String>);

/// Deploys of the user who has no servers: the sandbox dies with the deploy.
fn to_own_sandbox(next: &AtomicU64, end: u64) -> Tally {
    let ground = Ground::new(Home::new(vec!["--sandbox".to_owned()]));
    let mut tally = Tally::default();
    while let Some(seed) = claim(next, end) {
        count(&mut tally, seed, ground.point(&mut Rng::with_seed(seed)));
    }
    tally
}

/// Deploys to servers that live on, a few milliseconds away.
fn to_servers(next: &AtomicU64, end: u64) -> Tally {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let distant = runtime.block_on(Proxy::start());
    let arguments = |servers: &Servers| -> Vec<String> {
        let base = format!("{}/{}:{}", distant.address, base::REPOSITORY, base::TAG);
        let server = servers.sandbox.control_plane.to_string();
        let registry = distant.address.clone();
        ["--base", &base, "--registry", &registry, "--server", &server, "--token", "t"].map(str::to_owned).into()
    };
    let start = || {
        let servers = runtime.block_on(Servers::start());
        runtime.block_on(base::put(&servers.registry));
        let latency = Kind::Latency { millis: 2, jitter: 3 };
        let far = Fault { host: Host::Target, class: Class::Any, nth: 1, count: FOREVER, kind: latency };
        distant.follow(Plan::new(Upstream::At(servers.registry.clone()), Gate::open(), "", "", vec![far]));
        servers
    };
    let servers = start();
    let mut ground = Ground::new(Home::new(arguments(&servers)));
    let mut tally = Tally::default();
    while let Some(seed) = claim(next, end) {
        let servers = start();
        ground.home.arguments = arguments(&servers);
        let outcome = ground.point(&mut Rng::with_seed(seed)).and_then(|was_killed| {
            runtime.block_on(image_is_whole(&servers.registry, "chaos", &ground.expected.to_string()))?;
            match Records::read(servers.directory.path()).images.len() {
                1 => Ok(was_killed),
                count => Err(format!("{count} registrations")),
            }
        });
        count(&mut tally, seed, outcome);
    }
    tally
}

fn claim(next: &AtomicU64, end: u64) -> Option<u64> {
    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < end)
}

fn count(tally: &mut Tally, seed: u64, outcome: Result<bool, String>) {
    match outcome {
        Ok(was_killed) => tally.0 += u64::from(was_killed),
        Err(violation) => tally.1.push(format!(
            "point {seed}, {violation}\nagain (about): LEOFLOW_CHAOS_SEED={seed} cargo test --test chaos killed\n"
        )),
    }
}

/// Waits until no process of the program is left, since the interpreter's child is to die with its parent.
fn nobody_survives() {
    let program = fs::canonicalize(env!("CARGO_BIN_EXE_leoflow")).unwrap();
    let is_ours = |entry: fs::DirEntry| fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == program);
    let patience = Instant::now() + Duration::from_secs(20);
    while fs::read_dir("/proc").unwrap().flatten().any(is_ours) {
        assert!(Instant::now() < patience, "a process outlives the deploy that started it");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn killed() {
    let _guard = alone();
    let seeds = chosen("LEOFLOW_CHAOS_POINTS", POINTS);
    let (start, next) = (Instant::now(), AtomicU64::new(seeds.start));
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let roads = [to_own_sandbox, to_servers].into_iter().cycle().take(WORKERS);
        let workers: Vec<_> = roads
            .map(|road| {
                let next = &next;
                scope.spawn(move || road(next, seeds.end))
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let met: u64 = tallies.iter().map(|tally| tally.0).sum();
    let violations: Vec<String> = tallies.into_iter().flat_map(|tally| tally.1).collect();
    let _ = writeln!(
        std::io::stderr(),
        "chaos: kill -9 at {} points in {:.0?}: {met} deploys died of it, {} did not converge",
        seeds.end - seeds.start,
        start.elapsed(),
        violations.len()
    );
    assert!(violations.is_empty(), "{}", violations.join("\n"));
    nobody_survives();
}
