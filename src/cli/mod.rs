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
mod deploy;
mod environment;
mod exit;
mod explain;
mod fetching;
mod graph;
mod hints;
mod image;
mod indexes;
mod interrupt;
mod lock;
mod locking;
mod pip_conf;
mod progress;
mod prompt;
mod push;
mod registries;
mod report;
mod run;
mod sandbox;
mod schema;
mod server;
mod session;
mod settings;
mod size;
mod target;
mod terminal;
mod time;
mod tree;
mod validate;
mod version;
mod watch;

pub use run::run;
