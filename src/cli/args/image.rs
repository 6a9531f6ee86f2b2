//! `build` and `image` as typed.

use clap::{Args, Subcommand};

use super::groups::MIRRORS_OF;
use super::{ConnectionArgs, ImageArgs, InterpreterArgs, PackageArgs, TargetArgs, UploadArgs};

const BUILD_OFFLINE: &str = "Ask no registry and no package index: the base is a file, \
    packages come from --find-links or were fetched before";

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
    /// Whose registry it is named for.
    #[command(flatten)]
    pub target_of: TargetArgs,
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
#[command(mut_arg("named", |named| named.help(MIRRORS_OF)))]
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
    /// Whose mirrors are asked.
    #[command(flatten)]
    pub target_of: TargetArgs,
    /// How layers are sent.
    #[command(flatten)]
    pub upload: UploadArgs,
}
