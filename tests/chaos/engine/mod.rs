//! A whole deploy with a lying, breaking proxy before every server, by seeds: each one stands for a schedule of faults,
//! and always for the same.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) mod base;
pub(crate) mod gate;
pub(crate) mod generate;
pub(crate) mod judge;
mod lies;
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

/// Returns the number in an environment variable.
pub(crate) fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}
