//! How fast one side of a transfer moves, as long as it is the side that the other waits for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Options;
use super::error::RegistryError;

/// A registry hashes or moves what it was sent before it answers: it gets one second more for each 4 MiB.
const COMMIT_BYTES_PER_SECOND: u64 = 4 << 20;

/// What may lie in the buffers of the client and of the system when everything seems sent, in bytes.
const BUFFERED: u64 = 512 << 10;

/// How fast those are taken to be emptied at least, in bytes per second.
const EMPTIED_PER_SECOND: u64 = 8 << 10;

/// How slow a transfer may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How long nothing may move.
    pub(super) idle: Duration,
    /// Bytes per second that must move on average over the window; 0 asks for none.
    pub(super) least_rate: u64,
    /// Over which time that average is taken.
    pub(super) window: Duration,
}

impl Limits {
    pub(super) fn of(options: &Options) -> Self {
        Self { idle: options.idle, least_rate: options.least_rate, window: options.rate_window }
    }
}

/// In which way a side is too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slow {
    /// Nothing moved for so long.
    Idle(Duration),
    /// Too little moved.
    Trickle {
        /// Bytes per second.
        rate: u64,
        limits: (u64, Duration),
    },
}

impl Slow {
    pub(super) fn error(self, attempted: &str, url: String) -> RegistryError {
        let attempted = attempted.to_owned();
        match self {
            Self::Idle(limit) => RegistryError::Idle { attempted, url, limit },
            Self::Trickle { rate, limits: (least, window) } => {
                RegistryError::TooSlow { attempted, url, rate, least, window }
            }
        }
    }
}

/// What a side moved, and how long it was waited for, in the current window.
#[derive(Debug)]
pub(super) struct Pace {
    limits: Limits,
    bytes: u64,
    waited: Duration,
}

impl Pace {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, bytes: 0, waited: Duration::ZERO }
    }

    /// Notes that so much was moved, and how long it was waited for.
    pub(super) fn moved(&mut self, bytes: u64, waited: Duration) -> Result<(), Slow> {
        self.bytes += bytes;
        self.waited += waited;
        self.check(Duration::ZERO)?;
        if self.waited >= self.limits.window {
            (self.bytes, self.waited) = (0, Duration::ZERO);
        }
        Ok(())
    }

    /// Fails when the window is over, counting `more` that has been waited, and too little was moved in it.
    fn check(&self, more: Duration) -> Result<(), Slow> {
        let Limits { least_rate, window, .. } = self.limits;
        let waited = self.waited + more;
        let rate = (self.bytes as f64 / waited.as_secs_f64().max(f64::MIN_POSITIVE)) as u64;
        if waited >= window && rate < least_rate {
            return Err(Slow::Trickle { rate, limits: (least_rate, window) });
        }
        Ok(())
    }

    /// Returns how long until the window is over; of one that ended well, until the next is.
    fn left(&self, more: Duration) -> Duration {
        let window = self.limits.window;
        if self.waited + more < window { window - self.waited - more } else { window }
    }
}

/// How a request's body is taken by the connection. While the connection asks for more and its source has none, the
/// source is the slow one, and nothing counts against the target.
pub(super) struct Progress {
    state: Mutex<State>,
    length: u64,
    limits: Limits,
}

struct State {
    pace: Pace,
    sent: u64,
    /// Since when the connection has something to send; `None` while it waits for the source.
    busy_since: Option<Instant>,
}

impl Progress {
    /// Begins with a connection that is still to be made.
    pub(super) fn new(length: u64, limits: Limits) -> Self {
        let state = State { pace: Pace::new(limits), sent: 0, busy_since: Some(Instant::now()) };
        Self { state: Mutex::new(state), length, limits }
    }

    /// Says that the request begins now.
    pub(super) fn begin(&self) {
        self.state().busy_since = Some(Instant::now());
    }

    /// Notes that the connection has the whole body.
    pub(super) fn all_handed(&self) {
        self.handed(self.length, Instant::now());
    }

    /// Notes that the connection took what it was handed last, and asks for more.
    pub(super) fn asked(&self, now: Instant) {
        let mut state = self.state();
        if state.sent >= self.length {
            return;
        }
        if let Some(since) = state.busy_since.take() {
            // What is too slow is seen by `stalled`.
            let _ = state.pace.moved(0, now - since);
        }
    }

