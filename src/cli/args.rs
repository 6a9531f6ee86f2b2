//! The command line as typed: flags and positions, nothing looked up yet.

mod examples;
mod groups;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use self::examples::*;
pub use self::groups::*;
use super::size;

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
    /// Register a compiled dag.json whose image is pinned.
    #[command(after_help = "Example:\n  leoflow push dag.json --server https://leoflow.example.com")]
    Push(PushArgs),
    /// Log in to a control plane, and look after its token.
    #[command(subcommand, after_help = AUTH_EXAMPLES)]
    Auth(AuthCommand),
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
    /// Print the version.
    Version,
}

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
    /// Against a registry and a control plane that leoflow itself starts on this machine.
    #[arg(long, conflicts_with_all = ["server", "token", "registry_url"])]
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

const BUILD_OFFLINE: &str = "Ask no registry and no package index: the base is a file, \
    packages come from --find-links or were fetched before";

const LOCK_OFFLINE: &str = "Ask no registry and no package index: the base is a file, \
    packages are known from --find-links or from before";

/// `build`
#[derive(Debug, Args)]
#[command(mut_arg("offline", |offline| offline.help(BUILD_OFFLINE)))]
#[command(mut_arg("registry_url", |registry| registry.help("The registry that the image is named for, instead of leoflow.yaml's registry.url")))]
pub struct BuildArgs {
    /// A project's directory, or the dag_id of a project below this directory.
    #[arg(value_name = "PATH|DAG_ID", default_value = ".")]
    pub target: String,
    /// Where it goes: `oci:DIR[:NAME]`, `oci:FILE.tar[:NAME]` or `docker-archive:FILE.tar[:NAME]`.
    #[arg(long = "out", short = 'o', value_name = "DEST")]
    pub destination: String,
    /// How dag.py is executed.
    #[command(flatten)]
    pub interpreter: InterpreterArgs,
    /// What is built, and the registry that it is named for.
    #[command(flatten)]
    pub image: ImageArgs,
    /// Where packages come from.
    #[command(flatten)]
    pub packages: PackageArgs,
}

/// `image`
#[derive(Debug, Subcommand)]
pub enum ImageCommand {
    /// Copy an image with all its platforms; its digest stays what it is.
    #[command(after_help = COPY_EXAMPLES)]
    Copy(CopyArgs),
}

const COPY_EXAMPLES: &str = "\
Places are REGISTRY/NAME[:TAG|@DIGEST], oci:DIR[:NAME], oci:FILE.tar[:NAME] and
docker-archive:FILE.tar[:NAME].

Examples:
  leoflow image copy ghcr.io/org/base:py3.11 oci:base.tar
  leoflow image copy oci:base.tar registry.inside.example/base:py3.11
  leoflow image copy ghcr.io/org/a:v1 registry.inside.example/a --platform linux/amd64";

/// `image copy`
#[derive(Debug, Args)]
pub struct CopyArgs {
    /// Where the image is.
    #[arg(value_name = "SRC")]
    pub source: String,
    /// Where it goes.
    #[arg(value_name = "DST")]
    pub destination: String,
    /// Only these platforms [default: all, with everything that attests to them]
    #[arg(long, value_name = "OS/ARCH,…", value_delimiter = ',')]
    pub platform: Vec<String>,
    /// How registries are spoken to.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// How layers are sent.
    #[command(flatten)]
    pub upload: UploadArgs,
}

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Codes as errors show them: `E005`, or just `5`; none lists all.
    #[arg(value_name = "CODE")]
    pub codes: Vec<String>,
}

/// `compile`
#[derive(Debug, Args)]
pub struct CompileArgs {
    /// A project's directory, or the dag_id of a project below this directory.
    #[arg(value_name = "PATH|DAG_ID", default_value = ".")]
    pub target: String,
    /// Where dag.json goes; `-` is stdout [default: dag.json in the project]
    #[arg(long = "out", short = 'o', value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The image to write into it.
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// The version, instead of what git says.
    #[arg(long, value_name = "VERSION")]
    pub dag_version: Option<String>,
    /// Compile again whenever a file is saved, until Ctrl-C.
    #[arg(long)]
    pub watch: bool,
    /// How dag.py is executed.
    #[command(flatten)]
    pub interpreter: InterpreterArgs,
}

/// `validate`
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// A project's directory, the dag_id of a project below this directory, or a compiled dag.json.
    #[arg(value_name = "PATH|DAG_ID", default_value = ".")]
    pub target: String,
    /// Check every project below the directory.
    #[arg(long, conflicts_with = "watch")]
    pub all: bool,
    /// Check again whenever a file is saved, until Ctrl-C.
    #[arg(long)]
    pub watch: bool,
    /// Fail unless a lock file says which packages the image gets, and still answers what leoflow.yaml asks for.
    #[arg(long)]
    pub locked: bool,
    /// A file that looks like a credential, yet belongs in the image; may be given again.
    #[arg(long, value_name = "PATH")]
    pub allow_file: Vec<PathBuf>,
    /// How dag.py is executed.
    #[command(flatten)]
    pub interpreter: InterpreterArgs,
}

/// `graph`
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// A project's directory, the dag_id of a project below this directory, or a compiled dag.json.
    #[arg(value_name = "PATH|DAG_ID", default_value = ".")]
    pub target: String,
    /// How it is drawn: text, mermaid, dot, svg or json [default: text]
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    pub format: Option<GraphFormat>,
    /// Where the drawing goes; `-` is stdout.
    #[arg(long = "out", short = 'o', value_name = "FILE", default_value = "-", hide_default_value = true)]
    pub file: PathBuf,
    /// How dag.py is executed.
    #[command(flatten)]
    pub interpreter: InterpreterArgs,
}

/// How a DAG is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Lines of a terminal.
    Text,
    /// For Markdown on GitHub or GitLab.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// A picture.
    Svg,
    /// For scripts.
    Json,
}

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
}

/// `auth`
#[derive(Debug, Subcommand)]
pub enum AuthCommand {
    /// Exchange a password for a token and keep it in ~/.leoflow/config.yaml.
    #[command(after_help = LOGIN_EXAMPLES)]
    Login(LoginArgs),
    /// Remove the token from ~/.leoflow/config.yaml.
    Logout,
    /// Say where the token comes from and when it expires.
    Status(ServerArgs),
    /// Exchange a password for a token and print it, keeping nothing.
    #[command(after_help = CREATE_TOKEN_EXAMPLE)]
    CreateToken(LoginArgs),
}

/// `auth login` and `auth create-token`
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// The control plane's URL [env: LEOFLOW_SERVER_URL]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The user; asked for on a terminal.
    #[arg(long, short, value_name = "NAME")]
    pub username: Option<String>,
    /// Read the password from standard input.
    #[arg(long)]
    pub password_stdin: bool,
    /// The tenant, on servers that have several.
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
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
