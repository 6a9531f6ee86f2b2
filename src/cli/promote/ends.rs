//! The two control planes of a promotion, each with a token of its own: a token for one is never sent to the other.

use url::Url;

use crate::cli::report::Failure;
use crate::cli::server::{Server, checked, shown};
use crate::cli::session::Session;
use crate::cli::targets;
use crate::cli::versions::Plane;
use crate::secret::Secret;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    From,
    To,
}

impl End {
    fn flag(self) -> &'static str {
        match self {
            Self::From => "--from",
            Self::To => "--to",
        }
    }

    fn token_flag(self) -> &'static str {
        match self {
            Self::From => "--from-token-env",
            Self::To => "--to-token-env",
        }
    }
}

/// Returns the control plane that a text names: a URL, or a target.
///
/// # Errors
/// When it names none, or the variable that should hold its token does not. That there is no token is only an error once
/// one is needed.
pub(super) fn server_named(session: &Session, text: &str, end: End, variable: Option<&str>) -> Result<Plane, Failure> {
    let server = match targets::find(session, text)? {
        Some(target) => {
            Server { url: target.server.clone(), source: target.described().into(), target: Some(target.name.clone()) }
        }
        None => {
            let refuse = |reason| {
                Failure::usage(
                    format!("the server URL from {} {reason}", end.flag()),
                    "write it like `https://leoflow.example.com`, or name a target",
                )
            };
            Server::new(checked(text).map_err(refuse)?, end.flag())
        }
    };
    let token = match variable {
        Some(variable) => of_variable(session, variable, end)?,
        None => kept(session, &server).ok_or_else(|| none(session, &server, end)),
    };
    Ok(Plane::new(server, token))
}

fn of_variable(session: &Session, variable: &str, end: End) -> Result<Result<Secret, Failure>, Failure> {
    let token = session.environment.variable(variable).map(Secret::new);
    let help = format!("export {variable} with the token, or leave {} out", end.token_flag());
    token.map(Ok).ok_or_else(|| {
        Failure::usage(format!("`{}`, which {} names, is not set", variable.escape_debug(), end.token_flag()), help)
    })
}

/// Returns the token that was kept for this very server. `LEOFLOW_TOKEN` does not say whose it is, so it is nobody's here.
fn kept(session: &Session, server: &Server) -> Option<Secret> {
    let settings = &session.settings;
    let of_name = server.target.as_ref().and_then(|name| settings.targets.get(name));
    let mut targets = of_name.into_iter().chain(settings.targets.values());
    let of_target = targets.find(|target| target.issued_for(&server.url)).and_then(|target| target.token.clone());
    of_target.or_else(|| {
        let issuer = Url::parse(settings.server_url.as_deref()?).ok()?;
        settings.token.clone().filter(|_| issuer.origin() == server.url.origin())
    })
}

fn none(session: &Session, server: &Server, end: End) -> Failure {
    let message = format!("there is no token for {} ({} of the promotion)", shown(&server.url), end.flag());
    let help = match session.environment.variable("LEOFLOW_TOKEN") {
        Some(_) => format!(
            "LEOFLOW_TOKEN does not say which server it is for: add {} LEOFLOW_TOKEN if it is for this one",
            end.token_flag()
        ),
        None => format!("run `{}`, or name the variable that holds it: {} NAME", server.login(), end.token_flag()),
    };
    Failure::usage(message, help)
}
