//! Wheels: their names (PEP 427), and what is inside.

mod name;

pub use name::{WheelName, WheelNameError};
