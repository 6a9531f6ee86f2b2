//! Flags that several commands share.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::size;
use crate::layers::Compression;

const LOCK_OFFLINE: &str = "Ask no registry and no package index: the base is a file, \
    packages are known from --find-links or from before";

/// What `--target` is for where nothing is pushed for it.
pub(super) const MIRRORS_OF: &str = "The target of ~/.leoflow/config.yaml whose mirrors to ask [env: LEOFLOW_TARGET]";

/// Which control plane, and who we are to it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Control plane")]
pub struct ServerArgs {
    /// The control plane's URL [env: LEOFLOW_SERVER_URL] [default: as logged in]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The target of ~/.leoflow/config.yaml to use, instead of the current one [env: LEOFLOW_TARGET]
    #[arg(long = "target", value_name = "NAME")]
    pub named: Option<String>,
    /// A token; LEOFLOW_TOKEN keeps it out of the process list [default: as logged in]
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// Which of the user's targets, where only its registry and mirrors matter.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Image")]
pub struct TargetArgs {
    /// The target of ~/.leoflow/config.yaml whose registry and mirrors to use [env: LEOFLOW_TARGET]
    #[arg(long = "target", value_name = "NAME")]
    pub named: Option<String>,
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
#[command(mut_arg("named", |named| named.help(MIRRORS_OF)))]
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
    /// Whose mirrors are asked.
    #[command(flatten)]
    pub target_of: TargetArgs,
    /// Where packages are looked for.
    #[command(flatten)]
    pub index: IndexArgs,
}

impl ForImageArgs {
    /// Returns the target whose mirrors are asked; the sandbox has none.
    pub(super) fn named(&self) -> Option<(&Option<String>, Option<&mut Option<String>>)> {
        (!self.sandbox).then_some((&self.target_of.named, None))
    }
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

/// Reads a number of seconds that is not zero.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(0) | Err(_) => Err("expected a whole number of seconds, at least 1".to_owned()),
        Ok(count) => Ok(Duration::from_secs(count)),
    }
}

/// Reads a size that is not zero.
fn chunk_size(text: &str) -> Result<NonZeroU64, String> {
    NonZeroU64::new(size::parse(text)?).ok_or_else(|| "expected at least one byte, e.g. 16MiB".to_owned())
}
