//! `target` and `config` as typed.

use clap::{Args, Subcommand};

use super::ServerArgs;
use super::examples::{CONFIG_SHOW_EXAMPLES, TARGET_ADD_EXAMPLES, TARGET_USE_EXAMPLES};

/// `target`
#[derive(Debug, Subcommand)]
pub enum TargetCommand {
    /// List the targets.
    #[command(after_help = "Example:\n  leoflow target list")]
    List,
    /// Add a target, or change what is given of it.
    #[command(after_help = TARGET_ADD_EXAMPLES)]
    Add(TargetAddArgs),
    /// Use a target from now on, wherever none is named.
    #[command(after_help = TARGET_USE_EXAMPLES)]
    Use(TargetUseArgs),
    /// Remove a target and its token.
    #[command(after_help = "Example:\n  leoflow target remove staging")]
    Remove(TargetNameArgs),
}

/// `target add`
#[derive(Debug, Args)]
pub struct TargetAddArgs {
    /// Its name: letters, digits, `_` and `-`.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The control plane's URL.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Where images for it go, instead of leoflow.yaml's registry.url.
    #[arg(long, value_name = "HOST[/PATH]")]
    pub registry: Option<String>,
    /// Ask this mirror before HOST for images of HOST; may be given again.
    #[arg(long, value_name = "HOST=URL")]
    pub mirror: Vec<String>,
    /// Use it from now on.
    #[arg(long = "use")]
    pub use_it: bool,
}

/// `target remove`
#[derive(Debug, Args)]
pub struct TargetNameArgs {
    /// Its name.
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// `target use`
#[derive(Debug, Args)]
pub struct TargetUseArgs {
    /// Its name.
    #[arg(value_name = "NAME", required_unless_present = "none")]
    pub name: Option<String>,
    /// Use none from now on.
    #[arg(long, conflicts_with = "name")]
    pub none: bool,
}

/// `config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show each setting, and where it comes from.
    #[command(after_help = CONFIG_SHOW_EXAMPLES)]
    Show(ConfigShowArgs),
}

/// `config show`
#[derive(Debug, Args)]
pub struct ConfigShowArgs {
    /// Which control plane.
    #[command(flatten)]
    pub server: ServerArgs,
}
