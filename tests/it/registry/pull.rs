//! Bases in.

use super::samples::*;
use crate::support::fake_registry::FakeRegistry;

#[tokio::test]
async fn a_base_is_three_requests_and_no_layer() {
    let registry = FakeRegistry::start().await;
    let digest = put_base(&registry);
    let base = pull(&client(), &registry.host(), "base/python:3").await.unwrap();
    assert_eq!(base.digest, digest);
    assert_eq!(base.layers.len(), 1);
    assert_eq!(base.layers[0].from, repository(&registry.host(), "base/python"));
    assert_eq!(registry.server.requests().len(), 3);
}
