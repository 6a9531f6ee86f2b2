//! What there is: tags and referrers.

use leoflow::layers::Digest;
use reqwest::StatusCode;
use serde_json::json;

use super::super::{Bench, header, json};
use super::*;

#[tokio::test]
async fn tags_are_listed_in_order_and_by_page() {
    let bench = Bench::new().await;
    assert_eq!(code(bench.get("/v2/a/tags/list").await).await, (404, "NAME_UNKNOWN".into()));
    for tag in ["test2", "test0", "test3", "test1"] {
        bench.image("a", tag, "layer").await;
    }
    for (query, tags, next) in [
        ("", &["test0", "test1", "test2", "test3"][..], ""),
        ("?n=2", &["test0", "test1"], "</v2/a/tags/list?n=2&last=test1>; rel=\"next\""),
        ("?n=2&last=test1", &["test2", "test3"], ""),
        ("?last=test2", &["test3"], ""),
        ("?n=0", &[], ""),
        ("?last=zzz", &[], ""),
    ] {
        let response = bench.get(&format!("/v2/a/tags/list{query}")).await;
        assert_eq!(header(&response, "link"), next, "{query}");
        assert_eq!(json(response).await, json!({ "name": "a", "tags": tags }), "{query}");
    }
    assert_eq!(bench.get("/v2/a/tags/list?n=x").await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn referrers_are_found_by_their_subject() {
    let bench = Bench::new().await;
    let subject = bench.image("a", "v1", "layer").await;
    let missing = Digest::of(b"missing").to_string();
    let empty = bench.blob("a", b"{}", EMPTY).await;
    let descriptor = |digest: &str| json!({ "mediaType": IMAGE, "digest": digest, "size": 1 });
    let artifact = |artifact_type: Option<&str>, subject: &str, note: &str| {
        let mut config = empty.clone();
        config["mediaType"] = json!("application/vnd.example.config");
        let mut manifest = json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": [empty],
            "subject": descriptor(subject), "annotations": { "note": note } });
        if let Some(artifact_type) = artifact_type {
            manifest["artifactType"] = json!(artifact_type);
        }
        manifest
    };
    for manifest in [
        artifact(Some("application/vnd.example.sbom"), &subject, "one"),
        artifact(None, &subject, "two"),
        artifact(Some("application/vnd.example.sbom"), &missing, "three"),
    ] {
        let digest = Digest::of(manifest.to_string().as_bytes()).to_string();
        let response = bench.manifest("a", &digest, &manifest).await;
        assert_eq!(header(&response, "oci-subject"), manifest["subject"]["digest"].as_str().expect("a subject"));
    }
    let sbom = "?artifactType=application/vnd.example.sbom";
    let from_config = "?artifactType=application/vnd.example.config";
    for (subject, query, notes) in [
        (&subject, "", &["one", "two"][..]),
        (&subject, sbom, &["one"]),
        (&subject, from_config, &["two"]),
        (&missing, "", &["three"]),
        (&Digest::of(b"nobody").to_string(), "", &[]),
    ] {
        let response = bench.get(&format!("/v2/a/referrers/{subject}{query}")).await;
        assert_eq!((response.status(), header(&response, "content-type")), (StatusCode::OK, INDEX));
        let filters = if query.is_empty() { "" } else { "artifactType" };
        assert_eq!(header(&response, "oci-filters-applied"), filters);
        let index = json(response).await;
        let manifests = index["manifests"].as_array().expect("a list");
        let mut found: Vec<_> = manifests.iter().filter_map(|m| m["annotations"]["note"].as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, notes, "{subject}{query}");
    }
    assert_eq!(bench.get(&format!("/v2/nowhere/referrers/{missing}")).await.status(), StatusCode::OK);
    // A subject may go; a referrer that goes is listed no longer.
    assert_eq!(bench.delete(&format!("/v2/a/manifests/{subject}")).await, StatusCode::ACCEPTED);
    let left = json(bench.get(&format!("/v2/a/referrers/{subject}")).await).await;
    let one = left["manifests"][0]["digest"].as_str().expect("a digest").to_owned();
    assert_eq!(bench.delete(&format!("/v2/a/manifests/{one}")).await, StatusCode::ACCEPTED);
    let left = json(bench.get(&format!("/v2/a/referrers/{subject}")).await).await;
    assert_eq!(left["manifests"].as_array().map(Vec::len), Some(1));
    assert_eq!(bench.get("/v2/a/referrers/sha256:1").await.status(), StatusCode::BAD_REQUEST);
}
