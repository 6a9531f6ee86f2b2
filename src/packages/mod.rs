//! Python packages for the target platform, without a Python: requirements into wheels, wheels into layers.
//!
//! ```text
//! requirements (leoflow.yaml)  --resolve--> Lock      exact wheels a platform, each with its sha256
//! pylock.*.toml                --lock-----> Lock      the same, remembered
//! Lock                         --plan-----> [Batch]   which wheels share a layer, and the layer's key
//! Batch                        --install--> FileSet   as an installer would have left them
//! ```
//!
//! Everything is decided for the [`Target`], never for the host. `index` speaks to package indexes, `wheel` reads
//! wheels, the rest is pure.

pub mod direct;
pub mod index;
pub mod install;
pub mod lock;
pub mod requirements;
pub mod resolve;
pub mod target;
pub mod wheel;

pub use pep440_rs::{Version, VersionSpecifiers};
pub use pep508_rs::{ExtraName, PackageName, Requirement};

pub use crate::inspect::Libc;
pub use error::PackagesError;
pub use system::{SystemPackagesError, check_system};
pub use target::Target;

mod error;
mod system;
