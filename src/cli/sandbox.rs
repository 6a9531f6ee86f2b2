//! `leoflow sandbox`: both servers stay up until Ctrl-C.

use std::path::PathBuf;

use serde_json::json;

use super::args::SandboxArgs;
use super::exit::Exit;
use super::interrupt::interrupted;
use super::report::Failure;
use super::server::shown;
use super::session::Session;
use crate::sandbox::Sandbox;

pub(super) async fn run(session: &Session, args: &SandboxArgs) -> Result<Exit, Failure> {
    let interrupted = interrupted(&session.progress)?;
    let sandbox = Sandbox::start(&directory(session, args.directory.clone())?).await?;
    let text = format!("{}\n{}\n{}\n", shown(&sandbox.control_plane), sandbox.registry, sandbox.demo_base);
    let json = json!({
        "schema": "leoflow.sandbox/v1",
        "control_plane": shown(&sandbox.control_plane),
        "registry": sandbox.registry,
        "demo_base": sandbox.demo_base.to_string(),
    });
    session.print(&text, &json)?;
    session.progress.line("Runs until Ctrl-C. Any token will do. The base is a demo that runs nothing.");
    // Whoever asks for it to end gets what they asked for.
    let _ = interrupted.await;
    session.progress.interrupted();
    Ok(Exit::Success)
}

/// Returns where a sandbox keeps its images and records.
pub(super) fn directory(session: &Session, given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let default = || session.environment.data_directory().map(|data| data.join("sandbox"));
    given
        .or_else(default)
        .ok_or_else(|| Failure::usage("there is no home directory to keep the sandbox in", "set HOME or XDG_DATA_HOME"))
}