    /// Notes that the connection is handed so many bytes.
    pub(super) fn handed(&self, bytes: u64, now: Instant) {
        let mut state = self.state();
        state.sent += bytes;
        state.busy_since = Some(now);
        let _ = state.pace.moved(bytes, Duration::ZERO);
    }

    /// Returns once the target is too slow.
    pub(super) async fn stalled(&self) -> Slow {
        loop {
            match self.verdict(Instant::now()) {
                Ok(pause) => sleep(pause).await,
                Err(slow) => return slow,
            }
        }
    }

    /// Returns how long to wait before this is asked again.
    fn verdict(&self, now: Instant) -> Result<Duration, Slow> {
        let state = self.state();
        let done = state.sent >= self.length;
        let limit = self.limits.idle + if done { self.grace() } else { Duration::ZERO };
        // While the source is waited for, nothing can run out; it may have delivered by then.
        let Some(since) = state.busy_since else { return Ok(limit / 4) };
        let busy = now.saturating_duration_since(since);
        if busy >= limit {
            return Err(Slow::Idle(limit));
        }
        if done {
            return Ok(limit - busy);
        }
        state.pace.check(busy)?;
        Ok((limit - busy).min(state.pace.left(busy)))
    }

    /// Returns what is added to the limit when all was sent and only the answer is awaited.
    fn grace(&self) -> Duration {
        let committed = Duration::from_secs(self.length / COMMIT_BYTES_PER_SECOND);
        committed + Duration::from_millis(self.length.min(BUFFERED) * 1000 / EMPTIED_PER_SECOND)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { idle: Duration::from_secs(60), least_rate: 1024, window: Duration::from_secs(60) };

    /// Moves pieces of so many bytes, each waited for so many seconds, for three windows.
    fn check(bytes: u64, seconds: u64, expected: Result<(), u64>) {
        let mut pace = Pace::new(LIMITS);
        let moved = (0..180 / seconds).try_for_each(|_| pace.moved(bytes, Duration::from_secs(seconds)));
        let rate = moved.map_err(|slow| match slow {
            Slow::Trickle { rate, .. } => rate,
            Slow::Idle(_) => 0,
        });
        assert_eq!(rate, expected, "{bytes} bytes in {seconds} s");
    }

    #[test]
    fn an_average_below_the_least_rate_is_too_slow() {
        check(1024, 1, Ok(()));
        check(1 << 20, 60, Ok(()));
        check(1000, 1, Err(1000));
        check(1, 30, Err(0));
    }

    #[test]
    fn every_window_counts_by_itself() {
        let mut pace = Pace::new(LIMITS);
        assert_eq!(pace.moved(1 << 30, Duration::from_secs(60)), Ok(()));
        assert!(pace.moved(1, Duration::from_secs(60)).is_err());
    }

    /// What became of a body of this length at so many seconds after its request began.
    struct Watched(Progress, Instant);

    impl Watched {
        fn begin(length: u64) -> Self {
            let begun = Instant::now();
            let progress = Progress::new(length, LIMITS);
            progress.asked(begun);
            Self(progress, begun)
        }

        fn verdict(&self, seconds: u64) -> Result<(), Slow> {
            self.0.verdict(self.at(seconds)).map(|_| ())
        }

        fn at(&self, seconds: u64) -> Instant {
            self.1 + Duration::from_secs(seconds)
        }
    }

    #[test]
    fn a_target_that_waits_for_its_source_is_not_slow() {
        let body = Watched::begin(200_000);
        assert_eq!(body.verdict(600), Ok(()));
        body.0.handed(100_000, body.at(600));
        assert_eq!(body.verdict(659), Ok(()));
        assert_eq!(body.verdict(660), Err(Slow::Idle(LIMITS.idle)));
    }

    #[test]
    fn a_target_that_takes_little_at_a_time_is_too_slow() {
        let body = Watched::begin(1 << 20);
        for seconds in [0, 30] {
            body.0.asked(body.at(seconds));
            body.0.handed(1000, body.at(seconds));
            assert_eq!(body.verdict(seconds + 29), Ok(()));
        }
        assert!(matches!(body.verdict(61), Err(Slow::Trickle { rate: 32, .. })));
    }

    #[test]
    fn an_answer_is_awaited_for_longer_after_more_was_sent() {
        let body = Watched::begin(400 << 20);
        body.0.handed(400 << 20, body.at(0));
        assert_eq!(body.verdict(220), Ok(()));
        assert_eq!(body.verdict(225), Err(Slow::Idle(Duration::from_secs(60 + 100 + 64))));
    }
}
