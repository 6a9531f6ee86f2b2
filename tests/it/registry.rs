//! The registry client against servers that behave, fail and lie.

mod cache;
mod chunks;
mod faults;
mod hostile;
mod interrupts;
mod logins;
mod pull;
mod push;
mod quirks;
mod samples;
mod streams;
mod tls;
mod tokens;
