//! Wheels that come whole, in parts, again, and to several at once.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::support::package_index::PackageIndex;
use crate::support::scripted::{Answer, Fault, Request};

fn is_file(request: &Request) -> bool {
    request.path.starts_with("/files/") && request.path.ends_with(".whl")
}

/// An index with the large wheel, whose first answers to a download are spoilt.
async fn breaking(times: usize, fault: Fault) -> PackageIndex {
    let left = AtomicUsize::new(times);
    let server = PackageIndex::scripted(move |request, shelf| {
        let breaks =
            is_file(request) && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        breaks.then(|| shelf.answer(request).fault(fault))
    })
    .await;
    server.put(&large());
    server
}

async fn the_wheel(server: &PackageIndex) -> LockedWheel {
    locked(&project(&Bench::at(server.url()).client(), "large").await.unwrap().files[0])
}

fn ranges(server: &PackageIndex) -> Vec<Option<String>> {
    let requests = server.server.requests().into_iter().filter(is_file);
    requests.map(|request| request.header("range").map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off() {
    let server = breaking(2, Fault::Truncate(200_000)).await;
    let bench = Bench::new();
    let blob = bench.client().wheel(&the_wheel(&server).await).await.unwrap();
    assert_eq!(read(&blob), large().build());
    assert_eq!(ranges(&server), [None, Some("bytes=200000-".into()), Some("bytes=400000-".into())]);
    assert_eq!(bench.received(), blob.size(), "no byte comes twice");
    let retries = bench.told().iter().filter(|event| matches!(event, IndexEvent::Retry { .. })).count();
    assert_eq!(retries, 2);
}

#[tokio::test]
async fn a_server_without_ranges_is_asked_for_all_of_it_again() {
    let server = breaking(1, Fault::Truncate(200_000)).await;
    server.change(|shelf| shelf.ranges = false);
    let blob = Bench::new().client().wheel(&the_wheel(&server).await).await.unwrap();
    assert_eq!(read(&blob), large().build());
}

#[tokio::test]
async fn a_run_that_was_ended_is_gone_on_with_by_the_next() {
    let server = breaking(1, Fault::Hang(150_000)).await;
    let (bench, wheel) = (Bench::new(), the_wheel(&server).await);
    let (index, the_same) = (bench.caching(), wheel.clone());
    let run = tokio::spawn(async move { index.wheel(&the_same).await });
    while bench.received() < 150_000 {
        tokio::task::yield_now().await;
    }
    // As a kill does: nothing is tidied up.
    run.abort();
    let _ = run.await;
    let blob = bench.caching().wheel(&wheel).await.unwrap();
    assert_eq!(read(&blob), large().build());
    assert_eq!(bench.received(), blob.size(), "what was here is not asked for again");
    // And then it is here.
    bench.caching().wheel(&wheel).await.unwrap();
    assert!(bench.told().iter().any(|event| matches!(event, IndexEvent::Ready { kept: true, .. })));
}

#[tokio::test]
async fn what_an_earlier_run_left_spoilt_is_begun_again() {
    let server = PackageIndex::of(&[large()]).await;
    let (bench, wheel) = (Bench::new(), the_wheel(&server).await);
    let cache = bench.directory.path().join("cache");
    bench.caching().wheel(&LockedWheel { sha256: Digest::of(b"other"), ..wheel.clone() }).await.unwrap_err();
    let partial = cache.join("partial");
    for left in [vec![7; 1000], vec![7; 2_000_000], large().build()] {
        let _ = fs::remove_dir_all(cache.join("wheels"));
        fs::write(partial.join(wheel.sha256.hex()), left).unwrap();
        let blob = bench.caching().wheel(&wheel).await.unwrap();
        assert_eq!(read(&blob), large().build());
    }
    assert_eq!(partial.read_dir().unwrap().count(), 0);
    // What is kept is not believed either.
    fs::write(cache.join("wheels").join(wheel.sha256.hex()), b"spoilt").unwrap();
    assert_eq!(read(&bench.caching().wheel(&wheel).await.unwrap()), large().build());
}

#[tokio::test]
async fn two_on_one_cache_download_once() {
    let server = PackageIndex::of(&[large()]).await;
    let (bench, wheel) = (Bench::new(), the_wheel(&server).await);
    let (one, other) = (bench.caching(), bench.caching());
    let (one, other) = tokio::join!(one.wheel(&wheel), other.wheel(&wheel));
    assert_eq!((read(&one.unwrap()), read(&other.unwrap())), (large().build(), large().build()));
    assert_eq!(server.count("GET /files/"), 1);
}

#[tokio::test]
async fn bytes_that_are_not_those_of_the_lock_are_refused() {
    let server = PackageIndex::of(&[large()]).await;
    let wheel = the_wheel(&server).await;
    let other = LockedWheel { sha256: Digest::of(b"other"), ..wheel.clone() };
    for index in [Bench::new().client(), Bench::new().caching()] {
        let error = index.wheel(&other).await.unwrap_err().to_string();
        assert!(error.contains(&wheel.sha256.to_string()) && error.contains(&other.sha256.to_string()), "{error}");
    }
    for size in [wheel.size.unwrap() + 1, wheel.size.unwrap() - 1, 10] {
        let other = LockedWheel { size: Some(size), sha256: Digest::of(b"other"), ..wheel.clone() };
        let error = Bench::new().client().wheel(&other).await.unwrap_err();
        assert!(matches!(error, IndexError::WrongSize { expected, .. } if expected == size), "{error}");
    }
}

#[tokio::test]
async fn a_local_wheel_is_verified_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(large().filename());
    fs::write(&path, large().build()).unwrap();
    let sha256 = Digest::of(&large().build());
    let name = large().filename().parse().unwrap();
    let wheel =
        LockedWheel { name, location: Location::Path(path.clone()), index: None, sha256, size: None, direct_url: None };
    let index = Bench::new().client();
    assert_eq!(read(&index.wheel(&wheel).await.unwrap()), large().build());
    fs::write(&path, b"other").unwrap();
    let error = index.wheel(&wheel).await.unwrap_err();
    assert!(matches!(error, IndexError::WrongDigest { found, .. } if found == Digest::of(b"other")), "{error}");
    fs::remove_file(&path).unwrap();
    let error = index.wheel(&wheel).await.unwrap_err();
    assert!(matches!(error, IndexError::Read { .. }), "{error}");
}

#[tokio::test]
async fn a_digest_that_no_index_says_is_found_out_once() {
    let server = PackageIndex::of(&[large()]).await;
    server.change(|shelf| (shelf.hashes, shelf.json) = (false, false));
    let bench = Bench::at(server.url());
    for _ in 0..2 {
        let index = bench.caching();
        let found = project(&index, "large").await.unwrap();
        assert_eq!((found.files[0].sha256, found.files[0].size), (None, None));
        let size = large().build().len() as u64;
        assert_eq!(index.size(&found.files[0]).await.unwrap(), Some(size));
        assert_eq!(index.digest(&found.files[0]).await.unwrap(), (Digest::of(&large().build()), size));
    }
    assert_eq!(server.count("GET /files/"), 1);
    // The file behind the URL changes.
    server.put(&large().requires("c"));
    let index = bench.caching();
    let found = project(&index, "large").await.unwrap();
    let changed = Digest::of(&large().requires("c").build());
    assert_eq!(index.digest(&found.files[0]).await.unwrap().0, changed);
}

#[tokio::test]
async fn a_download_is_never_mixed_of_two_files() {
    let first = std::sync::atomic::AtomicBool::new(true);
    let server = PackageIndex::scripted(move |request, shelf| {
        let breaks = is_file(request) && first.swap(false, Ordering::SeqCst);
        breaks.then(|| shelf.answer(request).header("X", "y").fault(Fault::Truncate(200_000)))
    })
    .await;
    server.put(&large());
    server.change(|shelf| shelf.hashes = false);
    let bench = Bench::at(server.url());
    let index = bench.client();
    let found = project(&index, "large").await.unwrap();
    let changed = large().requires("c");
    let (digest, ()) = tokio::join!(index.digest(&found.files[0]), async {
        while server.count("GET /files/") == 0 {
            tokio::task::yield_now().await;
        }
        server.put(&changed);
    });
    let size = [large().build(), changed.build()].map(|bytes| (Digest::of(&bytes), bytes.len() as u64));
    match digest {
        Ok(found) => assert!(size.contains(&found)),
        Err(error) => assert!(matches!(error, IndexError::WrongSize { .. }), "{error}"),
    }
}

#[tokio::test]
async fn a_page_in_the_place_of_a_wheel_is_one_to_log_in_on() {
    let server = PackageIndex::scripted(|request, _| {
        is_file(request).then(|| Answer::new(200).header("Content-Type", "text/html").body("<form>"))
    })
    .await;
    server.put(&large());
    let error = Bench::new().client().wheel(&the_wheel(&server).await).await.unwrap_err();
    assert!(matches!(error, IndexError::LoginPage { .. }), "{error}");
}

#[tokio::test]
async fn a_truncated_wheel_is_refused_by_name() {
    let server = breaking(usize::MAX, Fault::Truncate(300_000)).await;
    server.change(|shelf| shelf.ranges = false);
    let error = Bench::new().client().wheel(&the_wheel(&server).await).await.unwrap_err();
    assert!(matches!(error, IndexError::Interrupted { .. } | IndexError::WrongSize { .. }), "{error}");
    assert!(error.to_string().contains("large-1.0-py3-none-any.whl"), "{error}");
}
