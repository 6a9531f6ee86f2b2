//! `leoflow push dag.json`: registers a compiled spec whose image is pinned.

use serde_json::json;

use super::args::PushArgs;
use super::exit::Exit;
use super::report::Failure;
use super::server::shown;
use super::session::{CONTROL_PLANE_DEADLINE, Session};
use super::{prompt, record, server};
use crate::control_plane::ControlPlane;
use crate::dag::PinnedDagSpec;
use crate::record::{Entry, Way};

pub(super) async fn run(session: &Session, args: &PushArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was sent", "run the same command again");
    let path = session.environment.directory.join(&args.file);
    let bytes = std::fs::read(&path).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", args.file.display());
        Failure::usage(message, "name a dag.json that `leoflow compile` wrote")
    })?;
    let spec = PinnedDagSpec::from_json(bytes)
        .map_err(|error| Failure::new(Exit::Usage, format!("`{}`: {error}", args.file.display()), error.help()))?;
    let (server, token) = server::resolve(&args.server, &session.environment, &session.settings)?;
    server::warn_of_plain_http(session, &server, "the token travels");
    if server::must_confirm(&server, args.yes, &session.environment)
        && !prompt::confirm(session, &format!("Register {} -> {}?", spec.dag_id(), shown(&server.url))).await?
    {
        return Ok(Exit::Failure);
    }
    session.standing.at(
        format!("at the end: whether {} was registered is not known", spec.dag_id()),
        "run the same command again: registering the same spec twice does no harm",
    );
    session.progress.doing("Waiting", &format!("for {}", shown(&server.url)));
    let control_plane = ControlPlane::new(
        server.url.clone(),
        Some(token.token),
        CONTROL_PLANE_DEADLINE,
        &session.environment.proxies(),
    )?;
    let registration = control_plane.register(&spec).await?;
    let entry = Entry::new(session.environment.now, Way::Push, &shown(&server.url), &spec, &registration);
    record::records(session).append(&entry, &spec);
    let run = match args.trigger {
        true => Some(control_plane.trigger(spec.dag_id(), &run_id(session)).await?),
        false => None,
    };
    session.progress.idle();
    let mut text = format!(
        "Registered {} -> {}\n  image {}\n  {} version {}\n",
        spec.dag_id(),
        shown(&server.url),
        spec.image(),
        if registration.created { "registered" } else { "already registered:" },
        registration.version,
    );
    if let Some(run) = &run {
        text.push_str(&format!("  run {}\n", run.dag_run_id));
    }
    let json = json!({
        "schema": "leoflow.push/v1",
        "dag_id": registration.dag_id,
        "server": shown(&server.url),
        "image": spec.image().to_string(),
        "version": registration.version,
        "spec_hash": registration.spec_hash,
        "created": registration.created,
        "dag_run_id": run.map(|run| run.dag_run_id),
    });
    session.print(&text, &json)?;
    Ok(Exit::Success)
}

/// Names a run as the control plane's other clients do.
pub(super) fn run_id(session: &Session) -> String {
    format!("manual__{}", session.environment.now)
}
