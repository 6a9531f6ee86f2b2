//! `compile`, `validate` and `graph` as typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::InterpreterArgs;

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
