//! `leoflow target`: named servers and registries.

use super::args::TargetCommand;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) fn run(_session: &Session, _args: &TargetCommand) -> Result<Exit, Failure> {
    Err(Failure::usage("`target` is not there yet", "see `leoflow help`"))
}
