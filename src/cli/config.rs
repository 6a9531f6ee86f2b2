//! `leoflow config`: each setting and where it comes from.

use super::args::ConfigCommand;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) fn run(_session: &Session, _args: &ConfigCommand) -> Result<Exit, Failure> {
    Err(Failure::usage("`config` is not there yet", "see `leoflow help`"))
}
