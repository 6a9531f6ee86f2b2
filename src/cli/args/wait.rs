//! `wait` as typed.

use std::time::Duration;

use clap::Args;

use super::ServerArgs;
use super::groups::seconds;

const WAIT_EXAMPLES: &str = "\
Examples:
  leoflow wait etl_sales manual__1763868201
  leoflow wait etl_sales manual__1763868201 --timeout 3600";

/// `wait`
#[derive(Debug, Args)]
#[command(after_help = WAIT_EXAMPLES)]
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
