//! Many seeds, several at a time, and what came of them in figures.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use leoflow::layers::Digest;

use super::road::Slot;
use super::servers::Servers;
use super::{base, generate, judge};

/// Runs at a time: most of a run is waiting.
const SLOTS: usize = 6;

/// Registries to run against, by `127.0.0.1:port`.
#[derive(Debug, Clone)]
pub(crate) struct Registries {
    pub(crate) base: String,
    /// One that lives on; each seed has a repository of its own. Without it, each seed has a registry of its own.
    pub(crate) target: Option<String>,
}

/// What came of it.
#[derive(Default)]
struct Figures {
    outcomes: BTreeMap<String, u32>,
    /// How many faults came about.
    faults: usize,
    violations: Vec<String>,
}

static PANICS: AtomicU32 = AtomicU32::new(0);

/// Runs `seeds`, tells figures on stderr and fails if one does not hold. `test` is how cargo knows the caller.
pub(crate) fn run(test: &str, seeds: Range<u64>, registries: &Registries) {
    count_panics();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let digest = runtime.block_on(base::put(&registries.base));
    if let Some(target) = &registries.target {
        // Once: that registry refuses blobs that arrive twice at the same time.
        runtime.block_on(base::put(target));
    }
    let (start, next, count) = (Instant::now(), AtomicU64::new(seeds.start), seeds.end - seeds.start);
    let mut all = Figures::default();
    let workers: Vec<Figures> = thread::scope(|scope| {
        let work = || work(test, registries, digest, &next, seeds.end);
        let workers: Vec<_> = (0..SLOTS.min(count as usize)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    workers.into_iter().for_each(|figures| all.add(figures));
    all.tell(&format!("chaos: {count} seeds in {:.0?}", start.elapsed()));
    let broken = all.violations.len();
    assert!(broken == 0, "{broken} of {count} seeds:\n\n{}", all.violations.join("\n"));
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "something panicked");
}

/// Also those on threads that nobody waits for.
fn count_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |information| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        before(information);
    }));
}

/// Runs seeds from `next` up to `end`.
fn work(test: &str, registries: &Registries, digest: Digest, next: &AtomicU64, end: u64) -> Figures {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut slot = runtime.block_on(Slot::start(&registries.base, digest));
    let mut figures = Figures::default();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return figures;
        }
        let schedule = generate::schedule(seed);
        let run = || {
            runtime.block_on(async {
                let servers = Servers::start_for(seed, registries.target.as_deref()).await;
                judge::run(&mut slot, &schedule, &servers).await
            })
        };
        let verdict = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("it panics".to_owned()));
        match verdict {
            Ok(verdict) => {
                *figures.outcomes.entry(verdict.outcome).or_default() += 1;
                figures.faults += verdict.faults;
            }
            Err(violation) => {
                figures.violations.push(format!("{schedule}{violation}\nagain: LEOFLOW_CHAOS_SEED={seed} {test}\n"));
            }
        }
    }
}

impl Figures {
    fn add(&mut self, other: Self) {
        other.outcomes.into_iter().for_each(|(outcome, count)| *self.outcomes.entry(outcome).or_default() += count);
        self.faults += other.faults;
        self.violations.extend(other.violations);
    }

    /// Writes past the capture of output, so that the figures of a success are seen too.
    fn tell(&self, title: &str) {
        let succeeded = self.outcomes.get(judge::SUCCEEDED).copied().unwrap_or(0);
        let failed: u32 = self.outcomes.values().sum::<u32>() - succeeded;
        let mut text = format!(
            "{title}: {succeeded} succeeded, {failed} failed with a typed error, {} did neither; {} faults came about\n",
            self.violations.len(),
            self.faults
        );
        for (outcome, count) in self.outcomes.iter().filter(|(outcome, _)| *outcome != judge::SUCCEEDED) {
            text.push_str(&format!("{count:>8} {outcome}\n"));
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}
