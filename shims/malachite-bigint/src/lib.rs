//! pymath 0.2 takes any `malachite-bigint` below 1, RustPython 0.5 only 0.9. Without a lock file (`cargo install --path .`
//! reads none) cargo gives each another one, and their integers do not fit together. This gives both the same.

pub use same::*;
