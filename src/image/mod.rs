//! Images as values: a base, what is appended, and the bytes that come of it. No I/O.
//!
//! Bytes are the truth: a config or manifest is serialized once; those bytes are hashed, and those bytes are sent.

pub mod annotation;
mod append;
mod artifact;
mod base;
mod config;
mod description;
mod descriptor;
mod document;
mod index;
pub mod media_type;
mod platform;

pub use append::{AppendError, Changes, Image, ImageLayer, KeptLayer, OwnLayer, append};
pub use artifact::{Artifact, ArtifactBlob, BlobKind, BlobSource};
pub use base::{BaseError, BaseImage, BaseLayer, LayerSource};
pub use description::{DescribedImage, DescribedLayer, image_manifests};
pub use descriptor::Descriptor;
pub use document::{Documents, References};
pub use index::{IndexEntry, parse_index, select};
pub use platform::{Platform, PlatformError};
