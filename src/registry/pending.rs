//! Upload sessions that were opened and never closed: a registry keeps what it has of them until it is told.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use tokio::time::{Instant, timeout};
use url::Url;

use super::Shared;
use super::error::RegistryError;
use super::scope::Scopes;
use super::session::{Call, Operation, Session};
use crate::reference::Repository;

/// How long cancelling may take in all: somebody waits for the process to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// An upload that the registry waits for.
pub(super) struct OpenUpload {
    /// Where the next request goes.
    pub(super) location: Url,
    /// The smallest chunk that the registry takes, in bytes, but for the last (distribution-spec, "Pushing a blob in
    /// chunks").
    pub(super) least_chunk: u64,
    repository: Repository,
    shared: Arc<Shared>,
    closed: bool,
}

impl OpenUpload {
    pub(super) fn new(session: &Session, location: Url, least_chunk: u64) -> Self {
        let (repository, shared) = (session.repository.clone(), Arc::clone(&session.shared));
        Self { location, least_chunk, repository, shared, closed: false }
    }

    /// Says that the registry has closed it.
    pub(super) fn closed(mut self) {
        self.closed = true;
    }
}

impl Drop for OpenUpload {
    fn drop(&mut self) {
        if !self.closed {
            self.shared.pending.add(self.repository.clone(), self.location.clone());
        }
    }
}

/// Uploads that were given up.
#[derive(Default)]
pub(super) struct Pending(Mutex<Vec<(Repository, Url)>>);

impl Pending {
    fn add(&self, repository: Repository, location: Url) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((repository, location));
    }

    fn take(&self) -> Vec<(Repository, Url)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Tells the registries of every upload that was given up, as far as they listen for a moment.
pub(super) async fn cancel(shared: &Arc<Shared>) {
    let operation = Arc::new(Operation::until(Instant::now() + PATIENCE));
    let cancelled = shared.pending.take().into_iter().map(|(repository, location)| {
        let operation = &operation;
        async move { cancel_one(&Session::new(shared, &repository, operation)?, location).await }
    });
    // What is not told is forgotten by the registry in its own time.
    let _ = timeout(PATIENCE, join_all(cancelled)).await;
}

/// Cancels an upload (distribution-spec 1.2, end-14).
async fn cancel_one(session: &Session, location: Url) -> Result<(), RegistryError> {
    if !is_upload(session, &location) {
        return Ok(());
    }
    let attempted = format!("cancel an upload to {}", session.repository);
    session.send(&Call::new(attempted, Method::DELETE, location, Scopes::push(&session.repository))).await?;
    Ok(())
}

/// Returns whether `location` can be nothing but an upload of the registry: what else it may name is not deleted.
fn is_upload(session: &Session, location: &Url) -> bool {
    location.origin() == session.root.origin() && location.path().contains("/blobs/uploads/")
}
