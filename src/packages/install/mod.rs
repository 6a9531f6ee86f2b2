//! Wheels into the files that an installer would have left, and into layers.
//!
//! ```text
//! Lock, Facts        --plan-----------> [Batch]                which wheels share a layer, and the layer's key
//! Batch, wheels      --files----------> InstalledBatch         the layer's files, none of them inflated yet
//! [InstalledBatch]   --check_disjoint->                        no path has two owners
//! ```
//!
//! A batch's layer depends on its wheels, on the interpreter's paths and on [`INSTALLER_VERSION`], and on nothing else.
//! Nothing is compiled to `.pyc`, nothing of a wheel is executed, and no wheel is ever in memory.

mod direct_url;
mod disjoint;
mod error;
mod files;
mod key;
mod launcher;
mod plan;
mod record;
mod removed;
mod scheme;
mod unpack;

pub use disjoint::check_disjoint;
pub use error::InstallError;
pub use files::{InstalledBatch, files};
pub use plan::{Batch, plan};
pub use unpack::Owner;

/// Counts what `files` makes of the same wheels: with another number, no layer that was kept is found again.
pub const INSTALLER_VERSION: u32 = 2;
