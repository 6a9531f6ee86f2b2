//! `leoflow completions`: what shells complete.

use super::args::CompletionsArgs;
use super::exit::Exit;
use super::report::Failure;
use super::session::Session;

pub(super) fn run(_session: &Session, _args: &CompletionsArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("`completions` is not there yet", "see `leoflow help`"))
}
