//! Images, indexes and artifacts of every kind: pushed, listed, pulled, found by their subject, deleted.

use super::data::{Data, KINDS, Manifest};
use super::*;

const MANIFESTS: &str = "/v2/conformance/repo1/manifests";

#[tokio::test]
async fn every_kind_of_content_is_pushed_listed_pulled_referred_to_and_deleted() {
    let bench = Bench::new().await;
    for (name, algorithm, make) in KINDS {
        let data = Data::new(name, *algorithm, *make);
        push(&bench, name, &data).await;
        list(&bench, name, &data).await;
        pull(&bench, name, &data).await;
        refer(&bench, name, &data).await;
        delete(&bench, name, &data).await;
    }
}

async fn push(bench: &Bench, kind: &str, data: &Data) {
    for (digest, content) in &data.blobs {
        let path = format!("/v2/{REPOSITORY}/blobs/uploads/?digest={digest}");
        assert_eq!(bench.send(Method::POST, &path, &[], content).await.status(), StatusCode::CREATED, "{kind}");
    }
    for manifest in &data.manifests {
        let parameters: Vec<String> = manifest.tags.iter().map(|tag| format!("tag={tag}")).collect();
        let query = if manifest.tag_parameters { format!("?{}", parameters.join("&")) } else { String::new() };
        let response = put(bench, kind, manifest, &format!("{}{query}", manifest.digest())).await;
        if manifest.tag_parameters {
            let tags: Vec<_> =
                response.headers().get_all("oci-tag").iter().map(|tag| tag.to_str().expect("a tag")).collect();
            assert_eq!(tags, manifest.tags, "{kind}");
            continue;
        }
        for tag in &manifest.tags {
            put(bench, kind, manifest, tag).await;
        }
    }
}

async fn put(bench: &Bench, kind: &str, manifest: &Manifest, reference: &str) -> Response {
    let headers = [("Content-Type", manifest.media_type())];
    let response = bench.send(Method::PUT, &format!("{MANIFESTS}/{reference}"), &headers, &manifest.bytes).await;
    assert_eq!(response.status(), StatusCode::CREATED, "{kind}");
    assert_eq!(header(&response, "docker-content-digest"), manifest.digest(), "{kind}");
    assert_eq!(header(&response, "oci-subject"), manifest.subject.as_deref().unwrap_or_default(), "{kind}");
    let place = bench.get(header(&response, "location")).await;
    assert_eq!(place.bytes().await.expect("a body"), manifest.bytes, "{kind}");
    response
}

/// A list holds the tags, and what follows `last` is what sorts after it.
async fn list(bench: &Bench, kind: &str, data: &Data) {
    let tags = |query: String| async move {
        let listed = json(bench.get(&format!("/v2/{REPOSITORY}/tags/list{query}")).await).await;
        let tags = listed["tags"].as_array().expect("a list").iter().map(|tag| tag.as_str().expect("a tag").to_owned());
        tags.collect::<Vec<String>>()
    };
    let all = tags(String::new()).await;
    for tag in data.manifests.iter().flat_map(|manifest| &manifest.tags) {
        assert!(all.contains(tag), "{kind}: {tag} is missing in {all:?}");
    }
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(all, sorted, "{kind}");
    if all.len() >= 2 {
        let (before, after) = all.split_at(all.len() / 2);
        assert_eq!(tags(format!("?last={}", before[before.len() - 1])).await, after, "{kind}");
    }
}

