//! The registry client against servers that behave, fail and lie.

mod pull;
mod push;
mod samples;
