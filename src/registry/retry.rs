//! When to try again: exponential backoff with jitter, or what the registry asks for, within the deadline.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::{Cause, RegistryError};
use super::session::Operation;
use super::{Event, Options};

/// Attempts at one thing, the first included.
const ATTEMPTS: u32 = 6;

/// Attempts at reaching a host that is probably not there.
const ATTEMPTS_TO_REACH: u32 = 3;

const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// Counts the attempts at one thing.
pub(super) struct Retry<'a> {
    options: &'a Options,
    operation: &'a Operation,
    failures: u32,
}

impl<'a> Retry<'a> {
    pub(super) fn new(options: &'a Options, operation: &'a Operation) -> Self {
        Self { options, operation, failures: 0 }
    }

    /// Waits until the next attempt, or gives `error` back when there is none to make.
    pub(super) async fn after(&mut self, error: RegistryError) -> Result<(), RegistryError> {
        if error.is_transient() { self.anyway(error).await } else { Err(error) }
    }

    /// Does the same, although `error` is not known to pass by itself.
    pub(super) async fn anyway(&mut self, error: RegistryError) -> Result<(), RegistryError> {
        self.failures += 1;
        let pause = self.pause(&error);
        if self.failures >= attempts(&error) || Instant::now() + pause >= self.operation.deadline {
            return Err(error);
        }
        let attempted = error.attempted().unwrap_or("speak to the registry").to_owned();
        self.operation.remember(&error);
        (self.options.observer)(Event::Retry { attempted, reason: error.to_string(), after: pause });
        sleep(pause).await;
        Ok(())
    }

    fn pause(&self, error: &RegistryError) -> Duration {
        let backoff = backoff(self.options.backoff, self.failures);
        // Half of it is left to chance, so that many clients do not return at one moment.
        let jittered = backoff.mul_f64(0.5 + fastrand::f64() / 2.0);
        error.retry_after().unwrap_or(jittered)
    }
}

fn backoff(first: Duration, failures: u32) -> Duration {
    first.saturating_mul(1 << (failures - 1).min(10)).min(LONGEST_BACKOFF)
}

fn attempts(error: &RegistryError) -> u32 {
    match error {
        RegistryError::Unreachable { cause: Cause::ConnectionRefused | Cause::Dns, .. } => ATTEMPTS_TO_REACH,
        _ => ATTEMPTS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let first = Duration::from_millis(500);
        let pauses: Vec<u64> = (1..=8).map(|failures| backoff(first, failures).as_millis() as u64).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert_eq!(backoff(Duration::MAX, u32::MAX), LONGEST_BACKOFF);
    }
}
