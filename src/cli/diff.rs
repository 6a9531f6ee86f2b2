//! `leoflow diff`: two specs or images compared.

use super::args::DiffArgs;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) async fn run(_session: &Session, _args: &DiffArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("`diff` is not there yet", "see `leoflow help`"))
}
