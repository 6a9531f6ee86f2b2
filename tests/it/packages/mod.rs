//! Packages: from indexes, into locks, into layers.

mod index;
mod lock;
