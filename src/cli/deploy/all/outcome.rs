//! What came of one project.

use serde_json::{Value, json};

use crate::cli::report::Failure;
use crate::cli::run::as_json;
use crate::control_plane::LiveDag;
use crate::deploy::Deployed;
use crate::registry::Pushed;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It is live now.
    Deployed,
    /// It was live before, as it is.
    Unchanged,
    /// It could not be deployed.
    Failed,
    /// Nobody tried, or nobody went on.
    Skipped,
}

/// A stretch of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// leoflow.yaml is read.
    Read,
    /// Compiled, resolved, asked for.
    Check,
    /// Built and pushed.
    Push,
    /// Registered.
    Register,
}

/// What came of one project.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The dag_id, or the directory of what has none that can be read.
    pub(super) name: String,
    pub(super) status: Status,
    /// How far it came.
    pub(super) phase: Phase,
    /// What is live.
    pub(super) version: Option<String>,
    /// What was live before, where that was asked.
    pub(super) previous: Option<String>,
    pub(super) moved: Moved,
    pub(super) seconds: f64,
    /// Why it was left.
    pub(super) reason: Option<String>,
    pub(super) failure: Option<Failure>,
    /// The connections that it needs at run time.
    pub(super) connections: Vec<String>,
    /// Whether it has a line of its own in the table.
    pub(super) is_listed: bool,
    pub(super) details: Value,
}

/// What pushes moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) uploaded: usize,
    pub(super) uploaded_bytes: u64,
    pub(super) mounted: usize,
    pub(super) present: usize,
}

impl Status {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Status {
    /// Returns the word for what is not done yet.
    pub(super) fn planned(self) -> &'static str {
        if self == Self::Deployed { "to deploy" } else { self.word() }
    }
}

impl Phase {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Check => "check",
            Self::Push => "push",
            Self::Register => "register",
        }
    }
}

impl From<&Pushed> for Moved {
    fn from(pushed: &Pushed) -> Self {
        let Pushed { uploaded, uploaded_bytes, mounted, present, .. } = *pushed;
        Self { uploaded, uploaded_bytes, mounted, present }
    }
}

impl std::iter::Sum for Moved {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            uploaded: sum.uploaded + one.uploaded,
            uploaded_bytes: sum.uploaded_bytes + one.uploaded_bytes,
            mounted: sum.mounted + one.mounted,
            present: sum.present + one.present,
        })
    }
}

impl Outcome {
    pub(super) fn new(name: String, status: Status, phase: Phase, details: Value) -> Self {
        Self {
            name,
            status,
            phase,
            version: None,
            previous: None,
            moved: Moved::default(),
            seconds: 0.0,
            reason: None,
            failure: None,
            connections: Vec::new(),
            is_listed: true,
            details,
        }
    }

    /// It is live; `details` is its `leoflow.deploy/v1`.
    pub(super) fn deployed(deployed: &Deployed, details: Value) -> Self {
        let status = if deployed.already_live { Status::Unchanged } else { Status::Deployed };
        let new = Self::new(deployed.dag_id.clone(), status, Phase::Register, details);
        let version = Some(deployed.registration.version.clone());
        let connections = deployed.connections.clone();
        Self { version, moved: Moved::from(&deployed.pushed), connections, ..new }
    }

    /// It could not be deployed.
    pub(super) fn failed(name: String, phase: Phase, failure: Failure) -> Self {
        let details = as_json(&failure);
        Self { failure: Some(failure), ..Self::new(name, Status::Failed, phase, details) }
    }

    /// It is left as it is.
    pub(super) fn left(name: String, phase: Phase, reason: &str) -> Self {
        let details = json!({"schema": "leoflow.not_deployed/v1", "reason": reason});
        Self { reason: Some(reason.to_owned()), ..Self::new(name, Status::Skipped, phase, details) }
    }

    /// It is live as it is.
    pub(super) fn unchanged(name: String, live: &LiveDag) -> Self {
        let reason = "its content is what is registered";
        let details = json!({"schema": "leoflow.not_deployed/v1", "reason": reason, "version": live.version,
                             "image": live.image, "spec_hash": live.spec_hash});
        let new = Self::new(name, Status::Unchanged, Phase::Check, details);
        Self { version: live.version.clone(), reason: Some(reason.to_owned()), ..new }.unlisted()
    }

    /// Counts it, without a line of its own: nobody asked for it.
    pub(super) fn unlisted(mut self) -> Self {
        self.is_listed = false;
        self
    }

    pub(super) fn after(mut self, seconds: f64) -> Self {
        self.seconds = seconds;
        self
    }

    /// Returns it as scripts read it.
    pub(super) fn json(&self) -> Value {
        let mut object = self.details.clone();
        object["dag_id"] = self.name.clone().into();
        object["status"] = self.status.word().into();
        object["phase"] = self.phase.word().into();
        object["previous_version"] = self.previous.clone().into();
        object["seconds"] = json!((self.seconds * 1000.0).round() / 1000.0);
        object
    }

    /// Returns it as scripts read it that nothing came of yet.
    pub(super) fn planned_json(&self) -> Value {
        let mut object = self.details.clone();
        object["dag_id"] = self.name.clone().into();
        object["status"] = self.status.planned().replace(' ', "_").into();
        object
    }

    /// Returns in a line why it was not deployed.
    pub(super) fn why(&self) -> String {
        let failure = self.failure.as_ref().and_then(|failure| failure.reports.first());
        let text = failure.map_or(self.reason.as_deref().unwrap_or_default(), |report| report.message.as_str());
        text.lines().next().unwrap_or_default().to_owned()
    }
}
