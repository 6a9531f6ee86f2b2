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
use crate::control_plane::{ControlPlane, ControlPlaneError, Followed, Registration, Run};
use crate::dag::PinnedDagSpec;
use crate::record::{Entry, Way};

pub(super) async fn run(session: &Session, args: &PushArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was sent", "run the same command again");
    let spec = read(session, args)?;
    let (server, found) = server::resolve(&args.server, &session.environment, &session.settings)?;
    server::warn_of_plain_http(session, &server, "the token travels");
    if server::must_confirm(&server, args.yes, &session.environment)
        && !prompt::confirm(session, &format!("Register {} -> {}?", spec.dag_id(), shown(&server.url))).await?
    {
        return Ok(Exit::Failure);
    }
    let control_plane = session.control_plane(server.url.clone(), Some(found.token))?;
    let push = Push { session, server, control_plane, spec };
    let registration = push.register().await?;
    let run = match args.trigger {
        true => Some(push.trigger(&registration).await?),
        false => None,
    };
    push.tell(args, &registration, run).await
}

fn read(session: &Session, args: &PushArgs) -> Result<PinnedDagSpec, Failure> {
    let path = session.environment.directory.join(&args.file);
    let bytes = std::fs::read(&path).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", args.file.display());
        Failure::usage(message, "name a dag.json that `leoflow compile` wrote")
    })?;
    PinnedDagSpec::from_json(bytes)
        .map_err(|error| Failure::new(Exit::Usage, format!("`{}`: {error}", args.file.display()), error.help()))
}

/// A spec, and where it goes.
struct Push<'a> {
    session: &'a Session,
    server: Server,
    control_plane: ControlPlane,
    spec: PinnedDagSpec,
}

impl Push<'_> {
    async fn register(&self) -> Result<Registration, Failure> {
        let Self { session, server, spec, .. } = self;
        session.standing.at(
            format!("at the end: whether {} was registered is not known", spec.dag_id()),
            "run the same command again: registering the same spec twice does no harm",
        );
        session.progress.doing("Waiting", &format!("for {}", shown(&server.url)));
        let registration = self.control_plane.register(spec).await?;
        let entry = Entry::new(session.environment.now, Way::Push, &shown(&server.url), spec, &registration);
        record::records(session).append(&entry, spec);
        session.standing.at(registered(&registration), "there is nothing left to do");
        Ok(registration)
    }

    async fn trigger(&self, registration: &Registration) -> Result<Run, Failure> {
        let Self { session, spec, .. } = self;
        let unknown = format!("{}: whether a run was started is not known", registered(registration));
        session.standing.at(unknown, "look at the runs of the DAG on the server");
        let run = self.control_plane.trigger_at(spec.dag_id(), session.environment.now).await;
        let run = run.map_err(not_triggered)?;
        session.standing.at(format!("after the run `{}` was started", run.dag_run_id), "there is nothing left to do");
        Ok(run)
    }

    /// Tells what it came to, and how the run ends, if that is waited for.
    async fn tell(&self, args: &PushArgs, registration: &Registration, run: Option<Run>) -> Result<Exit, Failure> {
        let Self { session, server, control_plane, spec } = self;
        let (needed, connections) = (spec.connections(), ServerConnections::default());
        connections.ask(control_plane, needed).await;
        session.progress.idle();
        let text = as_text(server, spec, registration, run.as_ref())
            + &connections.text(needed, &pages::connections(&server.url));
        let mut json = as_json(server, spec, registration, run.as_ref());
        json["missing_connections"] = json!(connections.missing(needed));
        let Some(run) = run.filter(|_| args.wait) else {
            session.print(&text, &json)?;
            return Ok(Exit::Success);
        };
        let following = Following { session, control_plane, server, timeout: args.timeout, is_sandbox: false };
        following.after((&text, json), Followed::new(spec.dag_id(), run)).await
    }
}

fn registered(registration: &Registration) -> String {
    format!("after {} was registered as version {}", registration.dag_id, registration.version)
}

fn not_triggered(error: ControlPlaneError) -> Failure {
    Failure::new(Exit::ControlPlane, format!("registered, not triggered: {error}"), error.help())
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
