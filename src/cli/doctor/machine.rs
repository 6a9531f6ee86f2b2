//! This program and its settings, and the CI system that runs it.

use super::check::Check;
use super::ground::Ground;
use crate::cli::environment::Environment;

/// Variables by which CI systems are known; the last is what most of them set.
const SYSTEMS: &[(&str, &str)] = &[
    ("GITHUB_ACTIONS", "GitHub Actions"),
    ("GITLAB_CI", "GitLab CI"),
    ("JENKINS_URL", "Jenkins"),
    ("BUILDKITE", "Buildkite"),
    ("CIRCLECI", "CircleCI"),
    ("TF_BUILD", "Azure Pipelines"),
    ("CI", "a CI system"),
];

pub(super) async fn program(_: &Ground<'_>) -> Vec<Check> {
    let (version, os, arch) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    vec![Check::ok("program", format!("leoflow {version} on {os}/{arch}"))]
}

pub(super) fn checks(ground: &Ground<'_>) -> Vec<Check> {
    vec![settings(ground), ci()]
}

fn settings(ground: &Ground<'_>) -> Check {
    let (environment, settings) = (&ground.session.environment, &ground.session.settings);
    let Some(file) = environment.settings_file() else {
        return Check::ok("settings", "none: there is no home directory");
    };
    let shown = environment.shown(&file);
    match (settings.exposed, file.exists()) {
        (true, _) => Check::warn(
            "settings",
            format!("other users of this machine can read the token in {shown}"),
            format!("chmod 600 {shown}"),
        ),
        (false, true) => Check::ok("settings", shown),
        (false, false) => Check::ok("settings", format!("none yet in {shown}")),
    }
}

fn ci() -> Check {
    let system = SYSTEMS.iter().find(|(variable, _)| Environment::lookup(variable).is_some());
    Check::ok("ci", system.map_or_else(|| "none".to_owned(), |(variable, name)| format!("{name} (by {variable})")))
}
