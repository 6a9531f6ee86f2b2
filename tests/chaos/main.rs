//! Whole deploys while things go wrong. A binary of its own: its runs have deadlines, and are not to share two cores
//! with three hundred other tests. `docs/testing.md` says how to run more of it.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod engine;
mod killed;
mod seeds;
mod side_by_side;
