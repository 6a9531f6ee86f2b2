//! `leoflow init`: a new project.

use super::args::InitArgs;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) fn run(_session: &Session, _args: &InitArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("`init` is not there yet", "see `leoflow help`"))
}
