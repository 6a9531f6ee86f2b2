//! What a deploy came to, for people and for scripts.

use serde_json::{Value, json};

use super::Road;
use crate::cli::report::{Failure, printable};
use crate::cli::server::shown;
use crate::deploy::{Deployed, Deployment};

/// Prints the result of one deploy.
pub(super) fn print_one(road: &Road<'_>, deployment: &Deployment, deployed: &Deployed) -> Result<(), Failure> {
    let mut text = as_text(road, deployed);
    if road.sandbox.is_some() {
        text.push_str(&sandbox_notes(road, deployment, deployed));
    }
    road.session.print(&printable(&text), &as_json(road, deployed))
}

/// Returns the lines that users of the control plane know.
fn as_text(road: &Road<'_>, deployed: &Deployed) -> String {
    let registered = match deployed.registration.created {
        true => format!("registered version {}", deployed.registration.version),
        false => format!("version {} was registered already", deployed.registration.version),
    };
    let mut text = format!(
        "Deployed {} -> {}\n  image {}\n  {registered}\n",
        deployed.dag_id,
        shown(&road.server.url),
        deployed.image
    );
    if let Some(run) = &deployed.run {
        text.push_str(&format!("  run {}\n", run.dag_run_id));
    }
    if !deployed.connections.is_empty() {
        let names = deployed.connections.join(", ");
        text.push_str(&format!("  needs connections: {names} (set them on the server; they are never sent)\n"));
    }
    text
}

/// Returns what one does next after a deploy to the sandbox.
fn sandbox_notes(road: &Road<'_>, deployment: &Deployment, deployed: &Deployed) -> String {
    let Some(sandbox) = &road.sandbox else { return String::new() };
    let record = sandbox.record(&deployed.dag_id, &deployed.registration.version);
    let registry = match &deployment.project.config.registry {
        Some(registry) => format!(" (the image goes to {})", registry.url),
        None => String::new(),
    };
    format!(
        "  record {}\n\nThis was the sandbox: a registry and a control plane of leoflow's own on this machine, and a demo \
         base that runs nothing.\nNext: leoflow auth login --server URL, then leoflow deploy {}{registry}\n",
        record.display(),
        deployment.project.root.file_name().map_or(".".into(), |name| name.to_string_lossy()),
    )
}

/// Returns the result as the object that scripts read.
pub(super) fn as_json(road: &Road<'_>, deployed: &Deployed) -> Value {
    let record = road.sandbox.as_ref().map(|sandbox| sandbox.record(&deployed.dag_id, &deployed.registration.version));
    json!({
        "schema": "leoflow.deploy/v1",
        "dag_id": deployed.dag_id,
        "server": shown(&road.server.url),
        "image": deployed.image.to_string(),
        "digest": deployed.image.digest().to_string(),
        "base_digest": deployed.base.to_string(),
        "version": deployed.registration.version,
        "spec_hash": deployed.registration.spec_hash,
        "created": deployed.registration.created,
        "unchanged": deployed.pushed.unchanged,
        "uploaded_bytes": deployed.pushed.uploaded_bytes,
        "blobs": {"uploaded": deployed.pushed.uploaded, "mounted": deployed.pushed.mounted,
                  "present": deployed.pushed.present},
        "dag_run_id": deployed.run.as_ref().map(|run| &run.dag_run_id),
        "connections": deployed.connections,
        "record": record,
    })
}
