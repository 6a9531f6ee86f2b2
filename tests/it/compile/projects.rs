//! The example projects.
