//! The command line as typed: flags and positions, nothing looked up yet.

mod auth;
mod compile;
mod deploy;
mod diff;
mod doctor;
mod examples;
mod groups;
mod image;
mod init;
mod packages;
mod targets;
mod tools;
mod versions;
mod wait;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::auth::*;
pub use self::compile::*;
pub use self::deploy::*;
pub use self::diff::*;
pub use self::doctor::*;
use self::examples::*;
pub use self::groups::*;
pub use self::image::*;
pub use self::init::*;
pub use self::packages::*;
pub use self::targets::*;
pub use self::tools::*;
pub use self::versions::*;
pub use self::wait::*;

/// From a DAG in a directory to a registered, digest-pinned image: no Docker, no root, no Python.
#[derive(Debug, Parser)]
#[command(name = "leoflow", version, about, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to say it.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// How things are said.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Say nothing but the result and errors.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Say more: every request that is made again, every file that is packed.
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Write what happens to this file as it happens, one JSON object a line.
    #[arg(long, global = true, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// The result as `text` or as one object of `json`.
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Text, value_name = "FORMAT",
          hide_possible_values = true)]
    pub output: OutputFormat,
}

/// The form of the result on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    Text,
    /// For scripts.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build, push, pin and register a DAG.
    #[command(after_help = DEPLOY_EXAMPLES)]
    Deploy(DeployArgs),
    /// Build the image into a file or directory: no registry, no control plane.
    #[command(after_help = BUILD_EXAMPLES)]
    Build(BuildArgs),
    /// Carry images between registries and files.
    #[command(subcommand, after_help = IMAGE_EXAMPLES)]
    Image(ImageCommand),
    /// Compile dag.py and leoflow.yaml into dag.json.
    #[command(after_help = COMPILE_EXAMPLES)]
    Compile(CompileArgs),
    /// Check all that compiling and packing would, and write nothing.
    #[command(after_help = VALIDATE_EXAMPLES)]
    Validate(ValidateArgs),
    /// Draw a DAG: its tasks, and what each waits for.
    #[command(after_help = GRAPH_EXAMPLES)]
    Graph(GraphArgs),
    /// Write down which packages the image gets, byte by byte.
    #[command(after_help = LOCK_EXAMPLES)]
    Lock(LockArgs),
    /// Show the packages of the image, and who wants them.
    #[command(after_help = TREE_EXAMPLES)]
    Tree(TreeArgs),
    /// Compare two specs or images.
    Diff(DiffArgs),
    /// Register a compiled dag.json whose image is pinned.
    #[command(after_help = "Example:\n  leoflow push dag.json --server https://leoflow.example.com")]
    Push(PushArgs),
    /// Follow a run to its end, and end as it does.
    Wait(WaitArgs),
    /// List the versions of a DAG that were deployed from this machine, and which one is live.
    #[command(after_help = HISTORY_EXAMPLES)]
    History(HistoryArgs),
    /// Make an earlier version of a DAG the live one again, as it was: nothing is built.
    #[command(after_help = ROLLBACK_EXAMPLES)]
    Rollback(RollbackArgs),
    /// Take a DAG's version from one control plane to another, as it is: nothing is built.
    #[command(after_help = PROMOTE_EXAMPLES)]
    Promote(PromoteArgs),
    /// Make a new project, or one of a DAG file that there is.
    #[command(after_help = INIT_EXAMPLES)]
    Init(InitArgs),
    /// Check all that a deploy needs: project, base, registry, control plane, this machine.
    Doctor(DoctorArgs),
    /// Log in to a control plane, and look after its token.
    #[command(subcommand, after_help = AUTH_EXAMPLES)]
    Auth(AuthCommand),
    /// Name the servers and registries that you deploy to.
    #[command(subcommand, after_help = TARGET_EXAMPLES)]
    Target(TargetCommand),
    /// Look at the settings.
    #[command(subcommand, after_help = "Example:\n  leoflow config show")]
    Config(ConfigCommand),
    /// Keep a registry and a control-plane stand-in running on loopback.
    #[command(after_help = SANDBOX_EXAMPLES)]
    Sandbox(SandboxArgs),
    /// Show what is kept to be faster the next time, or remove it.
    #[command(subcommand, after_help = CACHE_EXAMPLES)]
    Cache(CacheCommand),
    /// Explain an error by its code, or list all codes.
    #[command(after_help = "Example:\n  leoflow explain E005")]
    Explain(ExplainArgs),
    /// Print the JSON Schema of leoflow.yaml, for editors.
    #[command(after_help = "Example:\n  leoflow schema > leoflow.schema.json")]
    Schema,
    /// Print the completions of a shell.
    Completions(CompletionsArgs),
    /// Write the manual pages.
    Man(ManArgs),
    /// Print the version.
    Version,
}

impl Command {
    /// Returns, of a command that speaks to registries for a target, the target that was named and where images go.
    pub fn of_target(&mut self) -> Option<(&Option<String>, Option<&mut Option<String>>)> {
        match self {
            Self::Deploy(args) if args.sandbox => None,
            Self::Deploy(args) => Some((&args.server.named, Some(&mut args.image.registry_url))),
            Self::Doctor(args) if args.sandbox => None,
            Self::Doctor(args) => Some((&args.server.named, Some(&mut args.image.registry_url))),
            Self::Build(args) => Some((&args.target_of.named, Some(&mut args.image.registry_url))),
            Self::Lock(args) => args.image.named(),
            Self::Tree(args) => args.image.named(),
            Self::Image(ImageCommand::Copy(args)) => Some((&args.target_of.named, None)),
            Self::Wait(WaitArgs { server, .. })
            | Self::Push(PushArgs { server, .. })
            | Self::History(HistoryArgs { server, .. })
            | Self::Rollback(RollbackArgs { server, .. }) => Some((&server.named, None)),
            _ => None,
        }
    }
}
