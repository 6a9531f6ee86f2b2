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

/// A token that is kept, and for whom.
struct Kept {
    token: Secret,
    issuer: Option<Origin>,
    source: Cow<'static, str>,
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
    if let Some(token) = &args.token {
        return Ok(Some(TokenFound { token: Secret::new(token), source: "--token".into() }));
    }
    if let Some(token) = environment.variable("LEOFLOW_TOKEN") {
        return Ok(Some(TokenFound { token: Secret::new(token), source: "LEOFLOW_TOKEN".into() }));
    }
    let kept = kept(args, environment, settings)?;
    let issued = |kept: &&Kept| kept.issuer.as_ref() == Some(&server.url.origin());
    match (kept.iter().find(issued), kept.first()) {
        (Some(kept), _) => Ok(Some(TokenFound { token: kept.token.clone(), source: kept.source.clone() })),
        (None, Some(other)) => Err(for_another(other, server, settings)),
        (None, None) => Ok(None),
    }
}

/// Returns the tokens that may be sent to the servers that issued them.
fn kept(args: &ServerArgs, environment: &Environment, settings: &Settings) -> Result<Vec<Kept>, Failure> {
    let selected = targets::selected(args.named.as_deref(), environment, settings)?;
    let of_target = selected.and_then(|selected| {
        let (target, token) = (selected.target, selected.target.token.clone()?);
        Some(Kept { token, issuer: Some(target.server.origin()), source: target.described().into() })
    });
    let issuer = Url::parse(settings.server_url.as_deref().unwrap_or(DEFAULT_SERVER)).map(|issuer| issuer.origin());
    let of_settings = settings.token.clone().map(|token| Kept { token, issuer: issuer.ok(), source: SETTINGS.into() });
    Ok(of_target.into_iter().chain(of_settings).collect())
}

fn for_another(kept: &Kept, server: &Server, settings: &Settings) -> Failure {
    // Only the origin: a server_url written by hand may hold a password.
    let issuer = kept.issuer.as_ref().map_or_else(|| "another server".to_owned(), Origin::ascii_serialization);
    let whose = if kept.source == SETTINGS { format!("in {SETTINGS}") } else { format!("of {}", kept.source) };
    let message = format!("the token {whose} is for {issuer} and is not sent to {}", shown(&server.url));
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
