//! The registry client against servers that behave, fail and lie.

mod cache;
mod chunks;
mod connections;
mod faults;
mod hostile;
mod hosts;
mod interrupts;
mod ipv6;
mod logins;
mod mirrors;
mod offline;
mod origins;
mod proxies;
mod pull;
mod push;
mod quirks;
mod remembered;
pub(crate) mod samples;
mod streams;
mod survey;
mod tls;
mod tokens;
