//! One thing that is being done, and how far it has come.

use std::time::{Duration, Instant};

use super::row::Row;
use super::speed::Speed;
use super::wording::{human_bytes, human_duration};

/// Sooner than this, nobody asks how long it has been.
const LONG: Duration = Duration::from_secs(1);

/// One thing that is being done.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) word: &'static str,
    pub(super) what: String,
    pub(super) amount: Amount,
    since: Instant,
    speed: Speed,
}

/// How far something has come, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    /// Nobody knows.
    Unknown,
    /// So many, and nobody knows of how many.
    Growing(u64),
    /// So many of so many.
    Of(u64, u64),
}

impl Task {
    pub(super) fn new(word: &'static str, what: impl Into<String>, amount: Amount, now: Instant) -> Self {
        Self { word, what: what.into(), amount, since: now, speed: Speed::default() }
    }

    pub(super) fn has_amount(&self) -> bool {
        self.amount != Amount::Unknown
    }

    /// Takes note of more bytes.
    pub(super) fn add(&mut self, bytes: u64) {
        match &mut self.amount {
            Amount::Unknown => {}
            Amount::Growing(done) | Amount::Of(done, _) => *done = done.saturating_add(bytes),
        }
    }

    /// Measures how fast it goes.
    pub(super) fn look(&mut self, now: Instant) {
        if let Amount::Growing(done) | Amount::Of(done, _) = self.amount {
            self.speed.note(now, done);
        }
    }

    /// Returns it as a live line.
    pub(super) fn row(&self, now: Instant) -> Row {
        Row { word: self.word.to_owned(), what: self.what.clone(), facts: self.facts(now) }
    }

    /// Returns it as a line of a log.
    pub(super) fn in_a_line(&self, now: Instant) -> (&'static str, String) {
        let parts: Vec<String> = std::iter::once(self.what.clone()).chain(self.facts(now)).collect();
        (self.word, parts.join(", "))
    }

    fn facts(&self, now: Instant) -> Vec<String> {
        match self.amount {
            Amount::Of(done, total) => moving(done, total, &self.speed),
            Amount::Growing(done) => vec![format!("{} packed", human_bytes(done))],
            Amount::Unknown => {
                let elapsed = now.saturating_duration_since(self.since);
                if elapsed < LONG { Vec::new() } else { vec![human_duration(elapsed)] }
            }
        }
    }
}

/// Returns how far bytes have come: `16%`, `34.20 MiB of 210.00 MiB`, `12.00 MiB/s`, `15s left`.
pub(super) fn moving(done: u64, total: u64, speed: &Speed) -> Vec<String> {
    let percent = (u128::from(done.min(total)) * 100).checked_div(u128::from(total)).unwrap_or(100);
    let mut facts = vec![format!("{percent:>3}%"), format!("{} of {}", human_bytes(done), human_bytes(total))];
    if let Some(bytes) = speed.per_second() {
        facts.push(format!("{}/s", human_bytes(bytes as u64)));
    }
    if let Some(left) = speed.left(total.saturating_sub(done)).filter(|_| done < total) {
        facts.push(format!("{} left", human_duration(left)));
    }
    facts
}
