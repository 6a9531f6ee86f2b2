//! `lock` and `tree` as typed.

use clap::Args;

use super::ForImageArgs;

/// `lock`
#[derive(Debug, Args)]
pub struct LockArgs {
    /// A project's directory, or the dag_id of a project below this directory.
    #[arg(value_name = "PATH|DAG_ID", default_value = ".")]
    pub target: String,
    /// Take the newest version of every package.
    #[arg(long, short = 'U')]
    pub upgrade: bool,
    /// Take the newest version of this package; may be given again.
    #[arg(long, short = 'P', value_name = "PACKAGE", conflicts_with = "upgrade")]
    pub upgrade_package: Vec<String>,
    /// What the packages are for.
    #[command(flatten)]
    pub image: ForImageArgs,
}

/// `tree`
#[derive(Debug, Args)]
pub struct TreeArgs {
    /// A project's directory, or the dag_id of a project below this directory.
    #[arg(value_name = "PATH|DAG_ID", default_value = ".")]
    pub target: String,
    /// Only the chains that lead from leoflow.yaml to this package.
    #[arg(long, value_name = "PACKAGE")]
    pub why: Option<String>,
    /// Fail unless a lock file says which packages these are, and still answers what leoflow.yaml asks for.
    #[arg(long)]
    pub locked: bool,
    /// What the packages are for.
    #[command(flatten)]
    pub image: ForImageArgs,
}
