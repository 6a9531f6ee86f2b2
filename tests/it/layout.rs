//! Images in files: what is written, what is read, and everything that is wrong with what others wrote.

mod commands;
mod damaged;
mod deploy;
mod docker;
mod reading;
mod registry;
mod samples;
mod tops;
mod writing;
