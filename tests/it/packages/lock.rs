//! Lock files: written and read back, stale or not, ours and those of others.

mod commands;
mod compile;
mod direct;
mod find;
mod freshness;
mod graph;
mod needs;
mod others;
mod pins;
mod samples;
mod text;
mod tree;
