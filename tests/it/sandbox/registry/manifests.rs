//! Manifests, pushed after what they refer to and deleted.

use leoflow::layers::Digest;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::super::{Bench, header, json};
use super::*;

#[tokio::test]
async fn a_manifest_comes_back_as_it_went() {
    let bench = Bench::new().await;
    let digest = bench.image("a/b", "v1", "layer").await;
    for reference in ["v1", &digest] {
        let path = format!("/v2/a/b/manifests/{reference}");
        let response = bench.get(&path).await;
        assert_eq!(header(&response, "content-type"), IMAGE);
        assert_eq!(header(&response, "docker-content-digest"), digest);
        let (head, body) = (bench.head(&path).await, response.bytes().await.expect("a body"));
        assert_eq!(Digest::of(&body).to_string(), digest);
        assert_eq!(header(&head, "content-length"), body.len().to_string());
    }
}

#[tokio::test]
async fn a_manifest_is_refused_for_what_is_wrong_with_it() {
    let bench = Bench::new().await;
    let config = bench.blob("a", b"{}", "application/vnd.oci.image.config.v1+json").await;
    let absent = json!({ "mediaType": "x/y", "digest": Digest::of(b"absent").to_string(), "size": 6 });
    let image = |layers: Value| json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": layers });
    let mut longer = bench.blob("a", b"layer", "application/vnd.oci.image.layer.v1.tar").await;
    longer["size"] = json!(6);
    let good = image(json!([]));
    let wrong_digest = Digest::of(b"other").to_string();
    let both = json!({ "schemaVersion": 2, "config": config, "layers": [], "manifests": [] });
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [absent] });
    for (reference, manifest, status, expected) in [
        ("v1", image(json!([absent])), 404, "MANIFEST_BLOB_UNKNOWN"),
        ("v1", index, 404, "MANIFEST_BLOB_UNKNOWN"),
        ("v1", image(json!([longer])), 400, "MANIFEST_INVALID"),
        ("v1", image(json!([{ "digest": "x" }])), 400, "MANIFEST_INVALID"),
        ("v1", image(json!({})), 400, "MANIFEST_INVALID"),
        ("v1", both, 400, "MANIFEST_INVALID"),
        ("v1", json!([]), 400, "MANIFEST_INVALID"),
        ("-bad", good.clone(), 400, "MANIFEST_INVALID"),
        (&*wrong_digest, good.clone(), 400, "DIGEST_INVALID"),
        ("sha256:baddigeststring", good.clone(), 400, "DIGEST_INVALID"),
    ] {
        let response = bench.manifest("a", reference, &manifest).await;
        assert_eq!(code(response).await, (status, expected.into()), "{reference} {manifest}");
    }
    let headers = [("Content-Type", INDEX)];
    let lies = bench.send(Method::PUT, "/v2/a/manifests/v1", &headers, good.to_string().as_bytes()).await;
    assert_eq!(code(lies).await, (400, "MANIFEST_INVALID".into()));
    let large = vec![b' '; (4 << 20) + 1];
    let response = bench.send(Method::PUT, "/v2/a/manifests/v1", &[("Content-Type", IMAGE)], &large).await;
    assert_eq!(code(response).await, (413, "SIZE_INVALID".into()));
    assert_eq!(code(bench.get("/v2/a/manifests/v1").await).await, (404, "MANIFEST_UNKNOWN".into()));
}

#[tokio::test]
async fn layers_that_lie_elsewhere_need_not_be_here() {
    let bench = Bench::new().await;
    let config = bench.blob("a", b"{}", "application/vnd.oci.image.config.v1+json").await;
    let layer = json!({
        "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "digest": Digest::of(b"elsewhere").to_string(), "size": 9, "urls": ["https://example.com/layer"],
    });
    let manifest = json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": [layer] });
    assert_eq!(bench.manifest("a", "v1", &manifest).await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_manifest_takes_tags_beside_its_digest() {
    let bench = Bench::new().await;
    let digest = bench.image("a", "v1", "layer").await;
    let manifest = json(bench.get("/v2/a/manifests/v1").await).await;
    let response = bench.manifest("a", &format!("{digest}?tag=v2&tag=v3"), &manifest).await;
    let tags: Vec<_> = response.headers().get_all("oci-tag").iter().collect();
    assert_eq!(tags, ["v2", "v3"]);
    assert_eq!(header(&bench.head("/v2/a/manifests/v3").await, "docker-content-digest"), digest);
}

#[tokio::test]
async fn sha512_is_stored_and_checked_too() {
    let bench = Bench::new().await;
    // SHA-512 of nothing, FIPS 180-4.
    let empty = "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
                 47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";
    let response = bench.send(Method::POST, &format!("/v2/a/blobs/uploads/?digest={empty}"), &[], b"").await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let late = format!("{}?digest={empty}", bench.session("b").await);
    assert_eq!(bench.send(Method::PUT, &late, &[], b"").await.status(), StatusCode::CREATED);
    let response = bench.send(Method::POST, &format!("/v2/a/blobs/uploads/?digest={empty}"), &[], b"x").await;
    assert_eq!(code(response).await, (400, "DIGEST_INVALID".into()));
    assert_eq!(header(&bench.head(&format!("/v2/a/blobs/{empty}")).await, "docker-content-digest"), empty);
}

#[tokio::test]
async fn a_tag_is_deleted_without_its_manifest_and_a_manifest_with_its_tags() {
    let bench = Bench::new().await;
    let digest = bench.image("a", "v1", "layer").await;
    bench.image("a", "v2", "layer").await;
    let by_digest = format!("/v2/a/manifests/{digest}");
    assert_eq!(bench.delete("/v2/a/manifests/v1").await, StatusCode::ACCEPTED);
    assert_eq!(bench.head("/v2/a/manifests/v1").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(bench.delete("/v2/a/manifests/v1").await, StatusCode::NOT_FOUND);
    assert_eq!(bench.head(&by_digest).await.status(), StatusCode::OK);
    assert_eq!(bench.delete(&by_digest).await, StatusCode::ACCEPTED);
    for path in [&*by_digest, "/v2/a/manifests/v2"] {
        assert_eq!(bench.head(path).await.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(bench.delete(&by_digest).await, StatusCode::NOT_FOUND);
    assert_eq!(json(bench.get("/v2/a/tags/list").await).await["tags"], json!([]));
}

#[tokio::test]
async fn a_manifest_is_not_deleted_as_a_blob() {
    let bench = Bench::new().await;
    let digest = bench.image("a", "v1", "layer").await;
    assert_eq!(bench.delete(&format!("/v2/a/blobs/{digest}")).await, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(bench.head("/v2/a/manifests/v1").await.status(), StatusCode::OK);
}
