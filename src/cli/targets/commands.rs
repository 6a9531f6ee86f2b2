//! `leoflow target add | list | use | remove`

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use url::Url;

use super::mirror::MirrorPlace;
use super::{NAME_HELP, Target, is_name, named};
use crate::cli::args::{TargetAddArgs, TargetCommand, TargetNameArgs, TargetUseArgs};
use crate::cli::exit::Exit;
use crate::cli::registries::{NO_LOCATION, as_location};
use crate::cli::report::Failure;
use crate::cli::server::{SERVER_HELP, checked, shown};
use crate::cli::session::Session;
use crate::cli::settings::Edit;
use crate::control_plane::token_expiry;
use crate::time::rfc3339;

pub(in crate::cli) fn run(session: &Session, command: &TargetCommand) -> Result<Exit, Failure> {
    match command {
        TargetCommand::List => list(session)?,
        TargetCommand::Add(args) => add(session, args)?,
        TargetCommand::Use(args) => choose(session, args)?,
        TargetCommand::Remove(args) => remove(session, args)?,
    }
    Ok(Exit::Success)
}

fn file(session: &Session) -> Result<PathBuf, Failure> {
    let file = session.environment.settings_file();
    file.ok_or_else(|| Failure::usage("there is no home directory to keep targets in", "set HOME"))
}

/// What `target add` was told, checked.
struct Told {
    server: Option<Url>,
    registry: Option<String>,
    mirrors: BTreeMap<String, Vec<MirrorPlace>>,
}

impl Told {
    fn of(args: &TargetAddArgs) -> Result<Self, Failure> {
        if !is_name(&args.name) {
            let message = format!("`{}` is no name of a target", args.name.escape_debug());
            return Err(Failure::usage(message, NAME_HELP));
        }
        let server = args.server.as_deref().map(checked).transpose();
        let server = server.map_err(|reason| Failure::usage(format!("the URL of --server {reason}"), SERVER_HELP))?;
        let registry = args.registry.as_deref().map(|text| {
            let help = "write it like `registry.example.com/team`";
            as_location(text).ok_or_else(|| Failure::usage(format!("what --registry names {NO_LOCATION}"), help))
        });
        Ok(Self { server, registry: registry.transpose()?, mirrors: mirrors(&args.mirror)? })
    }
}

/// Reads each `HOST=URL`; a host that is named again has one mirror more.
fn mirrors(texts: &[String]) -> Result<BTreeMap<String, Vec<MirrorPlace>>, Failure> {
    let help = "write it like `--mirror docker.io=https://mirror.example.com/hub`";
    let refused = |what: &str| Failure::usage(format!("what --mirror names {what}"), help);
    let mut mirrors: BTreeMap<String, Vec<MirrorPlace>> = BTreeMap::new();
    for text in texts {
        let (host, place) = text.split_once('=').ok_or_else(|| refused("is no HOST=URL"))?;
        let host = as_location(host).filter(|host| !host.contains('/'));
        let host = host.ok_or_else(|| refused("begins with no `host[:port]`"))?;
        mirrors.entry(host).or_default().push(MirrorPlace::parse(place).map_err(refused)?);
    }
    Ok(mirrors)
}

fn add(session: &Session, args: &TargetAddArgs) -> Result<(), Failure> {
    let (file, told) = (file(session)?, Told::of(args)?);
    let before = session.settings.targets.get(&args.name);
    let Some(server) = told.server.clone().or_else(|| before.map(|target| target.server.clone())) else {
        let help = format!("leoflow target add {} --server https://leoflow.example.com", args.name);
        return Err(Failure::usage(format!("target `{}` is new and has no server yet", args.name), help));
    };
    let mut edit = Edit::open(&file)?;
    let at = |key| ["targets", args.name.as_str(), key];
    if told.server.is_some() {
        edit.set(&at("server"), &shown(&server).into())?;
    }
    if let Some(registry) = &told.registry {
        edit.set(&at("registry"), &registry.as_str().into())?;
    }
    for (host, places) in &told.mirrors {
        let places: Vec<Value> = places.iter().map(|place| place.to_string().into()).collect();
        edit.set(&["targets", &args.name, "mirrors", host], &places.into())?;
    }
    // It was issued by the other server, and is for no other.
    let stale = before.is_some_and(|target| target.server.origin() != server.origin()) && edit.remove(&at("token"))?;
    if args.use_it {
        edit.set(&["current_target"], &args.name.as_str().into())?;
    }
    edit.save()?;
    if stale {
        session.progress.line(&format!("The token of the other server was removed: {}", login(&args.name)));
    }
    let verb = if before.is_some() { "Changed" } else { "Added" };
    let used = if args.use_it { ", used from now on" } else { "" };
    let text = format!("{verb} target {}: {}{used}\n", args.name, shown(&server));
    let json = json!({"schema": "leoflow.target/v1", "name": args.name, "server": shown(&server),
                      "created": before.is_none(), "current": args.use_it || is_current(session, &args.name)});
    session.print(&text, &json)
}

