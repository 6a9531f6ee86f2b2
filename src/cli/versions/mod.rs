//! What `history`, `rollback` and `promote` share: a control plane, and versions of it that were recorded here.

pub(super) mod choice;
mod live;
mod pair;

use std::time::Duration;

use url::Url;

pub(super) use self::live::{Live, make_live};
pub(super) use self::pair::{Pair, check_image};
use super::args::ServerArgs;
use super::record::SANDBOX;
use super::report::Failure;
use super::session::Session;
use super::{sandbox, server};
use crate::control_plane::ControlPlane;
use crate::sandbox::Sandbox;
use crate::secret::Secret;

/// A control plane, and who we are to it.
pub(super) struct Plane {
    /// Where it is.
    pub(super) server: server::Server,
    /// What it is recorded as.
    pub(super) name: String,
    /// The token, or why there is none.
    token: Result<Secret, Failure>,
    sandbox: Option<Sandbox>,
}

impl Plane {
    /// Settles which control plane is meant, and starts the sandbox if that is the one.
    pub(super) async fn open(session: &Session, args: &ServerArgs, in_sandbox: bool) -> Result<Self, Failure> {
        if in_sandbox {
            return Self::open_sandbox(session).await;
        }
        let server = server::server(args, &session.environment, &session.settings)?;
        let token = server::resolve(args, &session.environment, &session.settings);
        Ok(Self::new(server, token.map(|(_, found)| found.token)))
    }

    /// A control plane that was named otherwise.
    pub(super) fn new(server: server::Server, token: Result<Secret, Failure>) -> Self {
        Self { name: server::shown(&server.url), server, token, sandbox: None }
    }

    async fn open_sandbox(session: &Session) -> Result<Self, Failure> {
        let sandbox = Sandbox::start(&sandbox::directory(session, None)?).await?;
        let (url, token): (Url, _) = (sandbox.control_plane.clone(), Ok(sandbox.token.clone()));
        let server = server::Server::new(url, "--sandbox");
        Ok(Self { name: SANDBOX.to_owned(), server, token, sandbox: Some(sandbox) })
    }

    /// Returns its URL as people write it.
    pub(super) fn shown(&self) -> String {
        server::shown(&self.server.url)
    }

    /// Returns a client that presents the token.
    pub(super) fn client(&self, session: &Session) -> Result<ControlPlane, Failure> {
        Ok(session.control_plane(self.server.url.clone(), Some(self.token_to_send(session)?))?)
    }

    /// Returns one that gives up after `deadline`, and tells nobody that it tries again.
    pub(super) fn client_within(&self, session: &Session, deadline: Duration) -> Result<ControlPlane, Failure> {
        let token = self.token_to_send(session)?;
        Ok(ControlPlane::new(self.server.url.clone(), Some(token), deadline, &session.environment.proxies())?)
    }

    fn token_to_send(&self, session: &Session) -> Result<Secret, Failure> {
        let token = self.token.clone()?;
        server::warn_of_plain_http(session, &self.server, "the token travels");
        Ok(token)
    }

    /// Stops the sandbox once no other process uses it.
    pub(super) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}
