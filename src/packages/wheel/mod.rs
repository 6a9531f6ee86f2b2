//! Wheels: their names (PEP 427), and what is inside.
//!
//! A wheel is never unpacked: its files are found by the directory of its zip archive, and inflated where they are used.

pub mod archive;
mod bytes;
mod contents;
mod directory;
mod end;
pub mod entry_points;
mod error;
mod header;
mod member_name;
mod name;
mod peek;
mod read_at;
pub mod record;

pub use archive::Packed;
pub use contents::Wheel;
pub use entry_points::EntryPoint;
pub use error::WheelError;
pub use name::{WheelName, WheelNameError};
pub use peek::metadata;
pub use read_at::ReadAt;
pub use record::Record;
