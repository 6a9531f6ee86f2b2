//! The edges between tasks: cycles, and a path that shows one.
