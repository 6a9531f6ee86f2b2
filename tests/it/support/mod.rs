//! What several modules need.
