//! `init`, `completions` and `man` as typed.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// `init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Where the project goes.
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// An existing dag.py to make a project of.
    #[arg(long, value_name = "FILE")]
    pub from_dag: Option<PathBuf>,
}

/// `completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

/// `man`
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The directory that the pages go to; one a command.
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
}
