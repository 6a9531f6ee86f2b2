//! `leoflow promote`: a version taken from one control plane to another, spec and image as one pair. Nothing is built, and
//! the image keeps its digest wherever it is copied to.
//!
//! All that can be known before is proved before anything is written: the image is there, its new registry may be pushed
//! to, and the server takes the token.

mod carry;
mod ends;
mod source;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::carry::{Way, carry, destination};
use self::ends::{End, server_named};
use self::source::{Source, find};
use super::args::PromoteArgs;
use super::connections::ServerConnections;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;
use super::versions::{self, Plane};
use super::{asked, pages, prompt, record, server};
use crate::control_plane::{ControlPlane, LiveDag, Registration};
use crate::dag::PinnedDagSpec;
use crate::layers::Digest;
use crate::record::{self as recorded, Entry};
use crate::registry::{Client, Pushed};

pub(super) async fn run(session: &Session, args: &PromoteArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was sent", "run the same command again");
    let to = server_named(session, &args.to, End::To, args.to_token_env.as_deref())?;
    let Source { spec, entry, from } = find(session, args, &to).await?;
    let way = Way { from: spec.image().clone(), to: destination(session, args, &to, spec.image())? };
    let spec = if way.is_copy() { moved(&spec, &way)? } else { spec };
    let client = to.client(session)?;
    let registry = session.registry(&args.connection, &args.upload, BTreeMap::new())?;
    let promotion = Promotion { from, to, spec, entry, way };
    let live = promotion.live(session, &client).await?;
    if let Some(registration) = promotion.live_already(live.as_ref())
        && promotion.is_there(&registry).await?
    {
        let outcome = Outcome { registration, pushed: None, unchanged: true };
        return promotion.told(session, args, &registry, &client, &outcome).await;
    }
    promotion.prove(session, &registry).await?;
    if !promotion.confirmed(session, args).await? {
        return Ok(Exit::Failure);
    }
    let pushed = carry(session, &registry, &promotion.way, promotion.spec.dag_version()).await?;
    let registration = versions::make_live(session, &promotion.to, &client, &promotion.spec).await;
    let registration = registration.map_err(|failure| promotion.after_the_copy(failure))?;
    promotion.note(session, &registration);
    let outcome = Outcome { registration, pushed, unchanged: false };
    promotion.told(session, args, &registry, &client, &outcome).await
}

fn moved(spec: &PinnedDagSpec, way: &Way) -> Result<PinnedDagSpec, Failure> {
    spec.moved_to(way.to.repository()).map_err(|error| Failure::new(Exit::Usage, error.to_string(), error.help()))
}

/// What came of it.
struct Outcome {
    registration: Registration,
    /// What the copy moved.
    pushed: Option<Pushed>,
    /// Whether it was live already.
    unchanged: bool,
}

/// What is taken where.
struct Promotion {
    /// The server it comes from; of a file, none is known.
    from: Option<String>,
    to: Plane,
    /// As it will be registered.
    spec: PinnedDagSpec,
    /// What was recorded of it.
    entry: Option<Entry>,
    way: Way,
}

impl Promotion {
    /// Asks what is live where it goes: that also shows that the server takes the token.
    async fn live(&self, session: &Session, client: &ControlPlane) -> Result<Option<LiveDag>, Failure> {
        session.progress.doing("Waiting", &format!("for {}", self.to.shown()));
        let live = client.dag(self.spec.dag_id()).await?;
        session.progress.idle();
        Ok(live)
    }

    async fn is_there(&self, registry: &Client) -> Result<bool, Failure> {
        registry.allow(self.way.to.repository());
        Ok(registry.has(&self.way.to).await?)
    }

    async fn prove(&self, session: &Session, registry: &Client) -> Result<(), Failure> {
        session.progress.doing("Looking", &format!("for {}", self.way.from));
        versions::check_image(registry, &self.way.from).await?;
        if self.way.is_copy() {
            let repository = self.way.to.repository();
            registry.allow(repository);
            registry.check_push(repository).await?;
        }
        session.progress.idle();
        Ok(())
    }

