//! What several modules need.

pub(crate) mod fake_registry;
pub(crate) mod scripted;
