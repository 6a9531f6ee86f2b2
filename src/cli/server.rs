//! Which control plane, and which token for it: flag, environment, then what `auth login` kept.

use annotate_snippets::Level;
use url::Url;

use super::args::ServerArgs;
use super::environment::Environment;
use super::exit::Exit;
use super::report::{Failure, Report};
use super::session::Session;
use super::settings::Settings;
use crate::control_plane::is_loopback;
use crate::secret::Secret;

const DEFAULT_SERVER: &str = "http://localhost:8080";

/// A control plane's address.
#[derive(Debug, Clone)]
pub struct Server {
    /// Without user, password, query and fragment.
    pub url: Url,
    /// Where it was found, in words.
    pub source: &'static str,
}

/// A token and where it was found.
#[derive(Debug, Clone)]
pub struct TokenFound {
    /// The token.
    pub token: Secret,
    /// Where it was found, in words.
    pub source: &'static str,
}

/// Returns the server: `--server`, `LEOFLOW_SERVER_URL`, the settings, `http://localhost:8080`.
///
/// # Errors
/// When what was given is not a usable URL.
pub fn server(given: Option<&str>, environment: &Environment, settings: &Settings) -> Result<Server, Failure> {
    let from_environment = environment.variable("LEOFLOW_SERVER_URL");
    let (text, source) = match (given, &from_environment, &settings.server_url) {
        (Some(text), _, _) => (text, "--server"),
        (None, Some(text), _) => (text.as_str(), "LEOFLOW_SERVER_URL"),
        (None, None, Some(text)) => (text.as_str(), "~/.leoflow/config.yaml"),
        (None, None, None) => (DEFAULT_SERVER, "the default"),
    };
    Ok(Server { url: parse(text, source)?, source })
}

fn parse(text: &str, source: &str) -> Result<Url, Failure> {
    let help = "write it like `https://leoflow.example.com`";
    let refuse = |reason: &str| Failure::usage(format!("the server URL from {source} {reason}"), help);
    // What is refused may hold a password where none belongs, so it is not repeated.
    let url = Url::parse(text).map_err(|error| refuse(&format!("does not parse: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("holds a user or password, which would end up in logs; use `leoflow auth login`"));
    }
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(refuse("is not an http or https URL"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("has a query or fragment"));
    }
    Ok(url)
}

/// Returns the token for `server`: `--token`, `LEOFLOW_TOKEN`, the settings; nothing when there is none.
///
/// # Errors
/// When the only token was issued by another server: it is not sent to this one.
pub fn token(
    given: Option<&str>,
    environment: &Environment,
    settings: &Settings,
    server: &Server,
) -> Result<Option<TokenFound>, Failure> {
    if let Some(token) = given {
        return Ok(Some(TokenFound { token: Secret::new(token), source: "--token" }));
    }
    if let Some(token) = environment.variable("LEOFLOW_TOKEN") {
        return Ok(Some(TokenFound { token: Secret::new(token), source: "LEOFLOW_TOKEN" }));
    }
    let Some(token) = &settings.token else { return Ok(None) };
    let issuer = Url::parse(settings.server_url.as_deref().unwrap_or(DEFAULT_SERVER)).map(|issuer| issuer.origin());
    if issuer.as_ref().is_ok_and(|issuer| *issuer == server.url.origin()) {
        return Ok(Some(TokenFound { token: token.clone(), source: "~/.leoflow/config.yaml" }));
    }
    // Only the origin: a server_url written by hand may hold a password.
    let issuer = issuer.map_or_else(|_| "another server".to_owned(), |issuer| issuer.ascii_serialization());
    Err(Failure::new(
        Exit::Usage,
        format!("the token in ~/.leoflow/config.yaml is for {issuer} and is not sent to {}", shown(&server.url)),
        Some(format!("run `leoflow auth login --server {}`, or set LEOFLOW_TOKEN", shown(&server.url))),
    ))
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
    let server = server(args.server.as_deref(), environment, settings)?;
    match token(args.token.as_deref(), environment, settings, &server)? {
        Some(token) => Ok((server, token)),
        None => Err(Failure::usage(
            format!("there is no token for {} (server from {})", shown(&server.url), server.source),
            format!("run `leoflow auth login --server {}`, or set LEOFLOW_TOKEN", shown(&server.url)),
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
