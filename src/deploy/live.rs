//! What the control plane has of a DAG, asked for when nothing was pushed: what is live already need not be registered.

use super::DeployError;
use crate::control_plane::{ControlPlane, LiveDag, Registration};
use crate::dag::PinnedDagSpec;
use crate::layers::Digest;

/// Asks what is live. What a server answers that is no such answer is told by registering, if at all.
pub(super) async fn live(pinned: &PinnedDagSpec, control_plane: &ControlPlane) -> Result<Option<LiveDag>, DeployError> {
    match control_plane.dag(pinned.dag_id()).await {
        Ok(live) => Ok(live),
        Err(error) if error.is_final_answer() => Ok(None),
        Err(error) => Err(DeployError::PushedNotRegistered { image: pinned.image().clone(), error: Box::new(error) }),
    }
}

/// Returns the live version as it was registered, if it is of exactly these bytes: the server's identity of a version
/// is a SHA-256 over the spec (contract section 2). A server that hashes in another way is asked to register.
pub(super) fn registration_of(live: &LiveDag, pinned: &PinnedDagSpec) -> Option<Registration> {
    let (version, spec_hash) = (live.version.clone()?, live.spec_hash.clone()?);
    let same = is_hash_of(&spec_hash, pinned);
    same.then(|| Registration { dag_id: pinned.dag_id().to_owned(), version, spec_hash, created: false })
}

/// Returns whether a server's hash of a spec is that of this one.
pub(super) fn is_hash_of(spec_hash: &str, pinned: &PinnedDagSpec) -> bool {
    let digits = spec_hash.strip_prefix("sha256:").unwrap_or(spec_hash);
    digits.eq_ignore_ascii_case(&Digest::of(pinned.json()).hex())
}
