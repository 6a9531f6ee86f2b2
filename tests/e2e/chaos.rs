//! Deploys to Debian's docker-registry while things go wrong: the seeds of `tests/chaos`, and what they demand.

use crate::registry::{Access, Registry};

#[path = "../chaos/engine/mod.rs"]
#[allow(dead_code, reason = "the other binary kills processes too")]
mod engine;

use engine::chosen;
use engine::many::{self, Registries};

/// Seeds of a run of the end-to-end tests.
const SEEDS: u64 = 500;

#[test]
fn seeds() {
    let (base, target) = (Registry::start(&Access::Open), Registry::start(&Access::Open));
    let registries = Registries { base: base.host.clone(), target: Some(target.host.clone()) };
    many::run("cargo test --test e2e chaos::seeds", chosen("LEOFLOW_CHAOS_SEEDS", SEEDS), &registries);
}
