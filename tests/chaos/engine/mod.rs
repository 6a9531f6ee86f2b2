//! A whole deploy with a lying, breaking proxy before every server, by seeds: each one stands for a schedule of faults,
//! and always for the same.

pub(crate) mod base;
pub(crate) mod gate;
pub(crate) mod generate;
pub(crate) mod judge;
mod lies;
pub(crate) mod proxy;
pub(crate) mod road;
pub(crate) mod schedule;
pub(crate) mod truth;
pub(crate) mod upstream;
pub(crate) mod wire;
