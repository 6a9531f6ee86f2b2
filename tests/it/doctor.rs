//! `doctor`: each line with its fix.
