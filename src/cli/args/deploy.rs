//! `deploy` and `push` as typed.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::groups::seconds;
use super::{ImageArgs, InterpreterArgs, PackageArgs, ServerArgs, UploadArgs};

/// `deploy`
#[derive(Debug, Args)]
#[command(mut_arg("offline", |offline| offline.help(DEPLOY_OFFLINE)))]
pub struct DeployArgs {
    /// A project's directory, or the dag_id of a project below this directory.
    #[arg(value_name = "PATH|DAG_ID", default_value = ".")]
    pub target: String,
    /// Deploy every project below the directory.
    #[arg(long, conflicts_with = "dag_version")]
    pub all: bool,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// Start a run once the DAG is registered.
    #[arg(long)]
    pub trigger: bool,
    /// Follow that run to its end, and end as it does.
    #[arg(long, requires = "trigger", conflicts_with = "all")]
    pub wait: bool,
    /// How long to follow it, in seconds [default: to its end]
    #[arg(long, value_name = "SECONDS", requires = "wait", value_parser = seconds)]
    pub timeout: Option<Duration>,
    /// Say what a deploy would change and move, and do none of it.
    #[arg(long, conflicts_with = "trigger")]
    pub dry_run: bool,
    /// End with 10 when there are changes.
    #[arg(long, requires = "dry_run")]
    pub exit_code: bool,
    /// Write the pinned dag.json here as well; it can be pushed or promoted from any machine.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["all", "dry_run"])]
    pub spec_out: Option<PathBuf>,
    /// Several at once.
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
    /// Against a registry and a control plane that leoflow itself starts on this machine.
    #[arg(long, conflicts_with_all = ["server", "named", "token", "registry_url"])]
    pub sandbox: bool,
    /// How dag.py is executed.
    #[command(flatten)]
    pub interpreter: InterpreterArgs,
    /// Which control plane.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Push an image that `leoflow build` wrote elsewhere, as it is, instead of building one.
    #[arg(long, value_name = "oci:PATH[:NAME]", help_heading = "Image",
          conflicts_with_all = ["base", "platform", "all", "dag_version"])]
    pub image_layout: Option<String>,
    /// What is built, and where it goes.
    #[command(flatten)]
    pub image: ImageArgs,
    /// How layers are sent.
    #[command(flatten)]
    pub upload: UploadArgs,
    /// Where packages come from.
    #[command(flatten)]
    pub packages: PackageArgs,
    /// Neither use package layers of earlier pushes nor note them in the registry.
    #[arg(long, help_heading = "Packages")]
    pub no_remote_cache: bool,
}

const DEPLOY_OFFLINE: &str = "Ask no registry but the one that the image goes to, and no package index: \
    packages come from --find-links or were fetched before";

/// Which projects of a workspace, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Several projects")]
pub struct WorkspaceArgs {
    /// Register none of them unless all can be deployed.
    #[arg(long, requires = "all")]
    pub atomic: bool,
    /// How many projects to work on at a time [default: 4]
    #[arg(long, value_name = "N", requires = "all")]
    pub jobs: Option<NonZeroUsize>,
    /// Only those whose content differs from what is registered.
    #[arg(long, requires = "all")]
    pub changed: bool,
    /// Only those with a file that changed since this commit of git.
    #[arg(long, value_name = "REV", requires = "all")]
    pub since: Option<String>,
}

/// `push`
#[derive(Debug, Args)]
pub struct PushArgs {
    /// A compiled dag.json.
    pub file: PathBuf,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// Which control plane.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Start a run once the DAG is registered.
    #[arg(long)]
    pub trigger: bool,
    /// Follow that run to its end, and end as it does.
    #[arg(long, requires = "trigger")]
    pub wait: bool,
    /// How long to follow it, in seconds [default: to its end]
    #[arg(long, value_name = "SECONDS", requires = "wait", value_parser = seconds)]
    pub timeout: Option<Duration>,
}
