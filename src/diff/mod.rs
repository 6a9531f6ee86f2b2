//! Two of a kind into what differs between them: specs, images, sets of packages. Values in, values out; no I/O.
//!
//! Nothing is guessed: what is not known of one side is `None`, and not a difference.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod image;
mod lines;
mod packages;
mod spec;
mod values;

#[cfg(test)]
mod tests;

pub use image::{ImageChange, ImageDiff, LayerChange, PlatformDiff, images};
pub use lines::LineCount;
pub use packages::{PackageChange, Packages, packages};
pub use spec::{Edge, SpecDiff, TaskChange, specs};
pub use values::{FieldChange, fields};
