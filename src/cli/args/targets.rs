//! `target` and `config` as typed.

use clap::{Args, Subcommand};

/// `target`
#[derive(Debug, Subcommand)]
pub enum TargetCommand {
    /// List the targets.
    List,
    /// Add a target, or change it.
    Add(TargetAddArgs),
    /// Use a target from now on.
    Use(TargetUseArgs),
}

/// `target add`
#[derive(Debug, Args)]
pub struct TargetAddArgs {
    /// Its name.
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// `target use`
#[derive(Debug, Args)]
pub struct TargetUseArgs {
    /// Its name.
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// `config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show each setting, and where it comes from.
    Show,
}
