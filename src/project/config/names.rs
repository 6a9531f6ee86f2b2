//! Values that are one of a few words, and what each stands for.

use super::{AlertKind, AuthMethod, PythonVersion, TagStrategy};

pub(super) const PYTHONS: &[(&str, PythonVersion)] = &[
    ("3.10", PythonVersion::Py310),
    ("3.11", PythonVersion::Py311),
    ("3.12", PythonVersion::Py312),
    ("3.13", PythonVersion::Py313),
];

pub(super) const TAG_STRATEGIES: &[(&str, TagStrategy)] = &[
    ("version", TagStrategy::Version),
    ("git_sha", TagStrategy::GitSha),
    ("git_tag", TagStrategy::GitTag),
    ("custom", TagStrategy::Custom),
];

pub(super) const AUTH_METHODS: &[(&str, AuthMethod)] =
    &[("docker_config", AuthMethod::DockerConfig), ("env", AuthMethod::Env), ("iam", AuthMethod::Iam)];

pub(super) const ALERTS: &[(&str, AlertKind)] = &[("slack", AlertKind::Slack), ("webhook", AlertKind::Webhook)];

pub(super) const PULL_POLICIES: &[(&str, &str)] =
    &[("Always", "Always"), ("IfNotPresent", "IfNotPresent"), ("Never", "Never")];

/// Returns the words alone.
pub(super) fn names<T>(choices: &[(&'static str, T)]) -> Vec<&'static str> {
    choices.iter().map(|(name, _)| *name).collect()
}
