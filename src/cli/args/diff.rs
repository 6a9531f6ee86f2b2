//! `diff` as typed.

use clap::Args;

use super::ConnectionArgs;

/// `diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// What it was: a dag.json, or an image: `REGISTRY/NAME@sha256:…`, `REGISTRY/NAME:TAG`, `oci:PATH`.
    #[arg(value_name = "OLD")]
    pub old: String,
    /// What it is: another of the same kind.
    #[arg(value_name = "NEW")]
    pub new: String,
    /// End with 10 when they differ.
    #[arg(long)]
    pub exit_code: bool,
    /// How registries are spoken to.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}
