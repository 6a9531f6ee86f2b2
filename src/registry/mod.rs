//! The client side of the OCI distribution specification 1.1: bases in, images out.
//!
//! It never sees a project or a DAG. Layers of a base never touch the disk.

use std::sync::Arc;
use std::time::Duration;

use leoflow_layers::Digest;

use crate::credentials::Keychain;
use crate::image::{BaseImage, Image, Platform};
use crate::reference::{PinnedReference, Reference, Repository, Tag};

mod error;

pub use error::RegistryError;

/// How registries are spoken to.
#[derive(Clone)]
pub struct Options {
    /// Whose credentials are presented.
    pub keychain: Keychain,
    /// `host[:port]`s that may be spoken to in plain HTTP; loopback always may.
    pub insecure_registries: Vec<String>,
    /// How long one pull or push may take in all, retries included.
    pub deadline: Duration,
    /// How many blobs move at a time.
    pub concurrency: usize,
    /// Told of what happens, as it happens.
    pub observer: Observer,
}

/// Is told of transfers; must not block.
pub type Observer = Arc<dyn Fn(Event) + Send + Sync>;

/// What happens to a blob or manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The blob is in the repository already.
    Present {
        /// Which.
        digest: Digest,
        /// Bytes.
        size: u64,
    },
    /// The blob was mounted from another repository of the registry.
    Mounted {
        /// Which.
        digest: Digest,
        /// Bytes.
        size: u64,
    },
    /// An upload begins, or begins again.
    Started {
        /// Which.
        digest: Digest,
        /// Bytes.
        size: u64,
        /// Whether it is streamed from another registry.
        streamed: bool,
    },
    /// More of an upload was sent.
    Sent {
        /// Which.
        digest: Digest,
        /// Bytes since the last event of this blob.
        bytes: u64,
    },
    /// An upload was committed.
    Uploaded {
        /// Which.
        digest: Digest,
        /// Bytes.
        size: u64,
    },
    /// Something failed and is tried again.
    Retry {
        /// What was attempted.
        attempted: String,
        /// Why it failed.
        reason: String,
        /// How long until the next attempt.
        after: Duration,
    },
}

/// What a push came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The image, by the digest that we computed.
    pub pinned: PinnedReference,
    /// Whether tag and manifest were there already and nothing was sent.
    pub unchanged: bool,
    /// Blob bytes sent.
    pub uploaded_bytes: u64,
    /// Blobs sent.
    pub uploaded: usize,
    /// Blobs mounted.
    pub mounted: usize,
    /// Blobs that were there already.
    pub present: usize,
}

/// A client for any number of registries; tokens are shared by everything that it does.
pub struct Client {}

impl Client {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(options: Options) -> Result<Self, RegistryError> {
        let _ = options;
        todo!("the registry room")
    }

    /// Fetches the manifest and config of `reference` for `platform`; an index is resolved.
    ///
    /// # Errors
    /// When it cannot be had, is not an image, or has no such platform.
    pub async fn pull_base(&self, reference: &Reference, platform: &Platform) -> Result<BaseImage, RegistryError> {
        let _ = (reference, platform);
        todo!("the registry room")
    }

    /// Puts `image` into `repository` under `tag`: blobs, config, manifest, tag.
    ///
    /// # Errors
    /// When the registry refuses, lies, or cannot be reached within the deadline.
    pub async fn push(&self, repository: &Repository, tag: &Tag, image: &Image) -> Result<Pushed, RegistryError> {
        let _ = (repository, tag, image);
        todo!("the registry room")
    }
}
