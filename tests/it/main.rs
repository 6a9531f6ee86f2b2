//! Behaviour from outside: one binary, one module a room. `support` holds servers and project builders.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod architecture;
mod auth;
mod cache;
mod cli;
mod compile;
mod completions;
mod control_plane;
mod credentials;
mod deploy;
mod determinism;
mod docs;
mod doctor;
mod files;
mod following;
mod graph;
mod image;
mod inspect;
mod layout;
mod machines;
mod packages;
mod plans;
mod registry;
mod sandbox;
mod starting;
mod support;
mod targets;
mod terminal;
mod versions;
mod workspace;
