//! `leoflow version`

use serde_json::json;

use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) fn run(session: &Session) -> Result<Exit, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    session.print(&format!("leoflow {version}\n"), &json!({"schema": "leoflow.version/v1", "version": version}))?;
    Ok(Exit::Success)
}
