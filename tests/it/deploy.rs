//! `leoflow deploy` from outside: the main job, what it asks of servers, and every way in which it is stopped.

mod compression;
mod faults;
mod offline;
mod packages;
mod platforms;
mod requests;
mod road;
mod workspace;

pub(crate) use faults::noise;
