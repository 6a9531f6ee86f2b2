//! When a log gets a line about what takes so long.

use std::time::{Duration, Instant};

/// How long a log may be silent at first.
const SOON: Duration = Duration::from_secs(10);
/// How many lines come that often.
const OFTEN: u32 = 6;
/// How long it may be silent thereafter.
const LATER: Duration = Duration::from_secs(30);

/// When the last line was told, and how many there were since a step was done.
#[derive(Debug)]
pub(super) struct Pace {
    last: Instant,
    lines: u32,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { last: now, lines: 0 }
    }

    /// Takes note that something was told.
    pub(super) fn told(&mut self, now: Instant) {
        *self = Self::new(now);
    }

    /// Tells whether a line is due, and takes it for told then.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let silence = if self.lines < OFTEN { SOON } else { LATER };
        let due = now.saturating_duration_since(self.last) >= silence;
        if due {
            *self = Self { last: now, lines: self.lines.saturating_add(1) };
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_never_silent_for_long_and_never_floods() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let due = |pace: &mut Pace, range: std::ops::Range<u64>| -> Vec<u64> {
            range.filter(|second| pace.is_due(start + Duration::from_secs(*second))).collect()
        };
        assert_eq!(due(&mut pace, 0..130), [10, 20, 30, 40, 50, 60, 90, 120]);
        pace.told(start + Duration::from_secs(130));
        assert_eq!(due(&mut pace, 130..151), [140, 150]);
    }
}
