//! Which control plane, and which token for it: flag, environment, then what `target add` and `auth login` kept.

use std::borrow::Cow;

use annotate_snippets::Level;
use url::{Origin, Url};

use super::args::ServerArgs;
use super::environment::Environment;
use super::report::{Failure, Report};
use super::session::Session;
use super::settings::Settings;
use super::targets::{self, Target};
use crate::control_plane::is_loopback;
use crate::secret::Secret;

const DEFAULT_SERVER: &str = "http://localhost:8080";

/// The settings, in words.
pub const SETTINGS: &str = "~/.leoflow/config.yaml";

/// How a server is written.
pub const SERVER_HELP: &str = "write it like `https://leoflow.example.com`";

/// A control plane's address.
#[derive(Debug, Clone)]
pub struct Server {
    /// Without user, password, query and fragment.
    pub url: Url,
    /// Where it was found, in words.
    pub source: Cow<'static, str>,
    /// The target that said so.
    pub target: Option<String>,
}

impl Server {
    /// A server that no target names.
    pub fn new(url: Url, source: &'static str) -> Self {
        Self { url, source: source.into(), target: None }
    }

    /// Returns the command that gets a token for it.
    #[must_use]
    pub fn login(&self) -> String {
        match &self.target {
            Some(name) => format!("leoflow auth login --target {name}"),
            None => format!("leoflow auth login --server {}", shown(&self.url)),
        }
    }
}

/// A token and where it was found.
#[derive(Debug, Clone)]
pub struct TokenFound {
    /// The token.
    pub token: Secret,
    /// Where it was found, in words.
    pub source: Cow<'static, str>,
}

/// What one place says, and which place that is.
#[derive(Debug, Clone)]
pub struct Said {
    /// What it says.
    pub value: String,
    /// The place, in words.
    pub source: Cow<'static, str>,
    /// The target, if it is one.
    pub target: Option<String>,
}

impl Said {
    pub(super) fn new(value: impl Into<String>, source: &'static str) -> Self {
        Self { value: value.into(), source: source.into(), target: None }
    }

    pub(super) fn by_target(value: impl Into<String>, target: &Target) -> Self {
        Self { value: value.into(), source: target.described().into(), target: Some(target.name.clone()) }
    }
}

/// Returns the server: the first of [`said`].
///
/// # Errors
/// When what was given is not a usable URL, or there is no such target.
pub fn server(args: &ServerArgs, environment: &Environment, settings: &Settings) -> Result<Server, Failure> {
    let strongest = said(args, environment, settings)?.into_iter().next();
    let Said { value, source, target } = strongest.unwrap_or_else(|| Said::new(DEFAULT_SERVER, "the default"));
    Ok(Server { url: parse(&value, &source)?, source, target })
}

/// Returns who says which server, the strongest first: `--server`, `--target`, `LEOFLOW_SERVER_URL`, the target that is
/// used unasked, the settings, `http://localhost:8080`.
///
/// # Errors
/// When there is no such target.
pub fn said(args: &ServerArgs, environment: &Environment, settings: &Settings) -> Result<Vec<Said>, Failure> {
    let selected = targets::selected(args.named.as_deref(), environment, settings)?;
    let of_target = |typed: bool| {
        let selected = selected.as_ref().filter(|selected| (selected.source == targets::FLAG) == typed)?;
        Some(Said::by_target(shown(&selected.target.server), selected.target))
    };
    let places = [
        args.server.as_ref().map(|text| Said::new(text, "--server")),
        of_target(true),
        environment.variable("LEOFLOW_SERVER_URL").map(|text| Said::new(text, "LEOFLOW_SERVER_URL")),
        of_target(false),
        settings.server_url.as_ref().map(|text| Said::new(text, SETTINGS)),
        Some(Said::new(DEFAULT_SERVER, "the default")),
    ];
    Ok(places.into_iter().flatten().collect())
}

fn parse(text: &str, source: &str) -> Result<Url, Failure> {
    let refuse = |reason: String| Failure::usage(format!("the server URL from {source} {reason}"), SERVER_HELP);
    checked(text).map_err(refuse)
}

/// Reads the URL of a control plane.
///
/// # Errors
/// With what is wrong, which follows a subject. It is not repeated: it may hold a password where none belongs.
pub fn checked(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("does not parse: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or password, which would end up in logs; use `leoflow auth login`".to_owned());
    }
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("is not an http or https URL".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or fragment".to_owned());
    }
    Ok(url)
}

/// A token, and whom it may be sent to.
struct Known {
    found: TokenFound,
    issuer: Issuer,
}

enum Issuer {
    /// Whoever gave it for this command knows.
    Any,
    Origin(Origin),
    /// It was kept, but nothing usable says for which server.
    Unknown,
}

impl Known {
    fn new(token: Secret, source: impl Into<Cow<'static, str>>, issuer: Issuer) -> Self {
        Self { found: TokenFound { token, source: source.into() }, issuer }
    }

    fn is_for(&self, server: &Server) -> bool {
        match &self.issuer {
            Issuer::Any => true,
            Issuer::Origin(origin) => *origin == server.url.origin(),
            Issuer::Unknown => false,
        }
    }

