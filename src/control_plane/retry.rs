//! When a call is made again: exponential backoff with jitter, or what the server asks for, within the deadline.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::ControlPlane;
use super::error::ControlPlaneError;
use crate::http::{self, Cause};

/// Attempts at one call, the first included.
const ATTEMPTS: u32 = 6;

/// Attempts at reaching a server that is probably not there.
const ATTEMPTS_TO_REACH: u32 = 3;

const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Makes attempts until one succeeds, fails for good, or the deadline is over. An attempt is told whether there was
/// one before it that may have arrived.
pub(super) async fn within<T>(
    plane: &ControlPlane,
    attempted: &str,
    attempt: impl AsyncFn(bool) -> Result<T, ControlPlaneError>,
) -> Result<T, ControlPlaneError> {
    let deadline = plane.deadline.min(http::LONGEST_WAIT);
    let end = Instant::now() + deadline;
    let mut failures = 0;
    let mut may_have_arrived = false;
    let mut last = None;
    loop {
        let error = match timeout_at(end, attempt(may_have_arrived)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            Err(_) => return Err(last.unwrap_or_else(|| too_late(plane, attempted, deadline))),
        };
        failures += 1;
        let pause = error.retry_after().unwrap_or_else(|| http::pause(plane.backoff, failures, LONGEST_PAUSE));
        if !error.is_transient() || failures >= attempts(&error) || Instant::now() + pause >= end {
            return Err(error);
        }
        plane.tell(attempted, &error, pause);
        may_have_arrived |= error.may_have_arrived();
        last = Some(error);
        sleep(pause).await;
    }
}

pub(super) fn too_late(plane: &ControlPlane, attempted: &str, deadline: Duration) -> ControlPlaneError {
    ControlPlaneError::Timeout {
        attempted: attempted.to_owned(),
        server: super::exchange::shown(&plane.server),
        seconds: deadline.as_secs(),
    }
}

fn attempts(error: &ControlPlaneError) -> u32 {
    match error {
        ControlPlaneError::Unreachable { cause: Cause::ConnectionRefused | Cause::Dns, .. } => ATTEMPTS_TO_REACH,
        _ => ATTEMPTS,
    }
}
