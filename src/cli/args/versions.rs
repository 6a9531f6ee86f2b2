//! `history`, `rollback` and `promote` as typed.

use clap::Args;

use super::{ConnectionArgs, ServerArgs, UploadArgs};

const ONE_REGISTRY: &str = "Ask no registry but the one that the image is in";
const TWO_REGISTRIES: &str = "Ask no registry but those that the image is in and goes to";

/// `history`
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The DAG.
    #[arg(value_name = "DAG_ID")]
    pub dag_id: String,
    /// Of what was deployed to the sandbox.
    #[arg(long, conflicts_with_all = ["server", "token", "named"])]
    pub sandbox: bool,
    /// Which control plane.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `rollback`
#[derive(Debug, Args)]
#[command(mut_arg("offline", |offline| offline.help(ONE_REGISTRY)))]
#[command(mut_arg("registry_timeout", |timeout| timeout.help("How long the registry may take to answer, in seconds")))]
pub struct RollbackArgs {
    /// The DAG.
    #[arg(value_name = "DAG_ID")]
    pub dag_id: String,
    /// What to go back to: a version or its first digits, a dag_version, or the image's digest [default: the version before
    /// the live one]
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// What was deployed to the sandbox.
    #[arg(long, conflicts_with_all = ["server", "token", "named"])]
    pub sandbox: bool,
    /// Which control plane.
    #[command(flatten)]
    pub server: ServerArgs,
    /// How the registry is spoken to.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// `promote`
#[derive(Debug, Args)]
#[command(mut_arg("offline", |offline| offline.help(TWO_REGISTRIES)))]
pub struct PromoteArgs {
    /// The DAG, or a file: a pinned dag.json, as `deploy --spec-out` writes it.
    #[arg(value_name = "DAG_ID|FILE")]
    pub dag: String,
    /// The control plane it is live on, by URL or by the name of a target; of a file, none.
    #[arg(long, value_name = "SERVER")]
    pub from: Option<String>,
    /// The control plane it goes to, by URL or by the name of a target.
    #[arg(long, value_name = "SERVER")]
    pub to: String,
    /// The version to take: as --to of `leoflow rollback` [default: the live one]
    #[arg(long, value_name = "VERSION", requires = "from")]
    pub version: Option<String>,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// The variable that holds the token for --from [default: as logged in]
    #[arg(long, value_name = "VARIABLE", requires = "from", help_heading = "Control planes")]
    pub from_token_env: Option<String>,
    /// The variable that holds the token for --to [default: as logged in]
    #[arg(long, value_name = "VARIABLE", help_heading = "Control planes")]
    pub to_token_env: Option<String>,
    /// Copy the image to this registry [default: that of the target --to, or where it is]
    #[arg(long, value_name = "HOST[/PATH]", help_heading = "Image")]
    pub registry: Option<String>,
    /// How registries are spoken to.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// How layers are sent.
    #[command(flatten)]
    pub upload: UploadArgs,
}
