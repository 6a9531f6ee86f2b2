//! `leoflow wait`: a run followed to its end.

use super::args::WaitArgs;
use super::exit::Exit;
use super::follow::Following;
use super::report::Failure;
use super::server;
use super::session::Session;
use crate::control_plane::{Followed, Run};

pub(super) async fn run(session: &Session, args: &WaitArgs) -> Result<Exit, Failure> {
    let (server, found) = server::resolve(&args.server, &session.environment, &session.settings)?;
    server::warn_of_plain_http(session, &server, "the token travels");
    let control_plane = session.control_plane(server.url.clone(), Some(found.token))?;
    let following =
        Following { session, control_plane: &control_plane, server: &server, timeout: args.timeout, is_sandbox: false };
    let run = Run { dag_run_id: args.run_id.clone(), state: None };
    let ending = following.to_end(Followed::new(args.dag_id.clone(), run)).await;
    if let Some(failure) = ending.failure().filter(|_| !ending.has_seen_it()) {
        return Err(failure);
    }
    session.print(&ending.text(), &ending.as_result())?;
    Ok(ending.tell(session))
}
