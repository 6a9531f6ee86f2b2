//! leoflow.yaml as values: every key known, every value checked, every place remembered.

mod forms;
mod key;
mod keys;
mod names;
mod nearest;
mod read;
pub(super) mod reader;
mod rules;
mod schema;
mod starter;
mod tasks;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Quantity, QuantityError};
use crate::code::Code;
use crate::source::SourceSpan;

pub(super) use read::read;
pub use schema::schema;
pub use starter::{Proposal, Starter, starter};

/// What stays out of the image unless `exclude_paths` or `.dockerignore` takes it back in with `!`.
pub const DEFAULT_EXCLUDES: &[&str] = &[
    ".git",
    "__pycache__",
    "*.pyc",
    ".venv",
    "venv",
    "/dag.json",
    "/leoflow.schema.json",
    "/pylock.toml",
    "/pylock.*.toml",
];

/// The whole of leoflow.yaml.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The DAG's id.
    pub dag_id: String,
    /// Where the id stands, for errors about it.
    pub dag_id_span: SourceSpan,
    /// Free text.
    pub description: Option<String>,
    /// Free text.
    pub owner: Option<String>,
    /// Tags as written; they win over the DAG's when there are any.
    pub tags: Vec<String>,
    /// The interpreter inside the image.
    pub python_version: PythonVersion,
    /// Overrides the default base.
    pub base_image: Option<String>,
    /// PEP 508 requirements.
    pub dependencies: Vec<String>,
    /// Short provider names as written.
    pub connectors: Vec<String>,
    /// Debian package names.
    pub system_packages: Vec<String>,
    /// Names of connections, never values.
    pub connections: Vec<String>,
    /// Names of variables, never values.
    pub variables: Vec<String>,
    /// The file with the DAG, relative to the project; `dag.py`.
    pub dag_source: String,
    /// What goes into the image; `["."]`.
    pub include_paths: Vec<String>,
    /// What stays out besides [`DEFAULT_EXCLUDES`], in gitignore syntax, as written.
    pub exclude_paths: Vec<String>,
    /// How the image is built.
    pub build: Build,
    /// Where the image goes; nothing when the key is missing.
    pub registry: Option<Registry>,
    /// Defaults of every task.
    pub defaults: Defaults,
    /// Staging storage.
    pub staging: Option<Staging>,
    /// Settings by task id, each with the place of its id.
    pub tasks: BTreeMap<String, TaskConfig>,
    /// `alerts.on_failure`.
    pub alerts: Vec<Alert>,
    /// What a reader should be warned of, without being stopped (a Python near its end of life).
    pub warnings: Vec<ConfigFault>,
}

/// A Python that the runtime image exists for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum PythonVersion {
    /// End of life 2026-10-31.
    Py310,
    /// The default.
    #[default]
    Py311,
    /// 3.12
    Py312,
    /// 3.13
    Py313,
}

/// `build:`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// `["linux/amd64"]`
    pub platforms: Vec<String>,
    /// Image labels.
    pub labels: BTreeMap<String, String>,
}

/// `registry:`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// `ghcr.io/org`
    pub url: String,
    /// Defaults to the dag_id.
    pub image_name: Option<String>,
    /// What the image is tagged with.
    pub tag_strategy: TagStrategy,
    /// Where credentials come from.
    pub auth_method: AuthMethod,
}

/// What the image is tagged with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TagStrategy {
    /// `git describe --tags --always --dirty`, `dev` outside git.
    #[default]
    Version,
    /// The commit.
    GitSha,
    /// The tag on the commit.
    GitTag,
    /// Given with `--dag-version`.
    Custom,
}

/// Where registry credentials come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuthMethod {
    /// Docker's and Podman's configuration.
    #[default]
    DockerConfig,
    /// Environment variables.
    Env,
    /// The host's cloud identity.
    Iam,
}

/// `defaults:`
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Defaults {
    /// At least 0.
    pub retries: Option<u64>,
    /// Seconds.
    pub retry_delay_seconds: Option<u64>,
    /// Seconds, at least 1.
    pub execution_timeout_seconds: Option<u64>,
    /// `cpu` and `memory` of tasks that set no resources.
    pub cpu: Option<Quantity>,
    /// See `cpu`.
    pub memory: Option<Quantity>,
    /// Of tasks that set none.
    pub node_selector: BTreeMap<String, String>,
}

/// `staging:`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staging {
    /// Whether there is any.
    pub enabled: bool,
    /// How large.
    pub size: Option<Quantity>,
    /// Kubernetes' storage class.
    pub storage_class: Option<String>,
}

/// `tasks.<task_id>:`
#[derive(Debug, Clone, PartialEq)]
pub struct TaskConfig {
    /// Where the task id stands, for errors about it.
    pub span: SourceSpan,
    /// At least 0.
    pub retries: Option<u64>,
    /// Seconds.
    pub retry_delay_seconds: Option<u64>,
    /// Seconds, at least 1.
    pub execution_timeout_seconds: Option<u64>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Names of connections.
    pub connections: Vec<String>,
    /// Names of variables.
    pub variables: Vec<String>,
    /// Requests, limits and claims.
    pub resources: Option<Resources>,
    /// Where and how the pod runs.
    pub execution: Option<Execution>,
}

/// `resources:`
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resources {
    /// `cpu`, `memory`, `ephemeral_storage` -> quantity.
    pub requests: BTreeMap<String, Quantity>,
    /// Likewise.
    pub limits: BTreeMap<String, Quantity>,
    /// Passed on as they are.
    pub claims: Vec<Value>,
}

/// `execution:`, its keys checked, its values as JSON, ready for dag.json.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Execution(pub BTreeMap<String, Value>);

/// One of `alerts.on_failure`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Through what.
    pub kind: AlertKind,
    /// The connection's name.
    pub conn: Option<String>,
    /// The text.
    pub message: Option<String>,
}

/// Through what an alert goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertKind {
    /// `slack`
    Slack,
    /// `webhook`
    Webhook,
}

/// All that is wrong with a leoflow.yaml.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("leoflow.yaml has {}", if faults.len() == 1 { "a fault".to_owned() } else { format!("{} faults", faults.len()) })]
pub struct ConfigError {
    /// At least one, in the order of their places.
    pub faults: Vec<ConfigFault>,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// What kind of fault it is.
    pub code: Code,
    /// The place.
    pub span: SourceSpan,
    /// What is wrong, naming the key's path (`tasks.load.retries`).
    pub message: String,
    /// A second place that matters, with what to say about it (the first of two duplicate keys).
    pub related: Option<(SourceSpan, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl ConfigFault {
    pub(super) fn new(code: Code, span: SourceSpan, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), related: None, help: None }
    }
}

impl PythonVersion {
    /// Returns `3.11` and so on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Py310 => "3.10",
            Self::Py311 => "3.11",
            Self::Py312 => "3.12",
            Self::Py313 => "3.13",
        }
    }
}

#[cfg(test)]
mod tests;