    /// The server's identity of a version is a SHA-256 over the spec (contract section 2), which names the image.
    fn live_already(&self, live: Option<&LiveDag>) -> Option<Registration> {
        let (version, spec_hash) = (live?.version.clone()?, live?.spec_hash.clone()?);
        let digits = spec_hash.strip_prefix("sha256:").unwrap_or(&spec_hash);
        let is_same = digits.eq_ignore_ascii_case(&Digest::of(self.spec.json()).hex());
        is_same.then(|| Registration { dag_id: self.spec.dag_id().to_owned(), version, spec_hash, created: false })
    }

    async fn confirmed(&self, session: &Session, args: &PromoteArgs) -> Result<bool, Failure> {
        if !server::must_confirm(&self.to.server, args.yes, &session.environment) {
            return Ok(true);
        }
        let from = self.from.as_deref().unwrap_or(&args.dag);
        let (dag_id, version) = (self.spec.dag_id(), self.spec.dag_version());
        prompt::confirm(session, &format!("Promote {dag_id} {version}: {from} -> {}?", self.to.shown())).await
    }

    /// What was copied is no harm, and the user shall know of it.
    fn after_the_copy(&self, mut failure: Failure) -> Failure {
        if self.way.is_copy() && failure.exit == Exit::ControlPlane {
            failure.exit = Exit::PushedNotRegistered;
            if let Some(report) = failure.reports.first_mut() {
                report.message = format!("copied, not registered: {}\n{}", self.way.to, report.message);
            }
        }
        failure
    }

    fn note(&self, session: &Session, registration: &Registration) {
        let (now, way) = (session.environment.now, recorded::Way::Promote);
        let mut entry = Entry::new(now, way, &self.to.name, &self.spec, registration);
        if let Some(known) = &self.entry {
            entry.platforms.clone_from(&known.platforms);
        }
        record::records(session).append(&entry, &self.spec);
    }

    async fn told(
        &self,
        session: &Session,
        args: &PromoteArgs,
        registry: &Client,
        client: &ControlPlane,
        outcome: &Outcome,
    ) -> Result<Exit, Failure> {
        let (needed, connections) = (self.spec.connections(), ServerConnections::default());
        connections.ask(client, needed).await;
        let text = self.as_text(outcome)
            + &connections.text(needed, &pages::connections(&self.to.server.url))
            + &asked::line(&args.connection, registry);
        let mut json = self.as_json(outcome);
        json["missing_connections"] = json!(connections.missing(needed));
        json["asked"] = asked::json(registry);
        session.print(&text, &json)?;
        Ok(Exit::Success)
    }

    fn as_text(&self, outcome: &Outcome) -> String {
        let Registration { dag_id, version, created, .. } = &outcome.registration;
        let (to, image, dag_version) = (self.to.shown(), self.spec.image(), self.spec.dag_version());
        if outcome.unchanged {
            return format!("Unchanged {dag_id} -> {to}\n  image {image}\n  version {version} is live already\n");
        }
        let from = self.from.as_ref().map_or_else(String::new, |from| format!("  from {from}\n"));
        let was = if self.way.is_copy() { format!("  copied from {}\n", self.way.from) } else { String::new() };
        let registered = match created {
            true => format!("registered version {version}"),
            false => format!("version {version} was registered already"),
        };
        format!("Promoted {dag_id} {dag_version} -> {to}\n{from}  image {image}\n{was}  {registered}\n")
    }

    fn as_json(&self, outcome: &Outcome) -> Value {
        let Outcome { registration, pushed, unchanged } = outcome;
        let blobs = |pushed: &Pushed| {
            json!({"uploaded": pushed.uploaded, "mounted": pushed.mounted,
                                             "present": pushed.present})
        };
        json!({"schema": "leoflow.promote/v1", "dag_id": registration.dag_id, "from": self.from,
               "to": self.to.shown(), "unchanged": unchanged, "version": registration.version,
               "spec_hash": registration.spec_hash, "created": registration.created,
               "dag_version": self.spec.dag_version(), "source_image": self.way.from.to_string(),
               "image": self.way.to.to_string(), "digest": self.way.to.digest().to_string(),
               "copied": self.way.is_copy() && !unchanged,
               "uploaded_bytes": pushed.as_ref().map_or(0, |pushed| pushed.uploaded_bytes),
               "blobs": pushed.as_ref().map(blobs), "connections": self.spec.connections()})
    }
}