    /// Only the origin: a server_url written by hand may hold a password.
    fn issuer(&self) -> String {
        match &self.issuer {
            Issuer::Origin(origin) => origin.ascii_serialization(),
            Issuer::Any | Issuer::Unknown => "another server".to_owned(),
        }
    }
}

/// Returns the token for `server`: `--token`, `LEOFLOW_TOKEN`, the target's, the settings'; nothing when there is none.
///
/// # Errors
/// When the tokens that are kept were issued by other servers: they are not sent to this one.
pub fn token(
    args: &ServerArgs,
    environment: &Environment,
    settings: &Settings,
    server: &Server,
) -> Result<Option<TokenFound>, Failure> {
    let mut known = known(args, environment, settings)?;
    match known.iter().position(|known| known.is_for(server)) {
        Some(at) => Ok(Some(known.swap_remove(at).found)),
        None => known.first().map_or(Ok(None), |other| Err(for_another(other, server, settings))),
    }
}

/// Returns who has a token, the one that `server` gets first, with nothing of the tokens themselves.
///
/// # Errors
/// When there is no such target.
pub fn tokens_said(
    args: &ServerArgs,
    environment: &Environment,
    settings: &Settings,
    server: Option<&Server>,
) -> Result<Vec<Said>, Failure> {
    let is_for = |known: &Known| server.is_some_and(|server| known.is_for(server));
    let (fitting, others): (Vec<_>, Vec<_>) = known(args, environment, settings)?.into_iter().partition(is_for);
    let said = |known: Known, value: String| Said { value, source: known.found.source, target: None };
    let fitting = fitting.into_iter().map(|known| said(known, "set".to_owned()));
    let others = others.into_iter().map(|known| {
        let issuer = known.issuer();
        said(known, format!("set, for {issuer}"))
    });
    Ok(fitting.chain(others).collect())
}

/// Returns all tokens that there are, the strongest first.
fn known(args: &ServerArgs, environment: &Environment, settings: &Settings) -> Result<Vec<Known>, Failure> {
    let target = targets::selected(args.named.as_deref(), environment, settings)?.map(|selected| selected.target);
    let of_target = target.and_then(|target| {
        Some(Known::new(target.token.clone()?, target.described(), Issuer::Origin(target.server.origin())))
    });
    let issuer = Url::parse(settings.server_url.as_deref().unwrap_or(DEFAULT_SERVER));
    let issuer = issuer.map_or(Issuer::Unknown, |issuer| Issuer::Origin(issuer.origin()));
    let places = [
        args.token.as_ref().map(|token| Known::new(Secret::new(token), "--token", Issuer::Any)),
        environment.variable("LEOFLOW_TOKEN").map(|token| Known::new(Secret::new(token), "LEOFLOW_TOKEN", Issuer::Any)),
        of_target,
        settings.token.clone().map(|token| Known::new(token, SETTINGS, issuer)),
    ];
    Ok(places.into_iter().flatten().collect())
}

fn for_another(other: &Known, server: &Server, settings: &Settings) -> Failure {
    let source = &other.found.source;
    let whose = if source == SETTINGS { format!("in {SETTINGS}") } else { format!("of {source}") };
    let message = format!("the token {whose} is for {} and is not sent to {}", other.issuer(), shown(&server.url));
    let of_target = settings.targets.values().find(|target| target.issued_for(&server.url));
    let help = match of_target {
        Some(target) => format!("{} has a token for it: add --target {}", target.described(), target.name),
        None => format!("run `{}`, or set LEOFLOW_TOKEN", server.login()),
    };
    Failure::usage(message, help)
}

/// Returns the server and the token that a command needs.
///
/// # Errors
/// When there is no token, or no usable URL.
pub fn resolve(
    args: &ServerArgs,
    environment: &Environment,
    settings: &Settings,
) -> Result<(Server, TokenFound), Failure> {
    let server = server(args, environment, settings)?;
    match token(args, environment, settings, &server)? {
        Some(token) => Ok((server, token)),
        None => Err(Failure::usage(
            format!("there is no token for {} (server from {})", shown(&server.url), server.source),
            format!("run `{}`, or set LEOFLOW_TOKEN", server.login()),
        )),
    }
}

/// Warns when what is sent to `server` can be read on the way.
pub fn warn_of_plain_http(session: &Session, server: &Server, what: &str) {
    if server.url.scheme() == "http" && !is_loopback(&server.url) {
        let message = format!("{} is plain http: {what} readable by anybody on the way", shown(&server.url));
        session.progress.report(&Report::new(message).help(Some("use an https URL".to_owned())), Level::WARNING);
    }
}

/// Returns whether somebody must be asked before anything is sent to `server`.
#[must_use]
pub fn must_confirm(server: &Server, yes: bool, environment: &Environment) -> bool {
    environment.interactive && !yes && !is_loopback(&server.url)
}

/// Returns a server's URL as people write it, without the slash that a parser adds.
#[must_use]
pub fn shown(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