fn login(name: &str) -> String {
    format!("run `leoflow auth login --target {name}`")
}

fn is_current(session: &Session, name: &str) -> bool {
    session.settings.current_target.as_deref() == Some(name)
}

fn choose(session: &Session, args: &TargetUseArgs) -> Result<(), Failure> {
    let file = file(session)?;
    let mut edit = Edit::open(&file)?;
    let text = match &args.name {
        Some(name) => {
            let target = named(&session.settings, name, "the command line")?;
            edit.set(&["current_target"], &name.as_str().into())?;
            format!("Target {name} is used from now on: {}\n", shown(&target.server))
        }
        None => {
            edit.remove(&["current_target"])?;
            "No target is used from now on\n".to_owned()
        }
    };
    edit.save()?;
    if let Some(other) =
        session.environment.variable("LEOFLOW_TARGET").filter(|other| Some(other) != args.name.as_ref())
    {
        session.progress.line(&format!("In this shell LEOFLOW_TARGET still says {other}"));
    }
    session.print(&text, &json!({"schema": "leoflow.target-use/v1", "current": args.name}))
}

fn remove(session: &Session, args: &TargetNameArgs) -> Result<(), Failure> {
    let file = file(session)?;
    named(&session.settings, &args.name, "the command line")?;
    let mut edit = Edit::open(&file)?;
    let is_last = session.settings.targets.len() == 1;
    let path = ["targets", args.name.as_str()];
    edit.remove(if is_last { &path[..1] } else { &path })?;
    let was_current = is_current(session, &args.name) && edit.remove(&["current_target"])?;
    edit.save()?;
    let used = if was_current { "; no target is used from now on" } else { "" };
    let text = format!("Removed target {}{used}\n", args.name);
    session.print(&text, &json!({"schema": "leoflow.target-remove/v1", "name": args.name, "was_current": was_current}))
}

fn list(session: &Session) -> Result<(), Failure> {
    let targets = &session.settings.targets;
    let width = targets.keys().map(String::len).max().unwrap_or_default();
    let text = match targets.is_empty() {
        true => "There are no targets; add one: leoflow target add NAME --server URL\n".to_owned(),
        false => targets.values().map(|target| lines(session, target, width)).collect(),
    };
    let current = &session.settings.current_target;
    if let Some(other) = session.environment.variable("LEOFLOW_TARGET").filter(|other| Some(other) != current.as_ref())
    {
        session.progress.line(&format!("In this shell LEOFLOW_TARGET says {other}"));
    }
    let json: Vec<Value> = targets.values().map(|target| as_json(session, target)).collect();
    session.print(&text, &json!({"schema": "leoflow.target-list/v1", "current": current, "targets": json}))
}

/// One line for the server, and one for each thing that goes with it.
fn lines(session: &Session, target: &Target, width: usize) -> String {
    let mark = if is_current(session, &target.name) { '*' } else { ' ' };
    let mut text = format!("{mark} {:width$}  {}\n", target.name, shown(&target.server));
    let mut line = |what: &str, value: &str| text.push_str(&format!("  {:width$}  {what:<8}  {value}\n", ""));
    if let Some(registry) = &target.registry {
        line("registry", registry);
    }
    for (host, places) in &target.mirrors {
        let places: Vec<String> = places.iter().map(ToString::to_string).collect();
        line("mirror", &format!("{host} at {}", places.join(", then ")));
    }
    line("token", &token(session, target));
    text
}

/// Says what is known of a target's token, and nothing of the token itself.
fn token(session: &Session, target: &Target) -> String {
    match (&target.token, target.token.as_ref().and_then(token_expiry)) {
        (None, _) => "none".to_owned(),
        (Some(_), Some(at)) if at <= session.environment.now => format!("expired at {}", rfc3339(at)),
        (Some(_), Some(at)) => format!("until {}", rfc3339(at)),
        (Some(_), None) => "kept".to_owned(),
    }
}

fn as_json(session: &Session, target: &Target) -> Value {
    let places = |places: &[MirrorPlace]| places.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mirrors = target.mirrors.iter().map(|(host, mirrors)| (host, places(mirrors))).collect::<BTreeMap<_, _>>();
    json!({"name": target.name, "server": shown(&target.server), "registry": target.registry, "mirrors": mirrors,
           "current": is_current(session, &target.name), "has_token": target.token.is_some(),
           "expires_at": target.token.as_ref().and_then(token_expiry).map(rfc3339)})
}
