//! `history`, `rollback` and `promote` as typed.

use clap::Args;

use super::ServerArgs;

/// `history`
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The DAG.
    #[arg(value_name = "DAG_ID")]
    pub dag_id: String,
    /// Which control plane.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `rollback`
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// The DAG.
    #[arg(value_name = "DAG_ID")]
    pub dag_id: String,
    /// The version to go back to [default: the one before the live one]
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// Which control plane.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `promote`
#[derive(Debug, Args)]
pub struct PromoteArgs {
    /// The DAG, or a pinned dag.json.
    #[arg(value_name = "DAG_ID|FILE")]
    pub dag: String,
}
