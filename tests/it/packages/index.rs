//! Package indexes and directories of wheels, that behave, fail and lie.

mod pages;
