//! What is promoted: a pinned dag.json as a file, or what was deployed from this machine to the server it comes from.

use super::ends::{End, server_named};
use crate::cli::args::PromoteArgs;
use crate::cli::exit::Exit;
use crate::cli::record;
use crate::cli::report::Failure;
use crate::cli::session::Session;
use crate::cli::versions::{Pair, Plane, choice};
use crate::dag::PinnedDagSpec;
use crate::record::Entry;

/// A version, and where it comes from.
pub(super) struct Source {
    pub(super) spec: PinnedDagSpec,
    /// What was recorded of it.
    pub(super) entry: Option<Entry>,
    /// The server.
    pub(super) from: Option<String>,
}

/// Returns what is promoted to `to`.
///
/// # Errors
/// When there is no such file, or no such version is recorded here.
pub(super) async fn find(session: &Session, args: &PromoteArgs, to: &Plane) -> Result<Source, Failure> {
    let path = session.environment.directory.join(&args.dag);
    let is_file = path.is_file() || args.dag.ends_with(".json") || args.dag.contains('/');
    match &args.from {
        None if is_file => of_file(&path, &args.dag),
        None => Err(Failure::usage(
            format!("where `{}` is live was not said", args.dag),
            "add --from SERVER, or name a pinned dag.json instead of the DAG",
        )),
        Some(_) if is_file => Err(Failure::usage(
            format!("`{}` is a file, which says by itself what is promoted", args.dag),
            "leave --from out, or name the DAG by its dag_id",
        )),
        Some(from) => {
            let from = server_named(session, from, End::From, args.from_token_env.as_deref())?;
            of_record(session, args, &from, to).await
        }
    }
}

fn of_file(path: &std::path::Path, shown: &str) -> Result<Source, Failure> {
    let bytes = std::fs::read(path).map_err(|error| {
        let help = "name a dag.json that `leoflow deploy --spec-out` wrote";
        Failure::usage(format!("cannot read `{shown}`: {error}"), help)
    })?;
    match PinnedDagSpec::from_json(bytes) {
        Ok(spec) => Ok(Source { spec, entry: None, from: None }),
        Err(error) => Err(Failure::new(Exit::Usage, format!("`{shown}`: {error}"), error.help())),
    }
}

async fn of_record(session: &Session, args: &PromoteArgs, from: &Plane, to: &Plane) -> Result<Source, Failure> {
    if from.name == to.name {
        return Err(Failure::usage(
            format!("--from and --to are both {}", to.shown()),
            "name two control planes; to go back on one, use `leoflow rollback`",
        ));
    }
    let records = record::records(session);
    let entries = records.entries(&from.name, &args.dag);
    if entries.is_empty() {
        let message = format!("no deploy of `{}` to {} is recorded on this machine", args.dag, from.shown());
        return Err(Failure::usage(message, elsewhere()));
    }
    let entry = match &args.version {
        Some(version) => choice::named(&entries, version)?,
        None => live(session, args, from, &entries).await?,
    };
    let Pair { spec, entry } = Pair::of(&records, entry)?;
    Ok(Source { spec, entry: Some(entry), from: Some(from.shown()) })
}

/// Asks the server that it comes from what is live; it is asked nothing else.
async fn live<'a>(
    session: &Session,
    args: &PromoteArgs,
    from: &Plane,
    entries: &'a [Entry],
) -> Result<&'a Entry, Failure> {
    let client = from.client(session)?;
    session.progress.doing("Waiting", &format!("for {}", from.shown()));
    let live = client.dag(&args.dag).await?;
    session.progress.idle();
    let Some(live) = live else {
        let message = format!("{} has no DAG `{}`", from.shown(), args.dag);
        let help = format!("deploy it there first, or name what was: --version; see `leoflow history {}`", args.dag);
        return Err(Failure::new(Exit::ControlPlane, message, Some(help)));
    };
    entries.iter().find(|entry| choice::is_live(entry, &live)).ok_or_else(|| {
        let version = live.version.as_deref().unwrap_or("another version");
        let message = format!("{version} is live on {}, which was not deployed from this machine", from.shown());
        Failure::usage(message, format!("{}, or take one that was: --version", elsewhere()))
    })
}

fn elsewhere() -> &'static str {
    "where it is deployed, let `leoflow deploy --spec-out dag.json` write its spec, and run \
     `leoflow promote dag.json --to SERVER` here"
}
