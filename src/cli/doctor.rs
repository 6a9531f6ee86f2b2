//! `leoflow doctor`: all that a deploy needs, checked.

use super::args::DoctorArgs;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) async fn run(_session: &Session, _args: &DoctorArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("`doctor` is not there yet", "see `leoflow help`"))
}
