//! The command line as typed: flags and positions, nothing looked up yet.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::size;
use crate::layers::Compression;

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

const DEPLOY_EXAMPLES: &str = "\
Examples:
  leoflow deploy etl_sales --sandbox    try it: no account, no network
  leoflow deploy etl_sales              to the server you are logged in to
  leoflow deploy --all --yes dags/      every project below dags/, unasked";

const BUILD_EXAMPLES: &str = "\
Examples:
  leoflow build etl_sales -o oci:etl_sales.tar             to carry elsewhere
  leoflow build etl_sales -o oci:images:v1                 into an image layout
  leoflow build etl_sales -o docker-archive:etl_sales.tar  for `docker load`";

const IMAGE_EXAMPLES: &str = "\
Examples:
  leoflow image copy ghcr.io/org/base:py3.11 oci:base.tar
  leoflow image copy oci:base.tar registry.inside.example/base:py3.11";

const COMPILE_EXAMPLES: &str = "\
Examples:
  leoflow compile etl_sales             writes dag.json into the project
  leoflow compile etl_sales -o -        prints it
  leoflow compile etl_sales --watch     again whenever a file is saved";

const VALIDATE_EXAMPLES: &str = "\
Checks leoflow.yaml, dag.py, the files that would go into the image, the syntax
of what is asked for, and locks; it asks no network.

Examples:
  leoflow validate etl_sales
  leoflow validate --all dags/          every project, faulty or not
  leoflow validate dag.json             a spec, whoever compiled it
  leoflow validate etl_sales --watch    again whenever a file is saved";

const GRAPH_EXAMPLES: &str = "\
Examples:
  leoflow graph etl_sales                             in the terminal
  leoflow graph etl_sales --format svg -o graph.svg   to paste into a review
  leoflow graph dag.json --format mermaid             of a spec that is compiled";

const AUTH_EXAMPLES: &str = "\
Examples:
  leoflow auth login --server https://leoflow.example.com
  leoflow auth status";

const LOCK_EXAMPLES: &str = "\
Writes pylock.<platform>-<py>.toml (PEP 751) beside leoflow.yaml, one for each
platform; deploy and build use it. Versions stay what they were unless told
otherwise.

Examples:
  leoflow lock etl_sales
  leoflow lock etl_sales --sandbox      try it: no account
  leoflow lock etl_sales --platform linux/amd64,linux/arm64
  leoflow lock etl_sales --upgrade-package pandas";

const TREE_EXAMPLES: &str = "\
Examples:
  leoflow tree etl_sales
  leoflow tree etl_sales --why certifi
  leoflow tree etl_sales --locked       as the lock file has it, or fail";

const LOGIN_EXAMPLES: &str = "\
Examples:
  leoflow auth login --server https://leoflow.example.com
  leoflow auth login -u ci --password-stdin < password.txt";

const CREATE_TOKEN_EXAMPLE: &str = "\
Example:
  LEOFLOW_TOKEN=$(leoflow auth create-token -u ci --password-stdin < password.txt)";

const SANDBOX_EXAMPLES: &str = "\
Prints the control plane's URL, the registry's address and the demo base's
reference, one a line, and runs until Ctrl-C.

Example:
  leoflow sandbox &
  leoflow deploy etl_sales --server http://127.0.0.1:PORT --token any \\
      --registry 127.0.0.1:PORT --base 127.0.0.1:PORT/leoflow/demo-base:py3.11";

const CACHE_EXAMPLES: &str = "\
Examples:
  leoflow cache info
  leoflow cache prune --older-than 30d";

const PRUNE_EXAMPLES: &str = "\
Removes what killed processes left, and what does not fit into the limit
(LEOFLOW_CACHE_SIZE, or 5GiB); flags say what goes as well.

Examples:
  leoflow cache prune --older-than 30d --max-size 1GiB
  leoflow cache prune --all";

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

