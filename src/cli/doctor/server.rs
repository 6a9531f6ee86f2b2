//! The control plane: is it there, does it take the token, and for how long.

use super::check::{Check, DEADLINE, PATIENCE, within};
use super::ground::Ground;
use crate::cli::exit::Exit;
use crate::cli::report::Failure;
use crate::cli::server::{self, Server, TokenFound, shown};
use crate::cli::time::duration;
use crate::control_plane::{ControlPlane, ControlPlaneError, is_loopback, token_expiry};
use crate::secret::Secret;

/// What is asked about where there is no project: whether the server knows it does not matter.
const ANY_DAG: &str = "leoflow_doctor";

/// How long a token should still be good, in seconds.
const SOON: u64 = 60 * 60;

pub(super) async fn checks(ground: &Ground<'_>) -> Vec<Check> {
    let server = match chosen(ground) {
        Ok(server) => server,
        Err(failure) => return vec![Check::fail("server", failure)],
    };
    let health = within("server", Exit::ControlPlane, PATIENCE, health(ground, &server)).await;
    let found = match token(ground, &server) {
        Ok(found) => found,
        Err(failure) => return vec![health, Check::fail("token", failure)],
    };
    let is_there = health.status.word() != "fail";
    let token = within("token", Exit::ControlPlane, PATIENCE, valid(ground, &server, &found, is_there)).await;
    vec![health, token]
}

fn chosen(ground: &Ground<'_>) -> Result<Server, Failure> {
    match &ground.sandbox {
        Some(sandbox) => Ok(Server::new(sandbox.control_plane.clone(), "--sandbox")),
        None => {
            let (environment, settings) = (&ground.session.environment, &ground.session.settings);
            server::server(&ground.args.server, environment, settings)
        }
    }
}

fn token(ground: &Ground<'_>, server: &Server) -> Result<TokenFound, Failure> {
    if let Some(sandbox) = &ground.sandbox {
        return Ok(TokenFound { token: sandbox.token.clone(), source: "--sandbox".into() });
    }
    let (environment, settings) = (&ground.session.environment, &ground.session.settings);
    let found = server::token(&ground.args.server, environment, settings, server)?;
    found.ok_or_else(|| Failure::usage(format!("there is none for {}", shown(&server.url)), login(server)))
}

fn login(server: &Server) -> String {
    format!("`{}`, or set LEOFLOW_TOKEN", server.login())
}

fn plane(ground: &Ground<'_>, server: &Server, token: Option<Secret>) -> Result<ControlPlane, ControlPlaneError> {
    Ok(ground.session.control_plane(server.url.clone(), token)?.with_deadline(DEADLINE))
}

async fn health(ground: &Ground<'_>, server: &Server) -> Check {
    let url = shown(&server.url);
    let asked = async {
        let plane = plane(ground, server, None)?;
        let health = plane.health().await;
        ground.note_clock(url.clone(), plane.date());
        health
    };
    match asked.await {
        Ok(()) if server.url.scheme() == "http" && !is_loopback(&server.url) => Check::warn(
            "server",
            format!("{url} is plain http: anybody on the way reads the token"),
            "use an https URL",
        ),
        Ok(()) => Check::ok("server", format!("{url} is well (from {})", server.source)),
        Err(error) => {
            let help = if is_other(&error) { Some(OTHER.to_owned()) } else { error.help() };
            Check::fail("server", Failure::new(Exit::ControlPlane, format!("{error} (from {})", server.source), help))
        }
    }
}

const OTHER: &str = "this is no control plane: name it with --server URL, or try `leoflow deploy --sandbox`";

/// Says whether something else answers; health is told to anybody.
fn is_other(error: &ControlPlaneError) -> bool {
    matches!(error, ControlPlaneError::Refused { status: 401 | 403 | 404 | 405, .. })
}

/// A DAG that the server does not know is an answer to somebody whom it knows.
async fn valid(ground: &Ground<'_>, server: &Server, found: &TokenFound, is_there: bool) -> Check {
    let from = format!("from {}", found.source);
    let expiry = expiry(found, ground.session.environment.now);
    if let Expiry::Ago(seconds) = expiry {
        let message = format!("{from}, expired {} ago", duration(seconds));
        return Check::fail("token", Failure::new(Exit::ControlPlane, message, Some(login(server))));
    }
    if !is_there {
        return Check::warn("token", format!("{from}, {}; not tried", expiry.words()), "mend the server first");
    }
    let dag_id = ground.dag_id().unwrap_or(ANY_DAG);
    let asked = async { plane(ground, server, Some(found.token.clone()))?.dag(dag_id).await };
    match asked.await {
        Ok(_) => good(&from, &expiry, server),
        Err(error @ ControlPlaneError::Refused { status: 401 | 403, .. }) => {
            let message = format!("{from}: {error}");
            Check::fail("token", Failure::new(Exit::ControlPlane, message, Some(login(server))))
        }
        Err(error) => Check::fail("token", error),
    }
}

fn good(from: &str, expiry: &Expiry, server: &Server) -> Check {
    let what = format!("{from}, taken by the server, {}", expiry.words());
    match expiry {
        Expiry::In(seconds) if *seconds < SOON => Check::warn("token", what, login(server)),
        _ => Check::ok("token", what),
    }
}

/// Until when a token is good, in seconds from now.
enum Expiry {
    In(u64),
    Ago(u64),
    Unsaid,
}

impl Expiry {
    fn words(&self) -> String {
        match self {
            Self::In(seconds) => format!("expires in {}", duration(*seconds)),
            Self::Ago(seconds) => format!("expired {} ago", duration(*seconds)),
            Self::Unsaid => "does not say when it expires".to_owned(),
        }
    }
}

fn expiry(found: &TokenFound, now: u64) -> Expiry {
    match token_expiry(&found.token) {
        None => Expiry::Unsaid,
        Some(at) if at <= now => Expiry::Ago(now - at),
        Some(at) => Expiry::In(at - now),
    }
}
