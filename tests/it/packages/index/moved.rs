//! Locked wheels whose place has them no more, or may not be asked.

use std::fs;

use super::*;
use crate::support::package_index::PackageIndex;
use crate::support::scripted::{Answer, Request};

const FILE: &str = "large-1.0-py3-none-any.whl";

/// An index whose files answer `status` to who has no signature; its pages have one.
async fn signing(status: u16) -> PackageIndex {
    let server = PackageIndex::scripted(move |request, shelf| match &request.path {
        path if path.starts_with("/files/") && request.query != "signature=1" => Some(Answer::new(status)),
        path if path.starts_with("/simple/") => {
            let mut answer = shelf.answer(request);
            let text = String::from_utf8(answer.body).unwrap();
            answer.body = text.replace(&format!("files/{FILE}"), &format!("files/{FILE}?signature=1")).into_bytes();
            Some(answer)
        }
        _ => None,
    });
    let server = server.await;
    server.put(&large());
    server
}

/// The wheel as a lock has it: without the query.
fn unsigned(server: &PackageIndex) -> LockedWheel {
    let location = Location::Url(format!("http://{}/files/{FILE}", server.server.host()).parse().unwrap());
    let (name, sha256) = (FILE.parse().unwrap(), Digest::of(&large().build()));
    LockedWheel { name, location, index: None, sha256, size: None, direct_url: None }
}

fn downloads(server: &PackageIndex) -> Vec<Request> {
    let is_download = |request: &Request| request.method == "GET" && request.path.ends_with(".whl");
    server.server.requests().into_iter().filter(is_download).collect()
}

#[tokio::test]
async fn a_locked_url_that_is_gone_is_looked_up_by_name_and_hash() {
    for status in [401, 403, 404, 410] {
        let server = signing(status).await;
        let bench = Bench::at(server.url());
        let index = bench.client();
        let wheel = unsigned(&server);
        assert_eq!(index.wheel_size(&wheel).await.unwrap(), large().build().len() as u64, "{status}");
        assert_eq!(read(&index.wheel(&wheel).await.unwrap()), large().build(), "{status}");
        assert_eq!(index.wheel_metadata(&wheel).await.unwrap().name.as_ref(), "large", "{status}");
    }
}

#[tokio::test]
async fn what_fails_otherwise_is_not_looked_up_elsewhere() {
    let server = signing(400).await;
    let bench = Bench::at(server.url());
    let error = bench.client().wheel(&unsigned(&server)).await.unwrap_err();
    assert!(matches!(error, IndexError::Status { status: 400, .. }), "{error}");
    assert_eq!(server.count("GET /simple/"), 0);
}

#[tokio::test]
async fn nothing_but_the_locked_bytes_will_do_elsewhere() {
    let server = signing(404).await;
    let wheel = LockedWheel { sha256: Digest::of(b"other"), ..unsigned(&server) };
    let bench = Bench::at(server.url());
    let error = bench.client().wheel(&wheel).await.unwrap_err();
    assert!(matches!(error, IndexError::Missing { status: 404, .. }), "{error}");
    assert_eq!(downloads(&server).len(), 1, "what the index says is another file is not downloaded");
    server.change(|shelf| shelf.hashes = false);
    let bench = Bench::at(server.url());
    let error = bench.client().wheel(&wheel).await.unwrap_err();
    assert!(matches!(&error, IndexError::WrongDigest { expected, .. } if *expected == wheel.sha256), "{error}");
}

/// A client that may ask find-links alone, in the way that `flag` says.
fn closed(bench: &Bench, flag: &str) -> Index {
    let mut options = bench.options();
    (options.offline, options.sources.no_index) = (flag == "--offline", flag == "--no-index");
    Index::new(options).unwrap()
}

#[tokio::test]
async fn no_locked_url_is_asked_where_no_index_may_be() {
    let server = PackageIndex::of(&[large()]).await;
    let wheel = unsigned(&server);
    for flag in ["--no-index", "--offline"] {
        let bench = Bench::new();
        let directory = bench.directory.path().join("wheels");
        fs::create_dir(&directory).unwrap();
        let bench = bench.find_links(&directory);
        for error in [
            closed(&bench, flag).wheel(&wheel).await.unwrap_err(),
            closed(&bench, flag).wheel_size(&wheel).await.unwrap_err(),
            closed(&bench, flag).wheel_metadata(&wheel).await.unwrap_err(),
        ] {
            let (told, help) = (error.to_string(), error.help().unwrap());
            for part in [FILE, flag, directory.to_str().unwrap(), &server.server.host()] {
                assert!(told.contains(part), "{part} is not in {told}");
            }
            assert!(help.contains("--find-links DIR") && help.contains(flag), "{help}");
        }
        fs::write(directory.join(FILE), "another build").unwrap();
        let error = closed(&bench, flag).wheel(&wheel).await.unwrap_err();
        assert!(matches!(error, IndexError::WrongDigest { .. }), "{error}");
        fs::write(directory.join(FILE), large().build()).unwrap();
        assert_eq!(read(&closed(&bench, flag).wheel(&wheel).await.unwrap()), large().build());
        assert_eq!(closed(&bench, flag).wheel_metadata(&wheel).await.unwrap().version.to_string(), "1.0");
    }
    assert_eq!(server.count(""), 0);
}

#[tokio::test]
async fn what_the_cache_has_needs_no_index() {
    let server = PackageIndex::of(&[large()]).await;
    let (wheel, bench) = (unsigned(&server), Bench::new());
    bench.caching().wheel(&wheel).await.unwrap();
    let mut options = IndexOptions { cache: bench.cache(), ..bench.options() };
    options.sources.no_index = true;
    let asked = server.count("");
    let index = Index::new(options).unwrap();
    assert_eq!(read(&index.wheel(&wheel).await.unwrap()), large().build());
    assert_eq!(index.wheel_metadata(&wheel).await.unwrap().name.as_ref(), "large");
    assert_eq!(server.count(""), asked);
}