async fn pull(bench: &Bench, kind: &str, data: &Data) {
    for manifest in &data.manifests {
        for reference in manifest.tags.iter().map(String::as_str).chain([manifest.digest()]) {
            let path = format!("{MANIFESTS}/{reference}");
            let (head, whole) = (bench.head(&path).await, bench.get(&path).await);
            for response in [&head, &whole] {
                assert_eq!(response.status(), StatusCode::OK, "{kind}");
                assert_eq!(header(response, "content-type"), manifest.media_type(), "{kind}");
                assert_eq!(header(response, "content-length"), manifest.bytes.len().to_string(), "{kind}");
                assert_eq!(header(response, "docker-content-digest"), manifest.digest(), "{kind}");
            }
            assert_eq!(head.bytes().await.expect("no body"), "", "{kind}");
            assert_eq!(whole.bytes().await.expect("a body"), manifest.bytes, "{kind}");
        }
    }
    for (digest, content) in &data.blobs {
        let blob = bench.get(&format!("/v2/{REPOSITORY}/blobs/{digest}")).await;
        assert_eq!(blob.bytes().await.expect("a body"), content, "{kind}");
    }
}

/// Who names a subject is listed under it, with its own artifact type and annotations, and is found by that type.
async fn refer(bench: &Bench, kind: &str, data: &Data) {
    for referrer in data.manifests.iter().filter(|manifest| manifest.subject.is_some()) {
        let manifest: Value = serde_json::from_slice(&referrer.bytes).expect("JSON");
        let own = manifest["artifactType"].as_str().or(manifest["config"]["mediaType"].as_str()).expect("a type");
        let mut expected = referrer.descriptor.clone();
        expected["artifactType"] = json!(own);
        if manifest["annotations"].is_object() {
            expected["annotations"] = manifest["annotations"].clone();
        }
        let path = format!("/v2/{REPOSITORY}/referrers/{}", referrer.subject.as_deref().expect("a subject"));
        for (query, filters) in [(String::new(), ""), (format!("?artifactType={own}"), "artifactType")] {
            let response = bench.get(&format!("{path}{query}")).await;
            assert_eq!((response.status(), header(&response, "content-type")), (StatusCode::OK, INDEX), "{kind}");
            assert_eq!(header(&response, "oci-filters-applied"), filters, "{kind}");
            let listed = json(response).await["manifests"].as_array().expect("a list").clone();
            assert!(listed.contains(&expected), "{kind}: {expected} is missing in {listed:?}");
            assert!(filters.is_empty() || listed.iter().all(|one| one["artifactType"] == own), "{kind}: {listed:?}");
        }
    }
}

/// What is deleted is gone at once: a tag without its manifest, then the manifest, then blobs.
async fn delete(bench: &Bench, kind: &str, data: &Data) {
    for tag in data.manifests.iter().flat_map(|manifest| &manifest.tags) {
        let path = format!("{MANIFESTS}/{tag}");
        assert_eq!(bench.delete(&path).await, StatusCode::ACCEPTED, "{kind}");
        assert_eq!(bench.head(&path).await.status(), StatusCode::NOT_FOUND, "{kind}");
    }
    for manifest in data.manifests.iter().rev() {
        let path = format!("{MANIFESTS}/{}", manifest.digest());
        assert_eq!(bench.delete(&path).await, StatusCode::ACCEPTED, "{kind}");
        assert_eq!(bench.head(&path).await.status(), StatusCode::NOT_FOUND, "{kind}");
    }
    for (digest, _) in &data.blobs {
        let path = format!("/v2/{REPOSITORY}/blobs/{digest}");
        assert_eq!(bench.delete(&path).await, StatusCode::ACCEPTED, "{kind}");
        assert_eq!(bench.head(&path).await.status(), StatusCode::NOT_FOUND, "{kind}");
    }
}

/// The suite asks it as the kind "bad-digest-image": whitespace that the digest does not know of.
#[tokio::test]
async fn a_manifest_of_other_bytes_than_its_digest_is_refused() {
    let bench = Bench::new().await;
    let (name, algorithm, make) = KINDS[0];
    let mut data = Data::new(name, algorithm, make);
    push(&bench, name, &data).await;
    let manifest = &mut data.manifests[0];
    manifest.bytes.extend(b"  ");
    let path = format!("{MANIFESTS}/{}", manifest.digest());
    let response = bench.send(Method::PUT, &path, &[("Content-Type", IMAGE)], &manifest.bytes).await;
    assert_eq!(code(response).await, (400, "DIGEST_INVALID".into()));
}
