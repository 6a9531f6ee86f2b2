//! `init`, `completions` and `man` as typed.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::InterpreterArgs;

/// `init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Where the project goes [default: this directory, or that of --from-dag's file]
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// An existing DAG file to make the project of; its imports say what to ask for.
    #[arg(long, value_name = "FILE")]
    pub from_dag: Option<PathBuf>,
    /// The DAG's id [default: that of --from-dag's file, or the directory's name]
    #[arg(long, value_name = "ID")]
    pub dag_id: Option<String>,
    /// Where images will go, as registry.url of leoflow.yaml.
    #[arg(long = "registry", value_name = "HOST[/PATH]")]
    pub registry_url: Option<String>,
    /// Ask nothing.
    #[arg(long, short)]
    pub yes: bool,
    /// How --from-dag's file is executed.
    #[command(flatten)]
    pub interpreter: InterpreterArgs,
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
