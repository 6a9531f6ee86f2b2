//! How fast bytes move, and how long the rest takes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Over how long it is measured: long enough to be read, short enough to follow a line that gets slower.
const WINDOW: Duration = Duration::from_secs(5);
/// Less than this says nothing.
const TELLING: Duration = Duration::from_millis(500);

/// The bytes of the last seconds.
#[derive(Debug, Default)]
pub(super) struct Speed {
    /// When it was looked at, and how many bytes there were.
    samples: VecDeque<(Instant, u64)>,
}

impl Speed {
    /// Takes note of how many bytes have moved by `now`.
    pub(super) fn note(&mut self, now: Instant, bytes: u64) {
        // An upload that goes on from an earlier point moves bytes again: it is measured anew.
        if self.samples.back().is_some_and(|(_, before)| bytes < *before) {
            self.samples.clear();
        }
        self.samples.push_back((now, bytes));
        while self.samples.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > WINDOW) {
            self.samples.pop_front();
        }
    }

    /// Returns bytes a second, once anybody can say.
    pub(super) fn per_second(&self) -> Option<f64> {
        let ((first, from), (last, to)) = (self.samples.front()?, self.samples.back()?);
        let span = last.saturating_duration_since(*first);
        let speed = (to - from) as f64 / span.as_secs_f64();
        (span >= TELLING && speed >= 1.0).then_some(speed)
    }

    /// Returns how long `bytes` more take.
    pub(super) fn left(&self, bytes: u64) -> Option<Duration> {
        Duration::try_from_secs_f64(bytes as f64 / self.per_second()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(samples: &[(u64, u64)]) -> Speed {
        let (start, mut speed) = (Instant::now(), Speed::default());
        for (milliseconds, bytes) in samples {
            speed.note(start + Duration::from_millis(*milliseconds), *bytes);
        }
        speed
    }

    #[test]
    fn the_speed_is_that_of_the_last_seconds() {
        for (samples, expected) in [
            (&[][..], None),
            (&[(0, 0)], None),
            // Too early to say.
            (&[(0, 0), (100, 1_000)], None),
            (&[(0, 0), (1_000, 500)], Some(500)),
            // What was fast a while ago is forgotten.
            (&[(0, 0), (1_000, 1_000_000), (7_000, 1_000_600), (8_000, 1_000_700)], Some(100)),
            // Nothing moves any more.
            (&[(0, 0), (1_000, 1_000), (7_000, 1_000), (8_000, 1_000)], None),
            // It begins again from an earlier point.
            (&[(0, 0), (1_000, 9_000), (2_000, 100), (3_000, 300)], Some(200)),
        ] {
            let speed = after(samples).per_second().map(|speed| speed.round() as u64);
            assert_eq!(speed, expected, "{samples:?}");
        }
    }

    #[test]
    fn what_is_left_takes_as_long_as_it_does_now() {
        let speed = after(&[(0, 0), (1_000, 500)]);
        assert_eq!(speed.left(2_000), Some(Duration::from_secs(4)));
        assert_eq!(after(&[]).left(1), None);
    }
}
