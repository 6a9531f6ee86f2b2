//! Arguments to requests, results to text: the only room that reads the environment, the clock, the working directory
//! and the terminal.

mod account;
mod args;
mod asked;
mod auth;
mod build;
mod building;
mod cache;
mod compile;
mod completions;
mod config;
mod connections;
mod deploy;
mod diff;
mod doctor;
mod environment;
mod exit;
mod explain;
mod fetching;
mod fold;
mod follow;
mod graph;
mod hints;
mod history;
mod image;
mod indexes;
mod init;
mod interrupt;
mod lock;
mod locking;
mod man;
mod pages;
mod pip_conf;
mod progress;
mod promote;
mod prompt;
mod push;
mod record;
mod registries;
mod report;
mod rollback;
mod run;
mod sandbox;
mod schema;
mod server;
mod session;
mod settings;
mod size;
mod target;
mod targets;
mod terminal;
mod time;
mod tree;
mod validate;
mod version;
mod versions;
mod wait;
mod watch;
mod wrap;

pub use run::run;

/// Returns the grammar of the command line, for those who hold examples to it.
#[must_use]
pub fn command() -> clap::Command {
    <args::Cli as clap::CommandFactory>::command()
}
