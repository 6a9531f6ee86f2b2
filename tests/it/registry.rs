//! The registry client against servers that behave, fail and lie.

mod cache;
mod chunks;
mod faults;
mod hostile;
mod interrupts;
mod logins;
mod mirrors;
mod proxies;
mod pull;
mod push;
mod quirks;
pub(crate) mod samples;
mod streams;
mod tls;
mod tokens;
