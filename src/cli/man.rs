//! `leoflow man`: the manual pages.

use super::args::ManArgs;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) fn run(_session: &Session, _args: &ManArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("`man` is not there yet", "see `leoflow help`"))
}
