//! Connections are kept: one deploy does not shake hands for each of its requests.

use super::samples::*;
use crate::support::fake_registry::FakeRegistry;
use crate::support::front::{Clients, Front};
use leoflow::registry::{Client, Options};

#[tokio::test]
async fn as_many_connections_as_blobs_move_at_a_time_and_no_more() {
    for concurrency in [1, 4] {
        let registry = FakeRegistry::start().await;
        put_base(&registry);
        let front = Front::tls("127.0.0.1:0", registry.server.address, "corp.pem", Clients::Unasked).await;
        let registries = super::proxies::trusting(&[&front.host()], false);
        let client = Client::new(Options { concurrency, registries, ..options() }).unwrap();
        pull(&client, &front.host(), "base/python:3").await.unwrap();
        let layers = (0..12_u8).map(|n| layer(&[n; 100_000])).collect();
        push(&client, &front.host(), "team/etl", &image(layers)).await.unwrap();
        let requests = registry.server.requests().len();
        // One more is the attempt in plain HTTP that loopback begins with.
        let (accepted, most) = (front.accepted(), concurrency + 1);
        assert!(requests > 40 && accepted <= most, "{requests} requests on {accepted} connections, at most {most}");
    }
}
