//! `leoflow rollback`: an earlier version made the live one.

use super::args::RollbackArgs;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) async fn run(_session: &Session, _args: &RollbackArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("`rollback` is not there yet", "see `leoflow help`"))
}
