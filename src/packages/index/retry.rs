//! When to try again: exponential backoff with jitter, or what the server asks for.

use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, HeaderValue, RANGE};
use tokio::time::sleep;

use super::transport::{Answer, Request};
use super::{IndexError, IndexEvent, IndexOptions, Shared};
use crate::http::{self, Cause};

/// Attempts at one thing, the first included.
const ATTEMPTS: u32 = 6;

/// Attempts at reaching a host that is probably not there.
const ATTEMPTS_TO_REACH: u32 = 3;

const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// A server that wants to be left alone for longer has to be asked another day.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// Counts the attempts at one thing.
pub(super) struct Retry<'a> {
    options: &'a IndexOptions,
    failures: u32,
}

impl<'a> Retry<'a> {
    pub(super) fn new(options: &'a IndexOptions) -> Self {
        Self { options, failures: 0 }
    }

    /// Says that there was headway: the next failure is the first again.
    pub(super) fn headway(&mut self) {
        self.failures = 0;
    }

    /// Waits until the next attempt, or gives `error` back when there is none to make.
    pub(super) async fn after(&mut self, error: IndexError) -> Result<(), IndexError> {
        self.failures += 1;
        let pause = self.pause(&error);
        if !error.is_transient() || self.failures >= attempts(&error) || pause > LONGEST_PAUSE {
            return Err(error);
        }
        let (attempted, reason) = error.told();
        (self.options.observer)(IndexEvent::Retry { attempted, reason, after: pause });
        sleep(pause).await;
        Ok(())
    }

    fn pause(&self, error: &IndexError) -> Duration {
        match error {
            IndexError::Status { retry_after: Some(pause), .. } => *pause,
            _ => http::pause(self.options.backoff, self.failures, LONGEST_BACKOFF),
        }
    }
}

fn attempts(error: &IndexError) -> u32 {
    match error {
        IndexError::Unreachable { cause: Cause::ConnectionRefused | Cause::Dns, .. } => ATTEMPTS_TO_REACH,
        _ => ATTEMPTS,
    }
}

impl Shared {
    /// Asks until there is a whole answer of at most `limit` bytes.
    pub(super) async fn fetch(&self, request: &Request, limit: u64) -> Result<(Answer, Vec<u8>), IndexError> {
        let mut request = request.clone();
        // Parts are parts of what is stored.
        let encoding = if request.headers.contains_key(RANGE) { "identity" } else { "gzip" };
        request.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        let mut retry = Retry::new(&self.options);
        loop {
            let failed = match self.transport.ask(&request).await {
                Ok(mut answer) => match answer.bytes(limit).await {
                    Ok(bytes) => return Ok((answer, bytes)),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            retry.after(failed).await?;
        }
    }
}
