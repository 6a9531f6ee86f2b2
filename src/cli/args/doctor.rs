//! `doctor` as typed.

use clap::Args;

use super::ServerArgs;

/// `doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// A project's directory, or the dag_id of a project below this directory [default: this directory, if it is one]
    #[arg(value_name = "PATH|DAG_ID")]
    pub target: Option<String>,
    /// Which control plane.
    #[command(flatten)]
    pub server: ServerArgs,
}
