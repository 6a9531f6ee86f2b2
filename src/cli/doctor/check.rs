//! One check: what was looked at, how it stands, and what mends it.

use std::time::Duration;

use tokio::time::timeout;

use crate::cli::exit::Exit;
use crate::cli::report::Failure;

/// How long a check of something on the network may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a server may take to answer a check in all: less, so that its own error is what is told.
pub(super) const DEADLINE: Duration = Duration::from_secs(8);

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// All is well.
    Ok,
    /// A deploy works, and something should be known.
    Warn,
    /// A deploy would fail, with this exit code.
    Fail(Exit),
}

impl Status {
    /// Returns the word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail(_) => "fail",
        }
    }
}

/// What one check came to.
#[derive(Debug, Clone)]
pub(super) struct Check {
    /// One word, the same in every run.
    pub(super) name: &'static str,
    /// How it stands.
    pub(super) status: Status,
    /// What was found.
    pub(super) what: String,
    /// What to do about it.
    pub(super) help: Option<String>,
}

impl Check {
    pub(super) fn ok(name: &'static str, what: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, what: what.into(), help: None }
    }

    pub(super) fn warn(name: &'static str, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { name, status: Status::Warn, what: what.into(), help: Some(help.into()) }
    }

    /// Tells what keeps a deploy from working; of several faults, all in one.
    pub(super) fn fail(name: &'static str, failure: impl Into<Failure>) -> Self {
        let failure = failure.into();
        let what: Vec<&str> = failure.reports.iter().map(|report| report.message.as_str()).collect();
        let help = failure.reports.iter().find_map(|report| report.help.clone());
        Self { name, status: Status::Fail(failure.exit), what: what.join("\n"), help }
    }

    /// Returns what a result comes to: `words` of a success, or the failure.
    pub(super) fn of<T, E: Into<Failure>>(
        name: &'static str,
        result: Result<T, E>,
        words: impl FnOnce(T) -> String,
    ) -> Self {
        match result {
            Ok(value) => Self::ok(name, words(value)),
            Err(error) => Self::fail(name, error),
        }
    }
}

/// Makes a check that may never end: after `limit` it has failed.
pub(super) async fn within(
    name: &'static str,
    exit: Exit,
    limit: Duration,
    work: impl Future<Output = Check>,
) -> Check {
    // On the heap: a client for registries is large.
    timeout(limit, Box::pin(work)).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} s", limit.as_secs());
        let help = "look at the network between here and there: firewall, VPN, proxy";
        Check::fail(name, Failure::new(exit, message, Some(help.to_owned())))
    })
}
