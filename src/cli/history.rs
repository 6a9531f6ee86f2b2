//! `leoflow history`: the versions that were deployed.

use super::args::HistoryArgs;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) async fn run(_session: &Session, _args: &HistoryArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("`history` is not there yet", "see `leoflow help`"))
}
