//! `leoflow config`: each setting and where it comes from.

use super::args::{ConfigCommand, ConfigShowArgs};
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) fn run(session: &Session, args: &ConfigCommand) -> Result<Exit, Failure> {
    let ConfigCommand::Show(args) = args;
    show(session, args)
}

fn show(_session: &Session, _args: &ConfigShowArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("`config show` is not there yet", "see `leoflow help`"))
}
