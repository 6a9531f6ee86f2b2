//! Arguments to requests, results to text: the only room that reads the environment, the clock, the working directory
//! and the terminal.

mod args;
mod asked;
mod auth;
mod build;
mod building;
mod cache;
mod compile;
mod deploy;
mod environment;
mod exit;
mod hints;
mod image;
#[allow(dead_code, reason = "the commands that resolve and install are still to come")]
mod indexes;
mod interrupt;
#[allow(dead_code, reason = "as above")]
mod pip_conf;
mod progress;
mod prompt;
mod push;
mod registries;
mod report;
mod run;
mod sandbox;
mod server;
mod session;
mod settings;
mod size;
mod target;
mod terminal;
mod time;
mod version;

pub use run::run;
