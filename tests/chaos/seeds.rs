//! Seed after seed: each deploy succeeds with the right digest, or fails with a typed error inside its deadline.

use crate::engine::many::{self, Registries};
use crate::engine::servers::Servers;
use crate::engine::{alone, chosen};

/// Seeds of a plain `cargo test`.
const SEEDS: u64 = 500;

#[test]
fn seeds() {
    let _guard = alone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let servers = runtime.block_on(Servers::start());
    let registries = Registries { base: servers.registry.clone(), target: None };
    many::run("cargo test --test chaos seeds", chosen("LEOFLOW_CHAOS_SEEDS", SEEDS), &registries);
}
