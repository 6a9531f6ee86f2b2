//! `leoflow schema`: leoflow.yaml as editors read about it. With `--output json` too, for it is one object of JSON.

use super::exit::Exit;
use super::report::Failure;
use super::session::write_stdout;
use crate::project;

pub(super) fn run() -> Result<Exit, Failure> {
    write_stdout(project::schema().as_bytes())?;
    Ok(Exit::Success)
}
