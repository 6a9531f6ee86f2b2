//! `doctor` as typed.

use clap::Args;

use super::{ImageArgs, IndexArgs, InterpreterArgs, ServerArgs};

const DOCTOR_EXAMPLES: &str = "\
Examples:
  leoflow doctor
  leoflow doctor etl_sales
  leoflow doctor etl_sales --sandbox
  leoflow doctor etl_sales --output json";

/// `doctor`
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
#[command(mut_arg("compression", |argument| argument.hide(true)))]
#[command(mut_arg("dag_version", |argument| argument.hide(true)))]
pub struct DoctorArgs {
    /// A project's directory, or the dag_id of a project below this directory [default: this directory, if it is one]
    #[arg(value_name = "PATH|DAG_ID")]
    pub target: Option<String>,
    /// Check what a deploy to the sandbox needs.
    #[arg(long, conflicts_with_all = ["server", "token", "registry_url"])]
    pub sandbox: bool,
    /// How dag.py is executed.
    #[command(flatten)]
    pub interpreter: InterpreterArgs,
    /// Which control plane.
    #[command(flatten)]
    pub server: ServerArgs,
    /// What is built, and where it goes.
    #[command(flatten)]
    pub image: ImageArgs,
    /// Where packages are looked for.
    #[command(flatten)]
    pub index: IndexArgs,
}
