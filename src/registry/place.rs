//! Which repositories of a registry have a blob, as far as this process has seen; also the queue for each blob.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use leoflow_layers::Digest;
use url::Origin;

use crate::reference::Repository;

/// Repositories that hold one blob of one registry; whoever moves that blob holds the lock.
type Holders = Arc<tokio::sync::Mutex<Vec<Repository>>>;

/// Where blobs are.
#[derive(Default)]
pub(super) struct Places(Mutex<HashMap<(Origin, Digest), Holders>>);

impl Places {
    pub(super) fn of(&self, registry: Origin, digest: Digest) -> Holders {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry((registry, digest)).or_default())
    }
}
