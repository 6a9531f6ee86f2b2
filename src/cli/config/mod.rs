//! `leoflow config show`: each setting, who says so, and whom that overrules. What is secret is not among it.

mod control_plane;
mod machine;
mod network;
mod setting;

use serde_json::{Map, Value, json};

use self::setting::Setting;
use super::args::{ConfigCommand, ConfigShowArgs};
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) fn run(session: &Session, command: &ConfigCommand) -> Result<Exit, Failure> {
    let ConfigCommand::Show(args) = command;
    show(session, args)
}

/// A setting that is at fault is told in its place, so that the others are told as well.
fn show(session: &Session, args: &ConfigShowArgs) -> Result<Exit, Failure> {
    let settings =
        [control_plane::settings(session, &args.server), network::settings(session, args), machine::settings(session)]
            .concat();
    let text: String = settings.iter().map(Setting::lines).collect();
    let values: Map<String, Value> = settings.iter().map(|setting| (setting.key(), setting.as_json())).collect();
    session.print(&text, &json!({"schema": "leoflow.config/v1", "settings": values}))?;
    let faulty = settings.iter().any(|setting| setting.fault.is_some());
    Ok(if faulty { Exit::Usage } else { Exit::Success })
}
