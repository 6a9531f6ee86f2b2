//! Images out.

use leoflow::layers::Digest;

use super::samples::*;
use crate::support::fake_registry::FakeRegistry;

#[tokio::test]
async fn a_cold_push_sends_each_blob_once_and_the_next_one_nothing() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let from = repository(&registry.host(), "base/python");
    let image = image(vec![base_layer(BASE_LAYER, &from), layer(b"ours"), layer(b"ours")]);
    let client = client();
    let pushed = push(&client, &registry.host(), "team/etl", &image).await.unwrap();
    assert_eq!((pushed.mounted, pushed.uploaded, pushed.present, pushed.unchanged), (1, 2, 0, false));
    assert_eq!(pushed.uploaded_bytes, (b"ours".len() + CONFIG.len()) as u64);
    assert_eq!(registry.manifest("team/etl", "v1"), Some(image.manifest.clone()));
    assert!(registry.has_blob("team/etl", Digest::of(b"ours")));
    // HEAD tag; HEAD and POST (mount) of the base layer; HEAD, POST, PUT of ours and of the config; PUT of the manifest.
    assert_eq!(registry.server.requests().len(), 1 + 2 + 3 + 3 + 1);

    let again = push(&client, &registry.host(), "team/etl", &image).await.unwrap();
    assert!(again.unchanged);
    assert_eq!(again.uploaded_bytes, 0);
    assert_eq!(registry.server.requests().len(), 11);
}
