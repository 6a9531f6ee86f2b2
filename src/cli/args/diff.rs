//! `diff` as typed.

use clap::Args;

/// `diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A dag.json, or an image by digest: what it was.
    #[arg(value_name = "OLD")]
    pub old: String,
    /// A dag.json, or an image by digest: what it is.
    #[arg(value_name = "NEW")]
    pub new: String,
    /// End with 10 when they differ.
    #[arg(long)]
    pub exit_code: bool,
}
