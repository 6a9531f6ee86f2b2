//! Lock files: written and read back, stale or not, ours and those of others.

mod find;
mod freshness;
mod graph;
mod others;
mod pins;
mod samples;
mod text;
