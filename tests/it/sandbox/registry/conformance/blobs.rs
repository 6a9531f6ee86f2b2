//! Blobs: every way in, every way out, with every digest algorithm.

use super::*;

/// How a blob gets into a registry.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// One POST.
    Post,
    /// POST, then PUT.
    Put,
    /// POST, one PATCH without a length, PUT.
    Stream,
    /// POST, PATCHes with a range each, PUT.
    Chunks { count: usize, put_last: bool, out_of_order: bool },
}

const WAYS: &[Way] = &[
    Way::Post,
    Way::Put,
    Way::Stream,
    Way::Chunks { count: 1, put_last: false, out_of_order: false },
    Way::Chunks { count: 3, put_last: false, out_of_order: false },
    Way::Chunks { count: 3, put_last: true, out_of_order: false },
    Way::Chunks { count: 3, put_last: false, out_of_order: true },
    Way::Chunks { count: 3, put_last: true, out_of_order: true },
];

impl Bench {
    /// Uploads `content` under `digest`, right or wrong, and returns the last answer.
    async fn upload(&self, way: Way, digest: &str, content: &[u8]) -> Response {
        let finish = |location: &str| format!("{location}?digest={digest}");
        match way {
            Way::Post => {
                let path = finish(&format!("/v2/{REPOSITORY}/blobs/uploads/"));
                self.send(Method::POST, &path, &[], content).await
            }
            Way::Put => self.send(Method::PUT, &finish(&self.session(REPOSITORY).await), &[], content).await,
            Way::Stream => {
                let location = self.session(REPOSITORY).await;
                let pieces = content.chunks(999).map(|piece| Ok::<_, std::io::Error>(piece.to_vec()));
                let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>()));
                let patch = self.registry(Method::PATCH, &location).body(body).send().await.expect("an answer");
                assert_eq!(patch.status(), StatusCode::ACCEPTED);
                self.send(Method::PUT, &finish(header(&patch, "location")), &[], b"").await
            }
            Way::Chunks { count, put_last, out_of_order } => {
                let size = content.len().div_ceil(count);
                let (mut location, mut sent) = (self.session(REPOSITORY).await, 0);
                while sent < content.len() {
                    let end = content.len().min(sent + size);
                    if out_of_order {
                        location = self.refused_chunk(&location, digest, sent, size, content, put_last).await;
                    }
                    if put_last && end == content.len() {
                        return self.chunk(Method::PUT, &finish(&location), sent, &content[sent..end]).await;
                    }
                    let response = self.chunk(Method::PATCH, &location, sent, &content[sent..end]).await;
                    assert_eq!((response.status(), header(&response, "range")), (StatusCode::ACCEPTED, &*upto(end)));
                    (location, sent) = (header(&response, "location").to_owned(), end);
                }
                self.send(Method::PUT, &finish(&location), &[], b"").await
            }
        }
    }

    /// Sends a chunk that is not the next one, and asks where to go on.
    async fn refused_chunk(
        &self,
        location: &str,
        digest: &str,
        sent: usize,
        size: usize,
        content: &[u8],
        put_last: bool,
    ) -> String {
        let start = if sent + size < content.len() { sent + size } else { 0 };
        let end = content.len().min(start + size);
        let response = match put_last && end == content.len() {
            true => self.chunk(Method::PUT, &format!("{location}?digest={digest}"), start, &content[start..end]).await,
            false => self.chunk(Method::PATCH, location, start, &content[start..end]).await,
        };
        assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        let status = self.get(header(&response, "location")).await;
        assert_eq!((status.status(), header(&status, "range")), (StatusCode::NO_CONTENT, &*upto(sent)));
        header(&status, "location").to_owned()
    }

    async fn chunk(&self, method: Method, path: &str, start: usize, chunk: &[u8]) -> Response {
        let range = format!("{start}-{}", start + chunk.len() - 1);
        self.send(method, path, &[("Content-Range", &range), ("Content-Type", "application/octet-stream")], chunk).await
    }

    /// Pulls a blob as a whole, by HEAD and GET, and deletes it.
    async fn comes_back(&self, repository: &str, digest: &str, content: &[u8], way: &str) {
        let path = format!("/v2/{repository}/blobs/{digest}");
        let head = self.head(&path).await;
        assert_eq!((head.status(), header(&head, "docker-content-digest")), (StatusCode::OK, digest), "{way}");
        assert_eq!(header(&head, "content-length"), content.len().to_string(), "{way}");
        let whole = self.get(&path).await;
        assert_eq!((whole.status(), header(&whole, "docker-content-digest")), (StatusCode::OK, digest), "{way}");
        assert_eq!(whole.bytes().await.expect("a body"), content, "{way}");
        assert_eq!(self.delete(&path).await, StatusCode::ACCEPTED, "{way}");
        assert_eq!(self.head(&path).await.status(), StatusCode::NOT_FOUND, "{way}");
        assert_eq!(self.delete(&path).await, StatusCode::NOT_FOUND, "{way}");
    }
}

/// Returns the `Range` of a session that has `received` bytes.
fn upto(received: usize) -> String {
    format!("0-{}", received.saturating_sub(1))
}

fn content(seed: &str, length: usize) -> Vec<u8> {
    seed.bytes().cycle().zip(0_u32..).map(|(byte, at)| byte ^ (at % 251) as u8).take(length).collect()
}

