//! `history`, `rollback`, `promote`: spec and image as one pair.
