//! A whole deploy with a lying, breaking proxy before every server, by seeds: each one stands for a schedule of faults,
//! and always for the same.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) mod base;
mod connection;
mod delivery;
pub(crate) mod gate;
pub(crate) mod generate;
pub(crate) mod home;
pub(crate) mod judge;
mod lies;
pub(crate) mod many;
pub(crate) mod proxy;
pub(crate) mod road;
pub(crate) mod schedule;
mod secrets;
pub(crate) mod servers;
mod settings;
pub(crate) mod truth;
pub(crate) mod upstream;
mod vocabulary;
pub(crate) mod wire;

/// Lets one test run at a time: their deadlines are meant for a machine that is theirs.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the one seed of `LEOFLOW_CHAOS_SEED`, or those that `variable` says: `1000`, or `500..1000`.
pub(crate) fn chosen(variable: &str, otherwise: u64) -> Range<u64> {
    let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("`{text}` is no number of seeds"));
    if let Ok(seed) = std::env::var("LEOFLOW_CHAOS_SEED") {
        return number(&seed)..number(&seed) + 1;
    }
    match std::env::var(variable) {
        Ok(text) => match text.split_once("..") {
            Some((first, end)) => number(first)..number(end),
            None => 0..number(&text),
        },
        Err(_) => 0..otherwise,
    }
}