/// Which control plane, and who we are to it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Control plane")]
pub struct ServerArgs {
    /// The control plane's URL [env: LEOFLOW_SERVER_URL] [default: as logged in]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// A token; LEOFLOW_TOKEN keeps it out of the process list [default: as logged in]
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// What is built on what, and the registry it is for.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Image")]
pub struct ImageArgs {
    /// Where the image goes, instead of leoflow.yaml's registry.url.
    #[arg(long = "registry", value_name = "HOST[/PATH]")]
    pub registry_url: Option<String>,
    /// What it is built on.
    #[command(flatten)]
    pub base: BaseArgs,
    /// The version and image tag, instead of what git says.
    #[arg(long, value_name = "VERSION")]
    pub dag_version: Option<String>,
    /// A file that looks like a credential, yet belongs in the image; may be given again.
    #[arg(long, value_name = "PATH")]
    pub allow_file: Vec<PathBuf>,
    /// How layers are compressed: gzip, zstd, or zstd:LEVEL (1 to 19).
    #[arg(long, value_name = "HOW", default_value = "gzip")]
    pub compression: Compression,
    /// How registries are spoken to.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// What an image is built on.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Image")]
pub struct BaseArgs {
    /// The image to build on, instead of leoflow.yaml's base_image: in a registry, or `oci:PATH[:NAME]`.
    #[arg(long, value_name = "IMAGE")]
    pub base: Option<String>,
    /// The platforms to build for; of several, an index is made [default: linux/amd64]
    #[arg(long, value_name = "OS/ARCH,…", value_delimiter = ',')]
    pub platform: Vec<String>,
}

/// What packages are for: `lock` and `tree` build nothing.
#[derive(Debug, Args)]
#[command(next_help_heading = "Image")]
#[command(mut_arg("offline", |offline| offline.help(LOCK_OFFLINE)))]
#[command(mut_arg("base", |base| base.help("The image that packages are put on, instead of leoflow.yaml's base_image: in a registry, or `oci:PATH[:NAME]`")))]
#[command(mut_arg("platform", |platform| platform.help("The platforms that packages are for [default: linux/amd64]")))]
pub struct ForImageArgs {
    /// What the image is built on.
    #[command(flatten)]
    pub base: BaseArgs,
    /// For the demo base that `deploy --sandbox` builds on: no account, no registry.
    #[arg(long)]
    pub sandbox: bool,
    /// How registries are spoken to.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Where packages are looked for.
    #[command(flatten)]
    pub index: IndexArgs,
}

/// How registries are spoken to.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Image")]
pub struct ConnectionArgs {
    /// A registry to speak plain HTTP to; may be given again.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub insecure_registry: Vec<String>,
    /// Ask no registry but the one that the image goes to, and no package index: an image that is not there is an error, and
    /// wheels come from the cache or from directories of --find-links.
    #[arg(long)]
    pub offline: bool,
    /// How long a pull or push may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "900", value_parser = seconds)]
    pub registry_timeout: Duration,
}

/// How layers are sent.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Image")]
pub struct UploadArgs {
    /// Upload layers in chunks of this size, e.g. 16MiB [default: in one request, if the registry allows it]
    #[arg(long, value_name = "SIZE", value_parser = chunk_size)]
    pub chunk_size: Option<NonZeroU64>,
}

/// Where an image's packages come from.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Packages")]
pub struct PackageArgs {
    /// Fail unless a lock file says which packages the image gets, and still answers what leoflow.yaml asks for.
    #[arg(long, conflicts_with = "packages_in_base")]
    pub locked: bool,
    /// Where they are looked for.
    #[command(flatten)]
    pub index: IndexArgs,
    /// The base has the project's dependencies and connectors already.
    #[arg(long)]
    pub packages_in_base: bool,
}

/// Where packages are looked for.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Packages")]
pub struct IndexArgs {
    /// The package index to ask [env: LEOFLOW_INDEX_URL, or uv's or pip's] [default: https://pypi.org/simple/]
    #[arg(long, value_name = "URL", conflicts_with = "no_index")]
    pub index_url: Option<String>,
    /// An index to ask before that one; the first that has a package is the only one asked for it; may be given again.
    #[arg(long, value_name = "URL", conflicts_with = "no_index")]
    pub extra_index_url: Vec<String>,
    /// A directory of wheels, or a page that links to some, to look at as well; may be given again.
    #[arg(long, value_name = "DIR|URL")]
    pub find_links: Vec<String>,
    /// Ask no index: wheels come from --find-links alone.
    #[arg(long)]
    pub no_index: bool,
    /// A package index to speak plain HTTP to; may be given again.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub trusted_host: Vec<String>,
}

/// How dag.py is executed.
#[derive(Debug, Clone, Args)]
pub struct InterpreterArgs {
    /// How long dag.py may run, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub compile_timeout: Duration,
    /// Execute dag.py with this CPython, 3.10 or newer; a hostile dag.py is not contained then.
    #[arg(long, value_name = "PATH")]
    pub python: Option<PathBuf>,
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

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(0) | Err(_) => Err("expected a whole number of seconds, at least 1".to_owned()),
        Ok(count) => Ok(Duration::from_secs(count)),
    }
}

/// Reads a size that is not zero.
fn chunk_size(text: &str) -> Result<NonZeroU64, String> {
    NonZeroU64::new(size::parse(text)?).ok_or_else(|| "expected at least one byte, e.g. 16MiB".to_owned())
}
