//! Who is asked for an image: its mirrors in their order, then its registry itself (containers-registries.conf(5)).
//!
//! A mirror is asked once and with the credentials for its own host. Whatever it fails at is asked of the next.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use leoflow_layers::Digest;

use super::error::RegistryError;
use super::form::Failure;
use super::payload::Source;
use super::remote::RemoteBlob;
use super::session::{Operation, Session};
use super::{Cause, Event, Shared};
use crate::reference::{Reference, Repository, Version};

/// What was of no use before.
#[derive(Default)]
pub(super) struct PassedOver(Mutex<BTreeSet<Useless>>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Useless {
    /// Out of reach, whatever is asked for.
    Host(String),
    /// One blob of a mirror; another mirror at the same host may have it.
    Blob(Repository, Digest),
}

impl PassedOver {
    fn has(&self, mirror: &Repository, blob: Option<Digest>) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(&Useless::Host(mirror.registry().to_owned()))
            || blob.is_some_and(|digest| known.contains(&Useless::Blob(mirror.clone(), digest)))
    }

    fn add(&self, useless: Useless) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(useless);
    }
}

/// Does `work` at the places that `reference` may be had from until one succeeds; what the registry itself says counts.
pub(super) async fn ask<T>(
    shared: &Arc<Shared>,
    operation: &Arc<Operation>,
    reference: &Reference,
    work: impl AsyncFn(Session) -> Result<T, RegistryError>,
) -> Result<T, RegistryError> {
    let registries = &shared.options.registries;
    registries.admit(&reference.repository)?;
    let by_digest = matches!(reference.version, Version::Digest(_));
    for mirror in registries.mirrors(&reference.repository, by_digest) {
        match ask_mirror(shared, operation, &mirror, &work).await {
            Some(Ok(found)) => return Ok(found),
            Some(Err(error)) => pass_over(shared, &mirror, None, &error),
            None => {}
        }
    }
    work(Session::new(shared, &registries.home(&reference.repository), operation)?).await
}

/// Does `work` at a mirror, in either scheme; `None` when it was of no use before.
async fn ask_mirror<T>(
    shared: &Arc<Shared>,
    operation: &Operation,
    mirror: &Repository,
    work: impl AsyncFn(Session) -> Result<T, RegistryError>,
) -> Option<Result<T, RegistryError>> {
    let once = Arc::new(operation.once());
    while !shared.passed_over.has(mirror, None) {
        let asked = match Session::new(shared, mirror, &once) {
            Ok(session) => work(session).await,
            Err(error) => Err(error),
        };
        if !asked.as_ref().is_err_and(|error| learns_of_tls(shared, error)) {
            return Some(asked);
        }
    }
    None
}

/// Returns where the blob `digest` of `from` is read: at the first mirror that was not passed over, or at home.
pub(super) fn source_of(
    shared: &Arc<Shared>,
    operation: &Arc<Operation>,
    from: &Repository,
    digest: Digest,
) -> Result<Session, RegistryError> {
    let registries = &shared.options.registries;
    registries.admit(from)?;
    let mirrors = registries.mirrors(from, true);
    match mirrors.iter().find(|mirror| !shared.passed_over.has(mirror, Some(digest))) {
        Some(mirror) => Session::new(shared, mirror, &Arc::new(operation.once())),
        None => Session::new(shared, &registries.home(from), operation),
    }
}

/// Returns whether `failure` is that of a mirror, which is then passed over: the blob can be had elsewhere.
pub(super) fn passed_over(source: &Source, failure: &Failure) -> bool {
    match (source, failure) {
        (Source::Remote(blob), Failure::Transfer(error)) => was_a_mirrors(blob, error),
        _ => false,
    }
}

/// Returns whether `error` is that of a mirror that `blob` was read from, which is then passed over.
pub(super) fn was_a_mirrors(blob: &RemoteBlob, error: &RegistryError) -> bool {
    let mirror = &blob.source;
    if !mirror.operation.once || blob.failed().is_none() {
        return false;
    }
    if !learns_of_tls(&mirror.shared, error) {
        pass_over(&mirror.shared, &mirror.repository, Some(blob.descriptor.digest), error);
    }
    true
}

/// Notes that a host which was spoken to in plain HTTP wants TLS; returns whether that is news.
pub(super) fn learns_of_tls(shared: &Shared, error: &RegistryError) -> bool {
    match error {
        RegistryError::Unreachable { host, cause: Cause::NotPlainHttp, .. } => shared.tls_hosts.learn(host),
        _ => false,
    }
}

/// Tells that a mirror failed, and remembers what it need not be asked for again.
fn pass_over(shared: &Shared, mirror: &Repository, blob: Option<Digest>, error: &RegistryError) {
    let host = mirror.registry().to_owned();
    if error.is_out_of_reach() {
        shared.passed_over.add(Useless::Host(host.clone()));
    } else if let Some(digest) = blob {
        shared.passed_over.add(Useless::Blob(mirror.clone(), digest));
    }
    let reason = shared.authority.presented.clean(&error.reason());
    (shared.options.observer)(Event::MirrorFailed { mirror: host, reason });
}
