//! What a deploy came to, for people and for scripts.

use serde_json::{Value, json};

use super::Road;
use crate::cli::account::Account;
use crate::cli::args::DeployArgs;
use crate::cli::asked;
use crate::cli::pages;
use crate::cli::report::Failure;
use crate::cli::server::shown;
use crate::deploy::{Deployed, DeployedPlatform};

/// Prints the result of one deploy.
pub(super) fn print_one(road: &Road<'_>, args: &DeployArgs, deployed: &Deployed) -> Result<(), Failure> {
    let (text, json) = of_one(road, args, deployed);
    road.session.print(&text, &json)
}

/// Returns the same, for people and for scripts.
pub(super) fn of_one(road: &Road<'_>, args: &DeployArgs, deployed: &Deployed) -> (String, Value) {
    let mut text = as_text(road, deployed) + &asked::line(&args.image.connection, &road.registry);
    if road.sandbox.is_some() {
        text.push_str(&sandbox_notes(road, &args.target, deployed));
    }
    let mut json = as_json(road, deployed);
    json["asked"] = asked::json(&road.registry);
    (text, json)
}

/// Returns the lines that users of the control plane know.
fn as_text(road: &Road<'_>, deployed: &Deployed) -> String {
    let version = &deployed.registration.version;
    let (word, registered) = match (deployed.already_live, deployed.registration.created) {
        (true, _) => ("Unchanged", format!("version {version} is live already")),
        (false, true) => ("Deployed", format!("registered version {version}")),
        (false, false) => ("Deployed", format!("version {version} was registered already")),
    };
    let mut text = format!(
        "{word} {} -> {}\n  image {}\n  {registered}\n",
        deployed.dag_id,
        shown(&road.server.url),
        deployed.image
    );
    if let Some(run) = &deployed.run {
        text.push_str(&format!("  run {}\n", run.dag_run_id));
    }
    text.push_str(&road.session.account.line());
    text + &road.connections.text(&deployed.connections, &place_of_connections(road))
}

/// Returns where connections are made: the sandbox has a file of them instead of a page.
pub(super) fn place_of_connections(road: &Road<'_>) -> String {
    match &road.sandbox {
        Some(sandbox) => road.session.environment.shown(&sandbox.connections()),
        None => pages::connections(&road.server.url),
    }
}

/// Returns what one does next after a deploy to the sandbox.
fn sandbox_notes(road: &Road<'_>, target: &str, deployed: &Deployed) -> String {
    let Some(sandbox) = &road.sandbox else { return String::new() };
    let record = sandbox.record(&deployed.dag_id, &deployed.registration.version);
    format!(
        "  record {}\n\n\
         This was the sandbox: a registry and a control plane of leoflow's own on this\n\
         machine, and a demo base that runs nothing. For real:\n\n  \
         leoflow auth login --server URL\n  leoflow deploy {}\n",
        road.session.environment.shown(&record),
        quoted(target)
    )
}

/// Returns an argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    if argument.chars().all(plain) { argument.to_owned() } else { format!("'{}'", argument.replace('\'', r"'\''")) }
}

/// Returns the result as the object that scripts read.
pub(super) fn as_json(road: &Road<'_>, deployed: &Deployed) -> Value {
    with_platforms(road, deployed, platforms(&road.session.account, &deployed.platforms))
}

/// Returns the same, of an image whose platforms were told before.
pub(super) fn with_platforms(road: &Road<'_>, deployed: &Deployed, platforms: Value) -> Value {
    let record = road.sandbox.as_ref().map(|sandbox| sandbox.record(&deployed.dag_id, &deployed.registration.version));
    json!({
        "schema": "leoflow.deploy/v1",
        "dag_id": deployed.dag_id,
        "dag_version": deployed.dag_version.to_string(),
        "server": shown(&road.server.url),
        "image": deployed.image.to_string(),
        "digest": deployed.image.digest().to_string(),
        "base_digest": deployed.platforms.first().and_then(|first| first.base).map(|base| base.to_string()),
        "platforms": platforms,
        "version": deployed.registration.version,
        "spec_hash": deployed.registration.spec_hash,
        "created": deployed.registration.created,
        "already_live": deployed.already_live,
        "unchanged": deployed.pushed.unchanged,
        "uploaded_bytes": deployed.pushed.uploaded_bytes,
        "blobs": {"uploaded": deployed.pushed.uploaded, "mounted": deployed.pushed.mounted,
                  "present": deployed.pushed.present},
        "dag_run_id": deployed.run.as_ref().map(|run| &run.dag_run_id),
        "run": Value::Null,
        "connections": deployed.connections,
        "missing_connections": road.connections.missing(&deployed.connections),
        "record": record,
    })
}

/// Returns what is in the image of each platform, by the account of its making.
pub(super) fn platforms(account: &Account, deployed: &[DeployedPlatform]) -> Value {
    deployed.iter().map(|deployed| platform(account, deployed)).collect()
}

fn platform(account: &Account, deployed: &DeployedPlatform) -> Value {
    let mut json = json!({"platform": deployed.platform.to_string(), "digest": deployed.manifest.to_string(),
                          "base_digest": deployed.base.map(|base| base.to_string())});
    account.add_to(&mut json, &deployed.platform, true);
    json
}
