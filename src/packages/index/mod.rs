//! Package indexes and directories of wheels: which files there are, what they require, and their bytes.

mod file;

pub use file::{DistributionFile, FileKind, Location, Metadata, ProjectFiles};
