//! Packages: from indexes, into locks, into layers.

mod index;
mod install;
mod layering;
mod lock;
mod requirements;
mod resolve;
mod wheel;
