//! Blobs on their way to a registry, or out of one: each, and all together.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::fit::{middle, padded, width};
use super::row::Row;
use super::speed::Speed;
use super::task::{Amount, Task, moving};
use super::wording::short;
use crate::layers::Digest;

/// How many have a line of their own; the others are counted.
const SHOWN: usize = 5;
/// How wide a line's name may be, in columns.
const NAME: usize = 24;

/// What moves, what has moved, and what is still to come.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    /// What moves, the first first.
    moving: Vec<(Digest, Task)>,
    /// The blobs of an image that is pushed, and their bytes.
    expected: BTreeMap<Digest, u64>,
    /// What of these is there.
    settled: BTreeSet<Digest>,
    /// Bytes that did not have to move.
    spared: u64,
    /// Bytes that have arrived, of blobs that have arrived whole.
    arrived: u64,
    /// What is in them, where that is known.
    names: BTreeMap<Digest, String>,
    speed: Speed,
}

impl Transfers {
    /// Takes note of blobs that a push brings to its registry, and what they are called.
    pub(super) fn expect(&mut self, blobs: impl IntoIterator<Item = (Digest, u64)>) {
        self.expected.extend(blobs);
    }

    /// Takes note of what is in a blob.
    pub(super) fn name(&mut self, digest: Digest, name: &str) {
        self.names.insert(digest, name.to_owned());
    }

    /// Takes note that a transfer begins, or begins again.
    pub(super) fn started(&mut self, digest: Digest, size: u64, streamed: bool, now: Instant) {
        let word = if streamed { "Copying" } else { "Uploading" };
        self.moving.retain(|(other, _)| *other != digest);
        self.moving.push((digest, Task::new(word, "", Amount::Of(0, size), now)));
    }

    pub(super) fn sent(&mut self, digest: Digest, bytes: u64) {
        if let Some((_, task)) = self.moving.iter_mut().find(|(other, _)| *other == digest) {
            task.add(bytes);
        }
    }

    /// Takes note that the registry has `at` bytes of a blob: what was sent beyond is sent again.
    pub(super) fn resumed(&mut self, digest: Digest, at: u64) {
        let found = self.moving.iter_mut().find(|(other, _)| *other == digest);
        if let Some((_, Task { amount: Amount::Of(done, _), .. })) = found {
            *done = at;
        }
    }

    /// Takes note that a blob is where it should be; `moved` unless it was there, or was mounted.
    pub(super) fn settled(&mut self, digest: Digest, size: u64, moved: bool) {
        self.moving.retain(|(other, _)| *other != digest);
        if self.expected.contains_key(&digest) && self.settled.insert(digest) {
            *(if moved { &mut self.arrived } else { &mut self.spared }) += size;
        }
    }

    /// Measures how fast everything goes.
    pub(super) fn look(&mut self, now: Instant) {
        self.moving.iter_mut().for_each(|(_, task)| task.look(now));
        self.speed.note(now, self.moved());
    }

    /// Returns the line for all of a push together; none where there is but one blob, or nothing moves.
    pub(super) fn overall(&self) -> Option<Row> {
        if self.expected.len() < 2 || self.moving.is_empty() {
            return None;
        }
        let mut facts = vec![format!("{} of {} blobs", self.settled.len(), self.expected.len())];
        facts.extend(moving(self.moved(), self.total(), &self.speed));
        Some(Row { facts, ..Row::default() })
    }

    /// Returns a line for each of those that move.
    pub(super) fn rows(&self, now: Instant) -> Vec<Row> {
        let mut rows: Vec<Row> = self.moving.iter().take(SHOWN).map(|(digest, task)| self.row(*digest, task, now)).collect();
        let widest = rows.iter().map(|row| width(&row.what)).max().unwrap_or(0);
        rows.iter_mut().for_each(|row| row.what = padded(&row.what, widest));
        if let Some(others @ 1..) = self.moving.len().checked_sub(SHOWN) {
            rows.push(Row { what: format!("and {others} more"), ..Row::default() });
        }
        rows
    }

    fn row(&self, digest: Digest, task: &Task, now: Instant) -> Row {
        let name = self.names.get(&digest).map(|name| middle(name, NAME));
        Row { what: name.unwrap_or_else(|| short(&digest)), ..task.row(now) }
    }

    /// Returns all together as a line of a log.
    pub(super) fn in_a_line(&self) -> Option<(&'static str, String)> {
        let (_, first) = self.moving.first()?;
        let facts = moving(self.moved(), self.total(), &self.speed);
        let blobs = self.settled.len() + self.moving.len();
        let blobs = format!("blob {blobs} of {}", self.expected.len().max(blobs));
        Some((first.word, [vec![blobs], facts[1..].to_vec()].concat().join(", ")))
    }

    /// Returns how many bytes have moved.
    fn moved(&self) -> u64 {
        let moving = self.moving.iter().map(|(digest, task)| match task.amount {
            Amount::Of(done, size) if self.counts(digest) => done.min(size),
            _ => 0,
        });
        moving.fold(self.arrived, u64::saturating_add)
    }

    /// Returns how many bytes move in all, as far as that is known.
    fn total(&self) -> u64 {
        if self.expected.is_empty() {
            let sizes = self.moving.iter().map(|(_, task)| if let Amount::Of(_, size) = task.amount { size } else { 0 });
            return sizes.fold(0, u64::saturating_add);
        }
        self.expected.values().copied().fold(0, u64::saturating_add).saturating_sub(self.spared)
    }

    /// Tells whether a blob is one of those that a push brings, or there is no push.
    fn counts(&self, digest: &Digest) -> bool {
        self.expected.is_empty() || self.expected.contains_key(digest)
    }
}
