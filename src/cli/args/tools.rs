//! `explain`, `sandbox` and `cache` as typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::examples::PRUNE_EXAMPLES;
use crate::cli::size;

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Codes as errors show them: `E005`, or just `5`; none lists all.
    #[arg(value_name = "CODE")]
    pub codes: Vec<String>,
}

/// `sandbox`
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Where images and records are kept [default: leoflow/sandbox in the user's data directory]
    #[arg(long, value_name = "DIR")]
    pub directory: Option<PathBuf>,
}

/// `cache`
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Say where the cache is and what it holds.
    #[command(after_help = "Example:\n  leoflow cache info --output json")]
    Info,
    /// Remove what was used least recently; no digest depends on it.
    #[command(after_help = PRUNE_EXAMPLES)]
    Prune(PruneArgs),
}

/// `cache prune`
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Remove everything.
    #[arg(long, conflicts_with_all = ["older_than", "max_size"])]
    pub all: bool,
    /// Remove what was not used for so long: 90s, 12h, 30d, 4w.
    #[arg(long, value_name = "AGE", value_parser = size::parse_age)]
    pub older_than: Option<Duration>,
    /// Leave at most so much: 500MiB, 1GiB.
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    pub max_size: Option<u64>,
}
