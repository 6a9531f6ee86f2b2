//! What is live, and making another version so.

use std::time::Duration;

use annotate_snippets::Level;

use super::Plane;
use crate::cli::exit::Exit;
use crate::cli::report::{Failure, Report};
use crate::cli::session::Session;
use crate::control_plane::{ControlPlane, LiveDag, Registration};
use crate::dag::PinnedDagSpec;

/// How long a server is waited for that is asked in passing.
const IN_PASSING: Duration = Duration::from_secs(5);

/// What is known of what is live.
pub(in crate::cli) enum Live {
    /// This is.
    Is(LiveDag),
    /// The server has no such DAG.
    Nothing,
    /// It could not be asked; why.
    Unknown(String),
}

impl Live {
    /// Asks, in passing: where nobody answers or there is no token, the command goes on without.
    pub(in crate::cli) async fn ask(session: &Session, plane: &Plane, dag_id: &str) -> Self {
        let client = match plane.client_within(session, IN_PASSING) {
            Ok(client) => client,
            Err(failure) => return Self::Unknown(first_line(&failure)),
        };
        session.progress.doing("Waiting", &format!("for {}", plane.shown()));
        let answer = client.dag(dag_id).await;
        session.progress.idle();
        match answer {
            Ok(Some(live)) => Self::Is(live),
            Ok(None) => Self::Nothing,
            Err(error) => Self::Unknown(first_line(&error.into())),
        }
    }

    /// Returns what is live, where it is known.
    pub(in crate::cli) fn dag(&self) -> Option<&LiveDag> {
        match self {
            Self::Is(live) => Some(live),
            Self::Nothing | Self::Unknown(_) => None,
        }
    }
}

fn first_line(failure: &Failure) -> String {
    let message = failure.reports.first().map_or("", |report| report.message.as_str());
    message.lines().next().unwrap_or_default().to_owned()
}

/// Registers a spec and looks whether it is live then. A server may know the version and leave another one live: that is
/// not what was asked for.
pub(in crate::cli) async fn make_live(
    session: &Session,
    plane: &Plane,
    client: &ControlPlane,
    spec: &PinnedDagSpec,
) -> Result<Registration, Failure> {
    let dag_id = spec.dag_id();
    session.standing.at(
        format!("at the end: whether {dag_id} was registered is not known"),
        "run the same command again: registering the same spec twice does no harm",
    );
    session.progress.doing("Waiting", &format!("for {}", plane.shown()));
    let registration = client.register(spec).await?;
    let live = client.dag(dag_id).await;
    session.progress.idle();
    match live {
        Ok(live) => check_live(plane, &registration, &live.unwrap_or_default())?,
        Err(error) => {
            let message = format!("whether version {} is live now is not known: {error}", registration.version);
            session.progress.report(&Report::new(message).help(error.help()), Level::WARNING);
        }
    }
    Ok(registration)
}

fn check_live(plane: &Plane, registration: &Registration, live: &LiveDag) -> Result<(), Failure> {
    let Some(version) = live.version.as_ref().filter(|version| **version != registration.version) else {
        return Ok(());
    };
    let message =
        format!("{} took version {}, but {version} is still the live one", plane.shown(), registration.version);
    let help = "it keeps a version that it knows as it is: deploy that source again with another --dag-version";
    Err(Failure::new(Exit::ControlPlane, message, Some(help.to_owned())))
}
