//! Behaviour from outside: one binary, one module a room. `support` holds servers and project builders.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod architecture;
mod auth;
mod cache;
mod cli;
mod compile;
mod control_plane;
mod credentials;
mod deploy;
mod determinism;
mod files;
mod graph;
mod image;
mod inspect;
mod layout;
mod packages;
mod registry;
mod sandbox;
mod support;
