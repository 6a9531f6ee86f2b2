//! A whole deploy with a lying, breaking proxy before every server, by seeds: each one stands for a schedule of faults,
//! and always for the same.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) mod base;
mod connection;
pub(crate) mod gate;
pub(crate) mod generate;
pub(crate) mod judge;
pub(crate) mod home;
mod lies;
pub(crate) mod many;
pub(crate) mod proxy;
pub(crate) mod road;
pub(crate) mod schedule;
pub(crate) mod truth;
pub(crate) mod upstream;
pub(crate) mod wire;

/// Lets one test run at a time: their deadlines are meant for a machine that is theirs.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the one seed of `LEOFLOW_CHAOS_SEED`, or as many as `variable` says.
pub(crate) fn chosen(variable: &str, otherwise: u64) -> Range<u64> {
    match number("LEOFLOW_CHAOS_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number(variable).unwrap_or(otherwise),
    }
}

/// Returns the number in an environment variable.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}
