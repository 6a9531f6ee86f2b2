//! The registry against the distribution specification 1.1, in the order of its conformance suite.

mod conformance;
mod connections;
mod listing;
mod manifests;

use leoflow::layers::Digest;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{Bench, header, json};

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

impl Bench {
    async fn get(&self, path: &str) -> Response {
        self.registry(Method::GET, path).send().await.expect("an answer")
    }

    async fn head(&self, path: &str) -> Response {
        self.registry(Method::HEAD, path).send().await.expect("an answer")
    }

    async fn delete(&self, path: &str) -> StatusCode {
        self.registry(Method::DELETE, path).send().await.expect("an answer").status()
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut request = self.registry(method, path).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }

    /// Uploads a blob in one request and returns its descriptor.
    async fn blob(&self, repository: &str, content: &[u8], media_type: &str) -> Value {
        let digest = Digest::of(content);
        let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
        assert_eq!(self.send(Method::POST, &path, &[], content).await.status(), StatusCode::CREATED);
        json!({ "mediaType": media_type, "digest": digest.to_string(), "size": content.len() })
    }

    async fn manifest(&self, repository: &str, reference: &str, manifest: &Value) -> Response {
        let media_type = manifest["mediaType"].as_str().unwrap_or(IMAGE).to_owned();
        let path = format!("/v2/{repository}/manifests/{reference}");
        self.send(Method::PUT, &path, &[("Content-Type", &media_type)], manifest.to_string().as_bytes()).await
    }

    /// Pushes an image whose only layer is `text`, and returns its manifest's digest.
    async fn image(&self, repository: &str, tag: &str, text: &str) -> String {
        let config = self.blob(repository, b"{}", "application/vnd.oci.image.config.v1+json").await;
        let layer = self.blob(repository, text.as_bytes(), "application/vnd.oci.image.layer.v1.tar").await;
        let manifest = json!({ "schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": [layer] });
        let response = self.manifest(repository, tag, &manifest).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        header(&response, "docker-content-digest").to_owned()
    }

    /// Opens an upload session and returns its location.
    async fn session(&self, repository: &str) -> String {
        let response = self.send(Method::POST, &format!("/v2/{repository}/blobs/uploads/"), &[], b"").await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        header(&response, "location").to_owned()
    }
}

async fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, json(response).await["errors"][0]["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_api_says_that_it_is_there() {
    let bench = Bench::new().await;
    for path in ["/v2/", "/v2"] {
        assert_eq!(bench.get(path).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_blob_comes_back_as_it_went_whichever_way_it_went() {
    let bench = Bench::new().await;
    let content: Vec<u8> = (0..5000_u32).flat_map(u32::to_be_bytes).collect();
    let digest = Digest::of(&content);
    let (first, last) = content.split_at(7000);
    for way in ["post", "put", "patch", "chunks", "last chunk in put", "streamed"] {
        let finish = |location: &str| format!("{location}?digest={digest}");
        let range = |from: usize, bytes: &[u8]| format!("{from}-{}", from + bytes.len() - 1);
        let response = match way {
            "post" => bench.send(Method::POST, &finish("/v2/a/blobs/uploads/"), &[], &content).await,
            "put" => bench.send(Method::PUT, &finish(&bench.session("a").await), &[], &content).await,
            "patch" => {
                let location = bench.session("a").await;
                let patch = bench.send(Method::PATCH, &location, &[], &content).await;
                assert_eq!(patch.status(), StatusCode::ACCEPTED);
                bench.send(Method::PUT, &finish(header(&patch, "location")), &[], b"").await
            }
            "streamed" => {
                let location = bench.session("a").await;
                let pieces = content.chunks(999).map(|piece| Ok::<_, std::io::Error>(piece.to_vec()));
                let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>()));
                let patch = bench.registry(Method::PATCH, &location).body(body).send().await.expect("an answer");
                assert_eq!(patch.status(), StatusCode::ACCEPTED);
                bench.send(Method::PUT, &finish(&location), &[], b"").await
            }
            _ => {
                let location = bench.session("a").await;
                let headers = [("Content-Range", &*range(0, first))];
                let patch = bench.send(Method::PATCH, &location, &headers, first).await;
                assert_eq!(header(&patch, "range"), range(0, first));
                let headers = [("Content-Range", &*range(first.len(), last))];
                if way == "chunks" {
                    bench.send(Method::PATCH, &location, &headers, last).await;
                    bench.send(Method::PUT, &finish(&location), &[], b"").await
                } else {
                    bench.send(Method::PUT, &finish(&location), &headers, last).await
                }
            }
        };
        assert_eq!(response.status(), StatusCode::CREATED, "{way}");
        assert_eq!(header(&response, "docker-content-digest"), digest.to_string(), "{way}");
        let place = header(&response, "location").to_owned();
        assert_eq!(place, format!("/v2/a/blobs/{digest}"));
        let head = bench.head(&place).await;
        assert_eq!(header(&head, "content-length"), content.len().to_string());
        assert_eq!(bench.get(&place).await.bytes().await.expect("a body"), content, "{way}");
        assert_eq!(bench.delete(&place).await, StatusCode::ACCEPTED);
        assert_eq!(bench.head(&place).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(code(bench.get(&place).await).await, (404, "BLOB_UNKNOWN".into()));
    }
}

#[tokio::test]
async fn an_empty_blob_is_a_blob() {
    let bench = Bench::new().await;
    let descriptor = bench.blob("a", b"", "application/octet-stream").await;
    let path = format!("/v2/a/blobs/{}", descriptor["digest"].as_str().expect("a digest"));
    let response = bench.get(&path).await;
    assert_eq!((response.status(), header(&response, "content-length")), (StatusCode::OK, "0"));
    assert_eq!(header(&bench.head(&path).await, "content-length"), "0");
}

#[tokio::test]
async fn chunks_out_of_order_are_refused_and_the_client_can_go_on() {
    let bench = Bench::new().await;
    let location = bench.session("a").await;
    let digest = Digest::of(b"0123456789");
    for (method, range, body, status) in [
        (Method::PATCH, "5-9", &b"56789"[..], 416),
        (Method::PATCH, "0-4", b"01234", 202),
        (Method::PATCH, "0-4", b"01234", 416),
        (Method::PUT, "7-9", b"789", 416),
        (Method::PATCH, "nonsense", b"56789", 400),
    ] {
        let path = if method == Method::PUT { format!("{location}?digest={digest}") } else { location.clone() };
        let response = bench.send(method, &path, &[("Content-Range", range)], body).await;
        assert_eq!(response.status().as_u16(), status, "{range}");
        if status == 416 {
            assert_eq!(header(&response, "location"), location);
        }
    }
    let status = bench.get(&location).await;
    assert_eq!(status.status(), StatusCode::NO_CONTENT);
    assert_eq!((header(&status, "range"), header(&status, "location")), ("0-4", &*location));
    let path = format!("{location}?digest={digest}");
    let response = bench.send(Method::PUT, &path, &[("Content-Range", "5-9")], b"56789").await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(code(bench.get(&location).await).await, (404, "BLOB_UPLOAD_UNKNOWN".into()));
}

#[tokio::test]
async fn what_does_not_hash_to_its_digest_is_refused() {
    let bench = Bench::new().await;
    let digest = Digest::of(b"right");
    for path in [format!("/v2/a/blobs/uploads/?digest={digest}"), "/v2/a/blobs/uploads/?digest=sha256:1".into()] {
        let response = bench.send(Method::POST, &path, &[], b"wrong").await;
        assert_eq!(code(response).await, (400, "DIGEST_INVALID".into()), "{path}");
    }
    let location = bench.session("a").await;
    assert_eq!(code(bench.send(Method::PUT, &location, &[], b"right").await).await, (400, "DIGEST_INVALID".into()));
    let response = bench.send(Method::PUT, &format!("{location}?digest={digest}"), &[], b"wrong").await;
    assert_eq!(code(response).await, (400, "DIGEST_INVALID".into()));
    assert_eq!(bench.head(&format!("/v2/a/blobs/{digest}")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_upload_can_be_cancelled() {
    let bench = Bench::new().await;
    let location = bench.session("a").await;
    assert_eq!(bench.delete(&location).await, StatusCode::NO_CONTENT);
    assert_eq!(bench.delete(&location).await, StatusCode::NOT_FOUND);
    assert_eq!(bench.send(Method::PATCH, &location, &[], b"x").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_blob_is_served_in_parts() {
    let bench = Bench::new().await;
    let descriptor = bench.blob("a", b"0123456789", "application/octet-stream").await;
    let path = format!("/v2/a/blobs/{}", descriptor["digest"].as_str().expect("a digest"));
    for (range, status, content_range, body) in [
        ("bytes=2-4", 206, "bytes 2-4/10", "234"),
        ("bytes=7-", 206, "bytes 7-9/10", "789"),
        ("bytes=-2", 206, "bytes 8-9/10", "89"),
        ("bytes=8-99", 206, "bytes 8-9/10", "89"),
        ("bytes=99-", 416, "bytes */10", ""),
        ("bytes=5-0", 416, "bytes */10", ""),
    ] {
        let response = bench.send(Method::GET, &path, &[("Range", range)], b"").await;
        assert_eq!(response.status().as_u16(), status, "{range}");
        assert_eq!(header(&response, "content-range"), content_range, "{range}");
        if status == 206 {
            assert_eq!(header(&response, "content-length"), body.len().to_string());
            assert_eq!(response.text().await.expect("a body"), body);
        }
    }
}

#[tokio::test]
async fn a_blob_is_mounted_from_where_it_is() {
    let bench = Bench::new().await;
    let descriptor = bench.blob("a/b", b"shared", "application/octet-stream").await;
    let digest = descriptor["digest"].as_str().expect("a digest");
    let absent = Digest::of(b"absent");
    for (repository, query, status) in [
        ("c", format!("mount={digest}&from=a/b"), 201),
        ("d", format!("mount={digest}"), 201),
        ("e", format!("mount={digest}&from=nowhere"), 202),
        ("e", format!("mount={digest}&from=../a"), 202),
        ("e", format!("mount={absent}&from=a/b"), 202),
        ("e", format!("mount={absent}"), 202),
        ("e", "mount=sha256:1".into(), 400),
    ] {
        let response = bench.send(Method::POST, &format!("/v2/{repository}/blobs/uploads/?{query}"), &[], b"").await;
        assert_eq!(response.status().as_u16(), status, "{query}");
        let prefix = if status == 201 { format!("/v2/{repository}/blobs/{digest}") } else { String::new() };
        assert!(header(&response, "location").starts_with(&prefix), "{query}");
    }
    assert_eq!(bench.delete(&format!("/v2/a/b/blobs/{digest}")).await, StatusCode::ACCEPTED);
    assert_eq!(bench.get(&format!("/v2/c/blobs/{digest}")).await.text().await.expect("a body"), "shared");
}

#[tokio::test]
async fn a_chunk_is_as_long_as_it_says() {
    let bench = Bench::new().await;
    let location = bench.session("a").await;
    for (range, status) in [("0-4", 400), ("3-2", 400), ("0-2", 202)] {
        let response = bench.send(Method::PATCH, &location, &[("Content-Range", range)], b"abc").await;
        assert_eq!(response.status().as_u16(), status, "{range}");
    }
    let digest = Digest::of(b"abc");
    let response = bench.send(Method::PUT, &format!("{location}?digest={digest}"), &[], b"").await;
    assert_eq!(response.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn one_blob_may_arrive_many_times_at_once() {
    let bench = Bench::new().await;
    let content = vec![7; 1 << 20];
    let uploads = (0..8).map(|_| bench.blob("a", &content, "application/octet-stream"));
    let descriptors = futures_util::future::join_all(uploads).await;
    let path = format!("/v2/a/blobs/{}", descriptors[0]["digest"].as_str().expect("a digest"));
    assert_eq!(bench.get(&path).await.bytes().await.expect("a body"), content);
}

#[tokio::test]
async fn names_and_tags_are_as_long_as_the_specification_lets_them() {
    let bench = Bench::new().await;
    let (tag, name) = ("t".repeat(128), format!("a/{}", "b".repeat(200)));
    let digest = bench.image(&name, &tag, "layer").await;
    let path = format!("/v2/{name}/manifests/{tag}");
    assert_eq!(header(&bench.head(&path).await, "docker-content-digest"), digest);
    let long_tag = bench.manifest(&name, &"t".repeat(129), &json!({ "schemaVersion": 2 })).await;
    assert_eq!(code(long_tag).await, (400, "MANIFEST_INVALID".into()));
    let long_name = bench.get(&format!("/v2/{}/tags/list", "b".repeat(256))).await;
    assert_eq!(code(long_name).await, (400, "NAME_INVALID".into()));
}

#[tokio::test]
async fn faults_of_names_and_methods_are_told() {
    let bench = Bench::new().await;
    let digest = Digest::of(b"x");
    for (method, path, status, expected) in [
        (Method::GET, format!("/v2/Upper/blobs/{digest}"), 400, "NAME_INVALID"),
        (Method::GET, "/v2/a/blobs/sha256:1".into(), 400, "DIGEST_INVALID"),
        (Method::GET, "/v2/a/blobs/md5:1".into(), 400, "DIGEST_INVALID"),
        (Method::GET, "/v2/a/manifests/.INVALID_MANIFEST_NAME".into(), 404, "MANIFEST_UNKNOWN"),
        (Method::POST, "/v2/a/manifests/v1".into(), 405, "UNSUPPORTED"),
        (Method::GET, "/v2/a/unknown".into(), 404, "UNSUPPORTED"),
    ] {
        let response = bench.registry(method, &path).send().await.expect("an answer");
        assert_eq!(code(response).await, (status, expected.into()), "{path}");
    }
}

#[tokio::test]
async fn repositories_that_nest_do_not_meet() {
    let bench = Bench::new().await;
    for (number, repository) in ["a", "a/b", "a/blobs", "a/index.json", "blobs"].iter().enumerate() {
        let digest = bench.image(repository, "v1", &format!("layer {number}")).await;
        let path = format!("/v2/{repository}/manifests/v1");
        assert_eq!(header(&bench.head(&path).await, "docker-content-digest"), digest, "{repository}");
    }
    assert_eq!(json(bench.get("/v2/a/tags/list").await).await["tags"], json!(["v1"]));
}

#[tokio::test]
async fn pushes_to_one_repository_at_a_time_lose_nothing() {
    let bench = Bench::new().await;
    let pushes = (0..24).map(|number| {
        let bench = &bench;
        async move { bench.image("a", &format!("v{number:02}"), &format!("layer {}", number % 5)).await }
    });
    futures_util::future::join_all(pushes).await;
    let tags = json(bench.get("/v2/a/tags/list").await).await;
    assert_eq!(tags["tags"].as_array().map(Vec::len), Some(24));
}

#[tokio::test]
async fn a_repository_on_disk_is_an_image_layout() {
    let bench = Bench::new().await;
    let digest = bench.image("a/b", "v1", "layer").await;
    let layout = bench.sandbox.image_layout("a/b");
    let read = |path: &str| -> Value {
        serde_json::from_slice(&std::fs::read(layout.join(path)).expect("a file")).expect("JSON")
    };
    assert_eq!(read("oci-layout"), json!({ "imageLayoutVersion": "1.0.0" }));
    let entry = read("index.json")["manifests"][0].clone();
    assert_eq!(entry["digest"], digest);
    assert_eq!(entry["annotations"]["org.opencontainers.image.ref.name"], "v1");
    assert_eq!(read(&format!("blobs/sha256/{}", &digest[7..]))["mediaType"], IMAGE);
}
