//! Lock files: which wheels an image gets, remembered byte by byte (PyPA specification "pylock.toml", PEP 751).
//!
//! ```text
//! LockFile             --write--> pylock.linux-amd64-py311.toml   ours: one platform, one Python, one wheel a package
//! pylock.*.toml        --read---> LockFile | Pylock               ours again, or what uv, pip and others wrote
//! requirements.txt     --read---> Pins                            names, versions and hashes: an index has the URLs
//! ```
//!
//! Text in, text out: only [`find`] and [`Lock::locate`] look at the disk, and only [`Pins::lock`] asks an index.

mod answers;
mod difference;
mod document;
mod error;
mod find;
mod freshness;
mod graph;
mod groups;
mod lines;
mod locate;
mod name;
mod names;
mod needs;
mod pinned;
mod pylock;
mod read;
mod requirements;
mod values;
mod write;

pub use difference::Difference;
pub use error::{LockError, LockFault};
pub use find::{Found, find};
pub use freshness::{Change, Freshness, freshness};
pub use graph::{Branch, Chains};
pub use name::file_name;
pub use names::names;
pub use pylock::Pylock;
pub use read::read;
pub use requirements::{Pin, Pins};
pub use values::{BaseOfLock, KeptPackage, Lock, LockFile, LockedPackage, LockedWheel};
pub use write::write;

/// Returns requirements as a lock file lists them: as PEP 508 writes them, sorted, each once.
#[must_use]
pub fn canonical<'a>(requirements: impl IntoIterator<Item = &'a pep508_rs::Requirement>) -> Vec<String> {
    let texts: std::collections::BTreeSet<String> = requirements.into_iter().map(ToString::to_string).collect();
    texts.into_iter().collect()
}
