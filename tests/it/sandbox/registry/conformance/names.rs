//! What the suite does not ask: names, paths that would lead elsewhere, the shape of errors, HEAD beside GET.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// The codes of the specification (spec.md#error-codes); nobody knows any other.
const CODES: &[&str] = &[
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "UNAUTHORIZED",
    "DENIED",
    "UNSUPPORTED",
    "TOOMANYREQUESTS",
];

/// Sends a request line as it is, which no client library would, and returns the status.
async fn raw(bench: &Bench, method: &str, target: &str) -> u16 {
    let mut stream = TcpStream::connect(&bench.sandbox.registry).await.expect("a connection");
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: registry\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[tokio::test]
async fn no_path_leads_out_of_a_repository() {
    let bench = Bench::new().await;
    let digest = bench.image("a", "v1", "layer").await;
    let files = |directory: &std::path::Path| {
        let mut names: Vec<_> =
            directory.read_dir().expect("a directory").map(|e| e.expect("an entry").path()).collect();
        names.sort();
        names
    };
    let root = bench.directory.path().join("registry");
    let before = (files(bench.directory.path()), files(&root));
    for name in ["..", "../..", "a/..", "a/../b", "%2e%2e", "..%2f..", "a%2f..", ".", "a/.", "_temporary", "a+b", "%00"]
    {
        for (method, rest) in [
            ("POST", "blobs/uploads/".to_owned()),
            ("POST", format!("blobs/uploads/?mount={digest}&from=..%2f..")),
            ("GET", "tags/list".to_owned()),
            ("GET", format!("blobs/{digest}")),
            ("PUT", "manifests/v1".to_owned()),
            ("DELETE", format!("manifests/{digest}")),
        ] {
            let status = raw(&bench, method, &format!("/v2/{name}/{rest}")).await;
            assert!((400..405).contains(&status), "{method} {name} {rest}: {status}");
        }
    }
    for reference in ["..", "%2e%2e%2findex.json", "sha256:../../index.json", "sha256:..%2f..%2findex.json"] {
        for path in [format!("/v2/a/manifests/{reference}"), format!("/v2/a/blobs/{reference}")] {
            for method in ["GET", "HEAD", "DELETE"] {
                let status = raw(&bench, method, &path).await;
                assert!((400..406).contains(&status), "{method} {path}: {status}");
            }
        }
    }
    assert_eq!((files(bench.directory.path()), files(&root)), before);
    assert_eq!(header(&bench.head("/v2/a/manifests/v1").await, "docker-content-digest"), digest);
}

#[tokio::test]
async fn names_are_what_the_specification_says() {
    let bench = Bench::new().await;
    for name in ["a", "0", "a.b", "a_b", "a__b", "a-b", "a--b", "a/b/c/d", "a0/b.c-d__e", "blobs", "tags/list"] {
        let path = format!("/v2/{name}/blobs/uploads/");
        assert_eq!(bench.send(Method::POST, &path, &[], b"").await.status(), StatusCode::ACCEPTED, "{name}");
    }
    for name in ["A", "-a", "a-", ".a", "a.", "a..b", "a___b", "a._b", "a//b", "a/", "a b", "ä", "a:b", "a@b"] {
        let path = format!("/v2/{name}/blobs/uploads/").replace(' ', "%20").replace('ä', "%C3%A4");
        assert_eq!(raw(&bench, "POST", &path).await, 400, "{name}");
    }
    let digest = bench.image("a", "v1", "layer").await;
    let manifest = json(bench.get(&format!("/v2/a/manifests/{digest}")).await).await;
    for tag in ["v1", "V1", "_v1", "1.0", "a-b_c.d", &"t".repeat(128)] {
        assert_eq!(bench.manifest("a", tag, &manifest).await.status(), StatusCode::CREATED, "{tag}");
    }
    for tag in [".v1", "-v1", "v%2B1", "v%201", &"t".repeat(129)] {
        assert_eq!(bench.manifest("a", tag, &manifest).await.status(), StatusCode::BAD_REQUEST, "{tag}");
    }
}

#[tokio::test]
async fn an_error_says_its_code_and_message_as_json_and_a_head_nothing() {
    let bench = Bench::new().await;
    bench.image("a", "v1", "layer").await;
    let missing = Algorithm::Sha256.digest(b"missing");
    for path in [
        "/v2/A/tags/list".to_owned(),
        "/v2/nobody/tags/list".to_owned(),
        "/v2/a/tags/list?n=x".to_owned(),
        "/v2/a/manifests/v2".to_owned(),
        format!("/v2/a/manifests/{missing}"),
        "/v2/a/manifests/sha256:1".to_owned(),
        format!("/v2/a/blobs/{missing}"),
        "/v2/a/blobs/sha256:1".to_owned(),
        "/v2/a/referrers/sha256:1".to_owned(),
        "/v2/a/blobs/uploads/nobodys".to_owned(),
        "/v2/a/blobs/uploads/".to_owned(),
        "/v2/a/nothing".to_owned(),
        "/elsewhere".to_owned(),
    ] {
        let (response, head) = (bench.get(&path).await, bench.head(&path).await);
        assert!(response.status().is_client_error(), "{path}: {}", response.status());
        assert_eq!(head.status(), response.status(), "{path}");
        assert_eq!(header(&response, "content-type"), "application/json", "{path}");
        let errors = json(response).await["errors"].clone();
        assert_eq!(errors.as_array().map(Vec::len), Some(1), "{path}");
        assert!(CODES.contains(&errors[0]["code"].as_str().expect("a code")), "{path}: {errors}");
        assert!(errors[0]["message"].as_str().is_some_and(|message| !message.is_empty()), "{path}: {errors}");
        assert_eq!(head.bytes().await.expect("no body"), "", "{path}");
    }
}

#[tokio::test]
async fn a_head_says_what_the_get_would() {
    let bench = Bench::new().await;
    let digest = bench.image("a", "v1", "layer").await;
    let layer = Algorithm::Sha256.digest(b"layer");
    for path in [
        "/v2/".to_owned(),
        "/v2/a/tags/list".to_owned(),
        "/v2/a/manifests/v1".to_owned(),
        format!("/v2/a/manifests/{digest}"),
        format!("/v2/a/blobs/{layer}"),
        format!("/v2/a/referrers/{digest}"),
    ] {
        let (head, get) = (bench.head(&path).await, bench.get(&path).await);
        assert_eq!(head.status(), StatusCode::OK, "{path}");
        for name in ["content-type", "content-length", "docker-content-digest", "etag", "accept-ranges"] {
            assert_eq!(header(&head, name), header(&get, name), "{path} {name}");
        }
        assert!(!header(&head, "content-length").is_empty(), "{path}");
    }
}