#[tokio::test]
async fn a_blob_goes_every_way_and_comes_back() {
    let bench = Bench::new().await;
    for (algorithm, way) in Algorithm::ALL.iter().flat_map(|algorithm| WAYS.iter().map(move |way| (algorithm, way))) {
        let name = format!("{algorithm:?} {way:?}");
        let content = content(&name, 3 * 1024 - 5);
        let digest = algorithm.digest(&content);
        let response = bench.upload(*way, &digest, &content).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{name}");
        assert_eq!(header(&response, "docker-content-digest"), digest, "{name}");
        let location = header(&response, "location").to_owned();
        assert_eq!(bench.get(&location).await.bytes().await.expect("a body"), content, "{name}");
        bench.comes_back(REPOSITORY, &digest, &content, &name).await;
    }
}

#[tokio::test]
async fn a_blob_with_another_digest_is_refused_whichever_way_it_comes() {
    let bench = Bench::new().await;
    for (algorithm, way) in Algorithm::ALL.iter().flat_map(|algorithm| WAYS.iter().map(move |way| (algorithm, way))) {
        let mut content = content(&format!("{algorithm:?} {way:?}"), 3 * 1024 - 5);
        let digest = algorithm.digest(&content);
        content.extend(b"oh no");
        let response = bench.upload(*way, &digest, &content).await;
        assert_eq!(code(response).await, (400, "DIGEST_INVALID".into()), "{algorithm:?} {way:?}");
        let path = format!("/v2/{REPOSITORY}/blobs/{digest}");
        assert_eq!(bench.head(&path).await.status(), StatusCode::NOT_FOUND, "{algorithm:?} {way:?}");
    }
}

#[tokio::test]
async fn nothing_and_an_empty_object_are_blobs() {
    let bench = Bench::new().await;
    for (algorithm, content) in Algorithm::ALL.iter().flat_map(|a| [(a, &b""[..]), (a, b"{}")]) {
        for way in [Way::Post, Way::Put] {
            let digest = algorithm.digest(content);
            assert_eq!(bench.upload(way, &digest, content).await.status(), StatusCode::CREATED, "{digest}");
            bench.comes_back(REPOSITORY, &digest, content, &digest).await;
        }
    }
}

#[tokio::test]
async fn a_blob_is_mounted_with_and_without_its_source() {
    let bench = Bench::new().await;
    let uploads = format!("/v2/{REPOSITORY}/blobs/uploads/");
    for algorithm in Algorithm::ALL {
        let content = content("mounted", 512);
        let digest = algorithm.digest(&content);
        for from in [format!("&from={SOURCE}"), String::new()] {
            let path = format!("/v2/{SOURCE}/blobs/uploads/?digest={digest}");
            assert_eq!(bench.send(Method::POST, &path, &[], &content).await.status(), StatusCode::CREATED);
            let mounted = bench.send(Method::POST, &format!("{uploads}?mount={digest}{from}"), &[], b"").await;
            assert_eq!((mounted.status(), header(&mounted, "docker-content-digest")), (StatusCode::CREATED, &*digest));
            assert_eq!(header(&mounted, "location"), format!("/v2/{REPOSITORY}/blobs/{digest}"));
            bench.comes_back(REPOSITORY, &digest, &content, "mounted").await;
            bench.comes_back(SOURCE, &digest, &content, "the source").await;
            // What is nowhere becomes an upload in the session that the answer names.
            let session = bench.send(Method::POST, &format!("{uploads}?mount={digest}{from}"), &[], b"").await;
            assert_eq!(session.status(), StatusCode::ACCEPTED);
            let path = format!("{}?digest={digest}", header(&session, "location"));
            assert_eq!(bench.send(Method::PUT, &path, &[], &content).await.status(), StatusCode::CREATED);
            bench.comes_back(REPOSITORY, &digest, &content, "not mounted").await;
        }
    }
}

#[tokio::test]
async fn a_blob_is_in_the_repository_that_it_went_to_and_in_no_other() {
    let bench = Bench::new().await;
    let digest = Algorithm::Sha256.digest(b"here");
    assert_eq!(bench.upload(Way::Post, &digest, b"here").await.status(), StatusCode::CREATED);
    let location = bench.session(REPOSITORY).await;
    for elsewhere in [SOURCE, "conformance", "conformance/repo1/deeper", "repo1"] {
        for path in [
            format!("/v2/{elsewhere}/blobs/{digest}"),
            location.replace(REPOSITORY, elsewhere),
            format!("/v2/{elsewhere}/manifests/{digest}"),
        ] {
            assert_eq!(bench.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
    // A blob is no manifest.
    assert_eq!(bench.get(&format!("/v2/{REPOSITORY}/manifests/{digest}")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn parts_of_a_blob_can_be_asked_for() {
    let bench = Bench::new().await;
    for algorithm in Algorithm::ALL {
        let content = content("range", 2048);
        let digest = algorithm.digest(&content);
        bench.upload(Way::Put, &digest, &content).await;
        for (range, expected) in [
            ("bytes=500-1499", Some((500, 1500))),
            ("bytes=500-", Some((500, 2048))),
            ("bytes=-500", Some((1548, 2048))),
            ("bytes=2000-5000", Some((2000, 2048))),
            ("bytes=500-0", None),
            ("bytes=5000-10000", None),
        ] {
            let path = format!("/v2/{REPOSITORY}/blobs/{digest}");
            let response = bench.send(Method::GET, &path, &[("Range", range)], b"").await;
            let Some((start, end)) = expected else {
                assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
                continue;
            };
            assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
            assert_eq!(header(&response, "content-length"), (end - start).to_string(), "{range}");
            assert_eq!(header(&response, "content-range"), format!("bytes {start}-{}/2048", end - 1), "{range}");
            assert_eq!(response.bytes().await.expect("a body"), content[start..end], "{range}");
        }
    }
}
