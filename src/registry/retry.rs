//! When to try again: exponential backoff with jitter, or what the registry asks for, within the deadline.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::RegistryError;
use super::session::Operation;
use super::{Event, Shared};
use crate::http::{self, Cause};

/// Attempts at one thing, the first included.
const ATTEMPTS: u32 = 6;

/// Attempts at reaching a host that is probably not there.
const ATTEMPTS_TO_REACH: u32 = 3;

const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// Counts the attempts at one thing.
pub(super) struct Retry<'a> {
    shared: &'a Shared,
    operation: &'a Operation,
    failures: u32,
}

impl<'a> Retry<'a> {
    pub(super) fn new(shared: &'a Shared, operation: &'a Operation) -> Self {
        Self::after_failures(shared, operation, 0)
    }

    /// Goes on counting.
    pub(super) fn after_failures(shared: &'a Shared, operation: &'a Operation, failures: u32) -> Self {
        Self { shared, operation, failures }
    }

    /// Returns how often it has failed.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Says that there was headway: the next failure is the first again.
    pub(super) fn headway(&mut self) {
        self.failures = 0;
    }

    /// Waits until the next attempt, or gives `error` back when there is none to make.
    pub(super) async fn after(&mut self, error: RegistryError) -> Result<(), RegistryError> {
        if error.is_transient() { self.anyway(error).await } else { Err(error) }
    }

    /// Does the same, although `error` is not known to pass by itself.
    pub(super) async fn anyway(&mut self, error: RegistryError) -> Result<(), RegistryError> {
        if self.waited(&error).await { Ok(()) } else { Err(error) }
    }

    /// Does the same, and returns whether there is a next attempt.
    pub(super) async fn waited(&mut self, error: &RegistryError) -> bool {
        self.failures += 1;
        let pause = self.pause(error);
        let given_up = self.operation.once
            || self.failures >= attempts(error)
            || Instant::now() + pause >= self.operation.deadline;
        if given_up {
            return false;
        }
        let attempted = error.attempted().unwrap_or("speak to the registry").to_owned();
        self.operation.remember(error);
        let reason = self.shared.authority.presented.clean(&error.reason());
        (self.shared.options.observer)(Event::Retry { attempted, reason, after: pause });
        sleep(pause).await;
        true
    }

    fn pause(&self, error: &RegistryError) -> Duration {
        error.retry_after().unwrap_or_else(|| http::pause(self.shared.options.backoff, self.failures, LONGEST_BACKOFF))
    }
}

fn attempts(error: &RegistryError) -> u32 {
    match error {
        RegistryError::Unreachable { cause: Cause::ConnectionRefused | Cause::Dns, .. } => ATTEMPTS_TO_REACH,
        _ => ATTEMPTS,
    }
}
