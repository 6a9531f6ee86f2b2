//! Seed after seed: each deploy succeeds with the right digest, or fails with a typed error inside its deadline.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use leoflow::layers::Digest;

use crate::engine::road::{Servers, Slot};
use crate::engine::{alone, base, generate, judge, variable};

/// Seeds of a plain `cargo test`.
const SEEDS: u64 = 500;

/// Runs at a time: most of a run is waiting.
const SLOTS: usize = 6;

/// How many runs ended how, and what did not hold.
type Figures = (BTreeMap<String, u32>, Vec<String>);

/// Runs seeds from `next` up to `end`, on a thread of its own.
fn work(base: &str, digest: Digest, next: &AtomicU64, end: u64) -> Figures {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut slot = runtime.block_on(Slot::start(base, digest));
    let mut figures = Figures::default();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return figures;
        }
        match runtime.block_on(one(&mut slot, seed)) {
            Ok(outcome) => *figures.0.entry(outcome).or_default() += 1,
            Err(violation) => figures.1.push(violation),
        }
    }
}

async fn one(slot: &mut Slot, seed: u64) -> Result<String, String> {
    let schedule = generate::schedule(seed);
    let servers = Servers::start().await;
    let outcome = judge::run(slot, &schedule, &servers).await;
    let again = format!("again: LEOFLOW_CHAOS_SEED={seed} cargo test --test chaos seeds");
    outcome.map_err(|violation| format!("{schedule}{violation}\n{again}\n"))
}

#[test]
fn seeds() {
    let _guard = alone();
    let (first, end) = match variable("LEOFLOW_CHAOS_SEED") {
        Some(seed) => (seed, seed + 1),
        None => (0, variable("LEOFLOW_CHAOS_SEEDS").unwrap_or(SEEDS)),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let servers = runtime.block_on(Servers::start());
    let digest = runtime.block_on(base::put(&servers.registry));
    let (start, next) = (Instant::now(), AtomicU64::new(first));
    let figures: Vec<Figures> = thread::scope(|scope| {
        let work = || work(&servers.registry, digest, &next, end);
        let workers: Vec<_> = (0..SLOTS.min((end - first) as usize)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let (mut outcomes, mut violations) = Figures::default();
    for (some_outcomes, some_violations) in figures {
        some_outcomes.into_iter().for_each(|(outcome, count)| *outcomes.entry(outcome).or_default() += count);
        violations.extend(some_violations);
    }
    // Past the capture of output, so that the figures of a success are seen too.
    let mut stderr = std::io::stderr();
    let _ = writeln!(stderr, "chaos: {} seeds in {:.0?}", end - first, start.elapsed());
    for (outcome, count) in &outcomes {
        let _ = writeln!(stderr, "  {count:>6} {outcome}");
    }
    assert!(violations.is_empty(), "{} of {} seeds:\n\n{}", violations.len(), end - first, violations.join("\n"));
}
