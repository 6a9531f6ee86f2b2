//! Named targets, and where each setting comes from.
