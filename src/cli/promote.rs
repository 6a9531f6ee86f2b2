//! `leoflow promote`: a version taken to another control plane.

use super::args::PromoteArgs;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) async fn run(_session: &Session, _args: &PromoteArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("`promote` is not there yet", "see `leoflow help`"))
}
