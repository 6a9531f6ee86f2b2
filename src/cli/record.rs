//! The record of deploys in the user's data directory.

use std::path::PathBuf;
use std::sync::Arc;

use annotate_snippets::Level;

use super::report::Report;
use super::session::Session;
use crate::deploy::DeployedPlatform;
use crate::record::{RecordError, RecordedPlatform, Records};

/// What the sandbox is recorded as: its ports may be others the next time.
pub(super) const SANDBOX: &str = "sandbox";

/// Returns where deploys are recorded, where there is a home.
pub(super) fn directory(session: &Session) -> Option<PathBuf> {
    session.environment.data_directory().map(|data| data.join("record"))
}

/// Opens the record; what goes wrong with it is a warning.
pub(super) fn records(session: &Session) -> Records {
    let progress = session.progress.clone();
    let on_fault = Arc::new(move |fault: &RecordError| {
        progress.report(&Report::new(fault.to_string()).help(fault.help()), Level::WARNING);
    });
    directory(session).map_or_else(Records::none, |directory| Records::open(directory, on_fault))
}

/// Returns what is recorded of one platform.
pub(super) fn platform(deployed: &DeployedPlatform) -> RecordedPlatform {
    let DeployedPlatform { platform, manifest, base, packages } = deployed.clone();
    RecordedPlatform { platform, manifest, base, packages }
}

/// Returns where a DAG was deployed to, for who asks in the wrong place; nothing when it was nowhere.
pub(super) fn elsewhere(records: &Records, dag_id: &str) -> Option<String> {
    let flag = |server: &String| if server == SANDBOX { "--sandbox".to_owned() } else { format!("--server {server}") };
    let flags: Vec<String> = records.servers(dag_id).iter().map(flag).collect();
    (!flags.is_empty()).then(|| format!("it was deployed to others from here: {}", flags.join(", ")))
}
