//! `wait` as typed.

use std::time::Duration;

use clap::Args;

use super::ServerArgs;
use super::groups::seconds;

/// `wait`
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// The DAG.
    #[arg(value_name = "DAG_ID")]
    pub dag_id: String,
    /// Its run.
    #[arg(value_name = "RUN_ID")]
    pub run_id: String,
    /// How long to follow it, in seconds [default: to its end]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// Which control plane.
    #[command(flatten)]
    pub server: ServerArgs,
}
