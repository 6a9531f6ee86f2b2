//! Whether a body comes fast enough: a server that sends a byte now and then is never idle.

use tokio::time::Instant;

use super::LeastRate;

/// Measures how fast a body comes.
pub(super) struct Pace {
    pub(super) least: LeastRate,
    since: Instant,
    bytes: u64,
}

impl Pace {
    pub(super) fn new(least: LeastRate) -> Self {
        Self { least, since: Instant::now(), bytes: 0 }
    }

    /// Counts what has come, and returns whether that was too little for the time it took.
    pub(super) fn is_too_slow(&mut self, bytes: usize) -> bool {
        self.bytes += bytes as u64;
        if self.bytes >= self.least.bytes {
            *self = Self::new(self.least);
        }
        self.since.elapsed() > self.least.within
    }
}
