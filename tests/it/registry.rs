//! The registry client against servers that behave, fail and lie.

mod cache;
mod faults;
mod hostile;
mod origins;
mod logins;
mod pull;
mod push;
mod quirks;
pub(crate) mod samples;
mod streams;
mod tls;
mod tokens;
