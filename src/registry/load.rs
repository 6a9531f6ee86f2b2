//! What all transfers of a client to one registry share: how many there are at a time, when the registry wants to be
//! left alone, and how much it takes in one request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use url::Origin;

use super::form::LEAST_CHUNK;

/// Transfers that must end well before one more is made at a time again.
const CALM: usize = 8;

/// Every registry that was spoken to.
#[derive(Default)]
pub(super) struct Loads(Mutex<HashMap<Origin, Arc<Load>>>);

impl Loads {
    /// Returns the registry's, in which `most` transfers are made at a time.
    pub(super) fn of(&self, registry: Origin, most: usize) -> Arc<Load> {
        let mut loads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(loads.entry(registry).or_insert_with(|| Arc::new(Load::new(most.max(1)))))
    }
}

/// One registry.
pub(super) struct Load {
    state: Mutex<State>,
    most: usize,
    freed: Notify,
}

struct State {
    running: usize,
    limit: usize,
    /// Transfers that ended well since the limit was changed.
    calm: usize,
    /// Until when it wants to be left alone.
    until: Instant,
    /// The smallest request body that was too large, in bytes.
    refused_body: Option<u64>,
}

/// The right to move one blob; gone with the value.
pub(super) struct Slot<'a>(&'a Load);

impl Load {
    fn new(most: usize) -> Self {
        let state = State { running: 0, limit: most, calm: 0, until: Instant::now(), refused_body: None };
        Self { state: Mutex::new(state), most, freed: Notify::new() }
    }

    /// Waits until one more blob may move.
    pub(super) async fn slot(&self) -> Slot<'_> {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if self.enter() {
                return Slot(self);
            }
            freed.await;
        }
    }

    fn enter(&self) -> bool {
        let mut state = self.state();
        let free = state.running < state.limit;
        state.running += usize::from(free);
        free
    }

    fn leave(&self) {
        self.state().running -= 1;
        self.freed.notify_waiters();
    }

    /// Waits while the registry wants to be left alone. When that is longer than there is time, it is asked anyway: it
    /// will say why itself.
    pub(super) async fn ready(&self, deadline: Instant) {
        let until = self.state().until;
        if until > Instant::now() && until < deadline {
            sleep_until(until).await;
        }
    }

    /// Returns how much longer the registry wants to be left alone.
    pub(super) fn pause(&self) -> Option<Duration> {
        let pause = self.state().until.saturating_duration_since(Instant::now());
        (!pause.is_zero()).then_some(pause)
    }

    /// Leaves the registry alone for a while, and moves half as many blobs at a time from then on.
    pub(super) fn overloaded(&self, pause: Duration) {
        let (mut state, now) = (self.state(), Instant::now());
        // Those that were on their way meanwhile tell nothing new.
        if now >= state.until {
            state.limit = (state.limit / 2).max(1);
            state.calm = 0;
        }
        state.until = state.until.max(now + pause);
    }

    /// Notes that a blob has moved.
    pub(super) fn well(&self) {
        let mut state = self.state();
        state.calm += 1;
        if state.calm >= CALM && state.limit < self.most {
            state.limit += 1;
            state.calm = 0;
        }
    }

    /// Notes that a request body of so many bytes was too large. What is smaller than any chunk teaches nothing of them.
    pub(super) fn refused_body(&self, bytes: u64) {
        if bytes <= LEAST_CHUNK {
            return;
        }
        let mut state = self.state();
        state.refused_body = Some(state.refused_body.map_or(bytes, |refused| refused.min(bytes)));
    }

    /// Returns the size of the smallest request body that was too large.
    pub(super) fn smallest_refused_body(&self) -> Option<u64> {
        self.state().refused_body
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn enters(host: &Load) -> bool {
        host.slot().now_or_never().map(std::mem::forget).is_some()
    }

    #[test]
    fn a_registry_that_is_overloaded_gets_half_and_then_slowly_more() {
        let host = Load::new(4);
        let slots = (0..9).filter(|_| enters(&host)).count();
        assert_eq!(slots, 4);
        host.overloaded(Duration::ZERO);
        (0..3).for_each(|_| host.leave());
        assert!(enters(&host) && !enters(&host), "two of four");
        (0..8).for_each(|_| host.well());
        assert!(enters(&host) && !enters(&host), "three of four");
    }

    #[test]
    fn answers_that_were_on_their_way_halve_it_only_once() {
        let host = Load::new(8);
        (0..5).for_each(|_| host.overloaded(Duration::from_secs(60)));
        assert_eq!(host.state().limit, 4);
    }

    #[tokio::test]
    async fn whoever_waits_is_let_in_when_another_leaves() {
        let host = Load::new(1);
        let slot = host.slot().await;
        let mut waiting = std::pin::pin!(host.slot());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(slot);
        drop(waiting.await);
        assert!(enters(&host));
    }
}
