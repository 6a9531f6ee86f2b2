//! `leoflow push dag.json`: registers a compiled spec whose image is pinned.

use serde_json::{Value, json};

use super::args::PushArgs;
use super::connections::ServerConnections;
use super::exit::Exit;
use super::follow::Following;
use super::report::Failure;
use super::server::{Server, shown};
use super::session::Session;
use super::{pages, prompt, record, server};
use crate::control_plane::{Followed, Registration, Run};
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
    let control_plane = session.control_plane(server.url.clone(), Some(token.token))?;
    let registration = control_plane.register(&spec).await?;
    let entry = Entry::new(session.environment.now, Way::Push, &shown(&server.url), &spec, &registration);
    record::records(session).append(&entry, &spec);
    let run = match args.trigger {
        true => Some(control_plane.trigger_at(spec.dag_id(), session.environment.now).await?),
        false => None,
    };
    let connections = ServerConnections::default();
    connections.ask(&control_plane, spec.connections()).await;
    session.progress.idle();
    let text = as_text(&server, &spec, &registration, run.as_ref())
        + &connections.text(spec.connections(), &pages::connections(&server.url));
    let mut json = as_json(&server, &spec, &registration, run.as_ref());
    json["missing_connections"] = json!(connections.missing(spec.connections()));
    let Some(run) = run.filter(|_| args.wait) else {
        session.print(&text, &json)?;
        return Ok(Exit::Success);
    };
    let (server, timeout, control_plane) = (&server, args.timeout, &control_plane);
    let following = Following { session, control_plane, server, timeout, is_sandbox: false };
    following.after((&text, json), Followed::new(spec.dag_id(), run)).await
}

fn as_text(server: &Server, spec: &PinnedDagSpec, registration: &Registration, run: Option<&Run>) -> String {
    let (word, version) = match registration.created {
        true => ("registered", &registration.version),
        false => ("already registered:", &registration.version),
    };
    let (dag_id, server, image) = (spec.dag_id(), shown(&server.url), spec.image());
    let run = run.map(|run| format!("  run {}\n", run.dag_run_id)).unwrap_or_default();
    format!("Registered {dag_id} -> {server}\n  image {image}\n  {word} version {version}\n{run}")
}

fn as_json(server: &Server, spec: &PinnedDagSpec, registration: &Registration, run: Option<&Run>) -> Value {
    json!({
        "schema": "leoflow.push/v1",
        "dag_id": registration.dag_id,
        "server": shown(&server.url),
        "image": spec.image().to_string(),
        "version": registration.version,
        "spec_hash": registration.spec_hash,
        "created": registration.created,
        "dag_run_id": run.map(|run| &run.dag_run_id),
        "run": Value::Null,
        "connections": spec.connections(),
    })
}
