//! `leoflow wait`: a run followed to its end.

use super::args::WaitArgs;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) async fn run(_session: &Session, _args: &WaitArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("`wait` is not there yet", "see `leoflow help`"))
}
