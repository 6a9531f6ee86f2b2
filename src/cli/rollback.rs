//! `leoflow rollback`: an earlier version made the live one again, as it was. Nothing is built, nothing is pushed.

use std::collections::BTreeMap;

use annotate_snippets::Level;
use serde_json::{Value, json};

use super::args::{RollbackArgs, UploadArgs};
use super::exit::Exit;
use super::report::{Failure, Report};
use super::session::Session;
use super::versions::choice::{self, NoneBefore};
use super::versions::{self, Pair, Plane};
use super::{prompt, record, server};
use crate::control_plane::{ControlPlane, LiveDag, Registration};
use crate::record::{Entry, Records, Way};
use crate::time::rfc3339;

pub(super) async fn run(session: &Session, args: &RollbackArgs) -> Result<Exit, Failure> {
    session.standing.at("before anything was sent", "run the same command again");
    let plane = Plane::open(session, &args.server, args.sandbox).await?;
    let result = back(session, &plane, args).await;
    plane.close().await;
    result
}

async fn back(session: &Session, plane: &Plane, args: &RollbackArgs) -> Result<Exit, Failure> {
    let (client, records) = (plane.client(session)?, record::records(session));
    let entries = records.entries(&plane.name, &args.dag_id);
    if entries.is_empty() {
        return Err(nothing_recorded(&records, &args.dag_id, &plane.shown()));
    }
    let live = live(session, plane, &client, args).await?;
    let entry = match &args.to {
        Some(text) => choice::named(&entries, text)?,
        None => choice::before(&entries, &live).map_err(|why| no_version_before(&why, &args.dag_id, &live))?,
    };
    let from = entries.iter().find(|entry| choice::is_live(entry, &live));
    let rollback = Rollback { plane, live: &live, from, pair: Pair::of(&records, entry)? };
    if choice::is_live(entry, &live) {
        return rollback.unchanged(session);
    }
    rollback.run(session, args, &client, &records).await
}

async fn live(
    session: &Session,
    plane: &Plane,
    client: &ControlPlane,
    args: &RollbackArgs,
) -> Result<LiveDag, Failure> {
    session.progress.doing("Waiting", &format!("for {}", plane.shown()));
    let live = client.dag(&args.dag_id).await?;
    session.progress.idle();
    match live {
        Some(live) => Ok(live),
        None if args.to.is_some() => Ok(LiveDag::default()),
        None => Err(Failure::new(
            Exit::ControlPlane,
            format!("{} has no DAG `{}`, so there is none to roll back", plane.shown(), args.dag_id),
            Some("name the version that should be live: --to VERSION".to_owned()),
        )),
    }
}

fn nothing_recorded(records: &Records, dag_id: &str, server: &str) -> Failure {
    let help = "run this where it was deployed from, or register the earlier dag.json: `leoflow push dag.json`";
    Failure::usage(
        format!("no deploy of `{dag_id}` to {server} is recorded on this machine, and its API lists no versions"),
        record::elsewhere(records, dag_id).unwrap_or_else(|| help.to_owned()),
    )
}

fn no_version_before(why: &NoneBefore, dag_id: &str, live: &LiveDag) -> Failure {
    let version = live.version.as_deref().unwrap_or("what is live");
    let message = match why {
        NoneBefore::LiveUnknown => format!("{version} is live, which was not deployed from this machine"),
        NoneBefore::Nothing => format!("no version before {version} is recorded on this machine"),
    };
    Failure::usage(message, format!("name the version: --to VERSION; `leoflow history {dag_id}` lists them"))
}

/// One way back.
struct Rollback<'a> {
    plane: &'a Plane,
    live: &'a LiveDag,
    /// What is live, where it was deployed from here.
    from: Option<&'a Entry>,
    pair: Pair,
}

impl Rollback<'_> {
    async fn run(
        &self,
        session: &Session,
        args: &RollbackArgs,
        client: &ControlPlane,
        records: &Records,
    ) -> Result<Exit, Failure> {
        let entry = &self.pair.entry;
        let registry = session.registry(&args.connection, &UploadArgs::default(), BTreeMap::new())?;
        session.progress.doing("Looking", &format!("for {}", entry.image));
        versions::check_image(&registry, &entry.image).await?;
        session.progress.idle();
        let question = format!("Roll back {} -> {} to {}?", entry.dag_id, self.plane.shown(), named(entry));
        if server::must_confirm(&self.plane.server, args.yes, &session.environment)
            && !prompt::confirm(session, &question).await?
        {
            return Ok(Exit::Failure);
        }
        let registration = versions::make_live(session, self.plane, client, &self.pair.spec).await?;
        self.warn_of_another_version(session, &registration);
        self.note(session, records, &registration);
        session.print(&self.as_text(&registration), &self.as_json(&registration, false))?;
        Ok(Exit::Success)
    }

    /// The bytes are the same: a server that names them otherwise now has changed, or is another.
    fn warn_of_another_version(&self, session: &Session, registration: &Registration) {
        let entry = &self.pair.entry;
        if (&registration.version, &registration.spec_hash) != (&entry.version, &entry.spec_hash) {
            let message = format!("the server calls {} version {} now", named(entry), registration.version);
            session.progress.report(&Report::new(message), Level::WARNING);
        }
    }

    fn note(&self, session: &Session, records: &Records, registration: &Registration) {
        let now = session.environment.now;
        let mut entry = Entry::new(now, Way::Rollback, &self.plane.name, &self.pair.spec, registration);
        entry.platforms.clone_from(&self.pair.entry.platforms);
        records.append(&entry, &self.pair.spec);
    }

    fn unchanged(&self, session: &Session) -> Result<Exit, Failure> {
        let Entry { dag_id, version, spec_hash, image, .. } = &self.pair.entry;
        let registration = Registration {
            dag_id: dag_id.clone(),
            version: version.clone(),
            spec_hash: spec_hash.clone(),
            created: false,
        };
        let text = format!(
            "Unchanged {dag_id} -> {}\n  image {image}\n  version {version} is live already\n",
            self.plane.shown()
        );
        session.print(&text, &self.as_json(&registration, true))?;
        Ok(Exit::Success)
    }

    fn as_text(&self, registration: &Registration) -> String {
        let entry = &self.pair.entry;
        let from = match (self.from, &self.live.version) {
            (Some(from), _) => format!("  from {}\n", named(from)),
            (None, Some(version)) => format!("  from {version}\n"),
            (None, None) => String::new(),
        };
        format!(
            "Rolled back {} -> {}\n  image {}\n{from}  to {}, deployed at {}\n  version {} is live\n",
            entry.dag_id,
            self.plane.shown(),
            entry.image,
            named(entry),
            rfc3339(entry.time),
            registration.version
        )
    }

    fn as_json(&self, registration: &Registration, unchanged: bool) -> Value {
        let entry = &self.pair.entry;
        json!({"schema": "leoflow.rollback/v1", "dag_id": entry.dag_id, "server": self.plane.shown(),
               "unchanged": unchanged, "from": self.live.version, "version": registration.version,
               "spec_hash": registration.spec_hash, "created": registration.created,
               "dag_version": entry.dag_version, "image": entry.image.to_string(),
               "digest": entry.image.digest().to_string(), "deployed_at": rfc3339(entry.time)})
    }
}

/// `9f3a2c1 (v1.2.0)`
fn named(entry: &Entry) -> String {
    format!("{} ({})", entry.version, entry.dag_version)
}
