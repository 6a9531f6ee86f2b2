//! leoflow takes an Airflow-style DAG from a directory to a registered, digest-pinned image.
//!
//! One way through; data moves forward as values, and nothing is written, re-read and rewritten on the way:
//!
//! ```text
//! project::load(dir)                  -> Project        leoflow.yaml and where things are
//! dag::compile(&Project, ..)          -> Compiled       dag.py executed, overlaid, checked; in memory
//! project::files(&Project, ..)        -> FileSet        what goes into the image, as a plan
//! layers::assemble(&FileSet, ..)      -> Layer          one pass: tar, both digests, compressed blob
//! registry.pull_base(&Reference, ..)  -> BaseImage      manifest and config only; layers stay remote
//! image::append(BaseImage, layers, ..)-> Image          pure: the digest is known here
//! registry.push(&Repository, &Tag, ..)-> Pushed         holds the PinnedReference
//! DagSpec::pin(self, PinnedReference) -> PinnedDagSpec
//! control_plane.register(&PinnedDagSpec) -> Registration   takes nothing unpinned: the type forbids it
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod cli;
pub mod control_plane;
pub mod credentials;
pub mod dag;
pub mod deploy;
pub mod image;
pub mod packages;
pub mod project;
pub mod python;
pub mod reference;
pub mod registry;
pub mod sandbox;
pub mod secret;
pub mod source;
mod tls;

pub use leoflow_layers as layers;
