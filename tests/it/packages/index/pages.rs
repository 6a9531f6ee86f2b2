//! What pages and directories say of files, and who is asked.

use std::fs;

use super::*;
use crate::support::package_index::{File, PackageIndex};
use crate::support::scripted::Answer;

fn wheel() -> Wheel {
    Wheel::new("a.b", "1.0").requires("c>=2").python(">=3.8")
}

#[tokio::test]
async fn json_and_html_say_the_same() {
    let server = PackageIndex::of(&[wheel(), Wheel::new("a-b", "2.0").tag("cp311-cp311-manylinux_2_17_x86_64")]).await;
    server.put_file("a-b", File { yanked: Some("broken".into()), ..File::new("a_b-0.9.tar.gz", "x") });
    server.put_file("a-b", File::new("other-1.0-py3-none-any.whl", "x"));
    let json = project(&Bench::at(server.url()).client(), "a-b").await.unwrap();
    server.change(|shelf| shelf.json = false);
    let html = project(&Bench::at(server.url()).client(), "a-b").await.unwrap();
    let without_sizes = |project: &Found| {
        let mut project = project.clone();
        project.files.iter_mut().for_each(|file| file.size = None);
        project
    };
    assert_eq!(without_sizes(&json), without_sizes(&html));
    let [one, _, source, other] = &html.files[..] else { panic!("{html:?}") };
    assert_eq!(one.requires_python.as_ref().unwrap().to_string(), ">=3.8");
    assert!(one.sha256.is_some() && matches!(one.metadata, Some(Some(_))));
    assert_eq!((&source.kind, source.yanked.as_deref()), (&FileKind::Source("0.9".parse().unwrap()), Some("broken")));
    assert_eq!(other.kind, FileKind::Other, "a wheel of another project is none of this one");
}

#[tokio::test]
async fn the_first_index_that_has_a_name_is_the_only_one() {
    let first = PackageIndex::of(&[Wheel::new("mine", "1.0")]).await;
    let second = PackageIndex::of(&[Wheel::new("mine", "9.0"), Wheel::new("public", "1.0")]).await;
    let bench = Bench::at(first.url()).index(second.url());
    let index = bench.client();
    assert_eq!(names(&project(&index, "mine").await.unwrap()), ["mine-1.0-py3-none-any.whl"]);
    assert_eq!(second.count("GET /simple/mine/"), 0, "nobody else is even asked for it");
    assert_eq!(project(&index, "public").await.unwrap().index, second.url());
    let error = project(&index, "pandsa").await.unwrap_err();
    assert!(matches!(&error, IndexError::NoSuchProject { asked, .. } if asked.len() == 2), "{error}");
    assert_eq!(error.help().as_deref(), Some("did you mean `pandas`?"));
}

#[tokio::test]
async fn a_name_that_is_well_known_is_not_corrected_to_itself() {
    let empty = PackageIndex::of(&[]).await;
    let wheels = tempfile::tempdir().unwrap();
    let question = format!("{} has nothing of that name: is this the URL of its simple API", empty.url());
    for (bench, helped) in [
        (Bench::at(empty.url()), question.as_str()),
        (Bench::new().find_links(wheels.path()), "put wheels of `requests` there, or name the index to ask"),
    ] {
        let help = project(&bench.client(), "requests").await.unwrap_err().help().unwrap();
        assert!(help.starts_with(helped) && !help.contains("did you mean"), "{help}");
    }
}

#[tokio::test]
async fn an_index_that_fails_is_not_passed_over() {
    let broken = PackageIndex::scripted(|_, _| Some(Answer::new(403))).await;
    let second = PackageIndex::of(&[wheel()]).await;
    let bench = Bench::at(broken.url()).index(second.url());
    let error = project(&bench.client(), "a-b").await.unwrap_err();
    assert!(matches!(error, IndexError::Denied { status: 403, presented: false, .. }), "{error}");
    assert_eq!(second.count("GET"), 0);
}

#[tokio::test]
async fn directories_are_looked_at_beside_the_index() {
    let server = PackageIndex::of(&[wheel()]).await;
    let directory = tempfile::tempdir().unwrap();
    let newer = Wheel::new("a.b", "3.0").requires("d");
    fs::write(directory.path().join(newer.filename()), newer.build()).unwrap();
    fs::write(directory.path().join("README.txt"), "x").unwrap();
    let bench = Bench::at(server.url()).find_links(directory.path());
    let both = project(&bench.client(), "a-b").await.unwrap();
    assert_eq!(names(&both), ["a_b-3.0-py3-none-any.whl", "a_b-1.0-py3-none-any.whl"]);
    // With --no-index, nothing else is asked.
    let index = Bench::new().find_links(directory.path()).client();
    let local = project(&index, "a-b").await.unwrap();
    assert_eq!(names(&local), ["a_b-3.0-py3-none-any.whl"]);
    assert_eq!(index.metadata(&local.files[0]).await.unwrap().requires[0].to_string(), "d");
    let (sha256, size) = index.digest(&local.files[0]).await.unwrap();
    assert_eq!((sha256, size), (Digest::of(&newer.build()), newer.build().len() as u64));
    assert!(matches!(project(&index, "x").await, Err(IndexError::NoSuchProject { .. })));
}

#[tokio::test]
async fn a_page_of_links_lists_files_of_all_projects() {
    let server = PackageIndex::scripted(|request, _| {
        let page = "<base href='/files/'><a href='a_b-1.0-py3-none-any.whl'>x</a><a href='c-1-py3-none-any.whl'>y</a>";
        (request.path == "/links").then(|| Answer::new(200).header("Content-Type", "text/html").body(page))
    })
    .await;
    server.put(&wheel());
    let mut bench = Bench::new();
    let page = format!("http://{}/links", server.server.host());
    bench.sources.find_links.push(FindLinks::Page(page.parse().unwrap()));
    let index = bench.client();
    let found = project(&index, "a-b").await.unwrap();
    assert_eq!(names(&found), ["a_b-1.0-py3-none-any.whl"]);
    assert_eq!(index.digest(&found.files[0]).await.unwrap().0, Digest::of(&wheel().build()));
}

#[tokio::test]
async fn many_who_ask_at_once_ask_once() {
    let server = PackageIndex::of(&[wheel()]).await;
    let bench = Bench::at(server.url());
    let index = bench.client();
    let asks = (0..20).map(|_| async {
        let found = project(&index, "a-b").await.unwrap();
        index.metadata(&found.files[0]).await.unwrap();
        found
    });
    let wheel = locked(&futures_util::future::join_all(asks).await[0].files[0]);
    futures_util::future::join_all((0..20).map(|_| async { index.wheel(&wheel).await.unwrap() })).await;
    assert_eq!((server.count("GET /simple/"), server.count("GET /files/")), (1, 2));
}

#[tokio::test]
async fn a_page_is_asked_for_again_once_it_is_stale() {
    let server = PackageIndex::of(&[wheel()]).await;
    let bench = Bench::at(server.url());
    for _ in 0..2 {
        let index = bench.caching();
        let found = project(&index, "a-b").await.unwrap();
        index.metadata(&found.files[0]).await.unwrap();
    }
    assert_eq!(server.count("GET"), 2, "page and metadata, once each");
    server.change(|shelf| shelf.freshness = "max-age=0");
    let stale = Bench::at(server.url());
    for _ in 0..2 {
        assert_eq!(names(&project(&stale.caching(), "a-b").await.unwrap()), ["a_b-1.0-py3-none-any.whl"]);
    }
    let last = server.server.requests().pop().unwrap();
    assert!(last.header("if-none-match").is_some(), "{last:?}");
    server.put(&Wheel::new("a-b", "2.0"));
    assert_eq!(project(&stale.caching(), "a-b").await.unwrap().files.len(), 2);
}

#[tokio::test]
async fn what_is_kept_of_a_page_says_what_the_page_says() {
    let server = PackageIndex::of(&[wheel(), Wheel::new("a-b", "2.0").tag("cp311-cp311-manylinux_2_17_x86_64")]).await;
    server.put_file("a-b", File { yanked: Some("broken\n\there".into()), ..File::new("a_b-0.9.tar.gz", "x") });
    server.put_file("a-b", File { uploaded: Some("2024-01-01T00:00:00Z".into()), ..File::new("a_b-0.8.zip", "x") });
    for json in [true, false] {
        server.change(|shelf| shelf.json = json);
        let bench = Bench::at(server.url());
        let asked = project(&bench.client(), "a-b").await.unwrap();
        let (first, kept) = (project(&bench.caching(), "a-b").await, project(&bench.caching(), "a-b").await);
        assert_eq!((first.unwrap(), kept.unwrap()), (asked.clone(), asked));
    }
    assert_eq!(server.count("GET /simple/"), 4, "what was kept is not asked for");
}

#[tokio::test]
async fn what_is_kept_and_spoilt_is_asked_for_again() {
    let server = PackageIndex::of(&[wheel()]).await;
    let bench = Bench::at(server.url());
    project(&bench.caching(), "a-b").await.unwrap();
    let answers = bench.directory.path().join("cache/answers");
    let path = fs::read_dir(&answers).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 1;
        fs::write(&path, if at % 2 == 0 { &spoilt } else { &whole[..at] }).unwrap();
        assert_eq!(names(&project(&bench.caching(), "a-b").await.unwrap()), ["a_b-1.0-py3-none-any.whl"], "{at}");
        assert_eq!(fs::read(&path).unwrap(), whole, "{at}");
    }
}

#[tokio::test]
async fn several_that_share_a_cache_come_to_the_same() {
    let server = PackageIndex::of(&[wheel()]).await;
    server.change(|shelf| shelf.freshness = "max-age=0");
    let bench = Bench::at(server.url());
    for _ in 0..5 {
        let clients: Vec<Index> = (0..8).map(|_| bench.caching()).collect();
        let found = futures_util::future::join_all(clients.iter().map(|index| project(index, "a-b"))).await;
        assert!(found.into_iter().all(|found| names(&found.unwrap()) == ["a_b-1.0-py3-none-any.whl"]));
    }
}

#[tokio::test]
async fn offline_uses_what_was_kept_and_asks_nobody() {
    let server = PackageIndex::of(&[wheel()]).await;
    server.change(|shelf| shelf.freshness = "no-cache");
    let bench = Bench::new().index(format!("http://{}/empty/", server.server.host())).index(server.url());
    let found = project(&bench.caching(), "a-b").await.unwrap();
    bench.caching().wheel(&locked(&found.files[0])).await.unwrap();
    let asked = server.count("");
    let offline = Index::new(IndexOptions { offline: true, cache: bench.cache(), ..bench.options() }).unwrap();
    let again = project(&offline, "a-b").await.unwrap();
    offline.wheel(&locked(&again.files[0])).await.unwrap();
    let error = project(&offline, "other").await.unwrap_err();
    assert!(matches!(error, IndexError::Offline { .. }), "{error}");
    assert_eq!(server.count(""), asked);
}

#[tokio::test]
async fn metadata_comes_from_parts_of_a_wheel_that_has_none_beside_it() {
    let large = large().requires("c>=2");
    let server = PackageIndex::of(std::slice::from_ref(&large)).await;
    server.change(|shelf| shelf.beside = false);
    let bench = Bench::at(server.url());
    let index = bench.client();
    let found = project(&index, "large").await.unwrap();
    assert_eq!(index.metadata(&found.files[0]).await.unwrap().requires[0].to_string(), "c>=2");
    assert_eq!(bench.received(), 0, "nothing is downloaded for it");
    // Where there are no parts, the whole wheel is.
    server.change(|shelf| shelf.ranges = false);
    let bench = Bench::at(server.url());
    assert_eq!(bench.client().metadata(&found.files[0]).await.unwrap().requires.len(), 1);
    assert_eq!(bench.received(), large.build().len() as u64);
}

fn noise(seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..50).map(|_| random.u8(..)).collect()
}

#[tokio::test]
async fn metadata_is_found_in_a_wheel_of_many_files() {
    let many = (0..3000)
        .fold(large().requires("c"), |wheel, n| wheel.file(&format!("large/module_of_some_length_{n}.py"), "x"));
    // The other has METADATA first, far from the list.
    let far = large().file("large-1.0.dist-info/METADATA", many.metadata());
    let far = (0..3000).fold(far, |wheel, n| wheel.file(&format!("large/module_{n}.py"), noise(n)));
    for wheel in [many, far] {
        let server = PackageIndex::of(&[wheel]).await;
        server.change(|shelf| shelf.beside = false);
        let bench = Bench::at(server.url());
        let index = bench.client();
        let found = project(&index, "large").await.unwrap();
        assert_eq!(index.metadata(&found.files[0]).await.unwrap().requires.len(), 1);
        assert_eq!(bench.received(), 0, "nothing is downloaded for it");
        assert!(server.count("GET /files/") <= 3);
    }
}

#[tokio::test]
async fn metadata_that_is_promised_and_not_there_is_read_from_the_wheel() {
    let server =
        PackageIndex::scripted(|request, _| request.path.ends_with(".metadata").then(|| Answer::new(404))).await;
    server.put(&wheel());
    let index = Bench::at(server.url()).client();
    let found = project(&index, "a-b").await.unwrap();
    assert_eq!(index.metadata(&found.files[0]).await.unwrap().requires.len(), 1);
}

#[tokio::test]
async fn metadata_must_be_that_of_its_wheel() {
    for (wheel, expected) in [
        (wheel().header("Name", "evil"), "its metadata says `Name: evil`"),
        (wheel().header("Version", "1.1"), "its metadata says `Version: 1.1`"),
        (wheel().header("Version", "one"), "cannot read the metadata of `a_b-1.0-py3-none-any.whl`"),
        (wheel().requires("-e ."), "`Requires-Dist: -e .`"),
    ] {
        let server = PackageIndex::of(std::slice::from_ref(&wheel)).await;
        let index = Bench::at(server.url()).client();
        let found = project(&index, "a-b").await.unwrap();
        let error = index.metadata(&found.files[0]).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn metadata_of_old_is_read_as_it_was_meant_and_told() {
    let wheel = wheel().requires("six (>=1.0.*)").header("Description", "first\n        Requires-Dist: no");
    let server = PackageIndex::of(&[wheel]).await;
    let bench = Bench::at(server.url());
    let index = bench.client();
    let found = project(&index, "a-b").await.unwrap();
    let metadata = index.metadata(&found.files[0]).await.unwrap();
    let requires: Vec<String> = metadata.requires.iter().map(ToString::to_string).collect();
    assert_eq!(requires, ["c>=2", "six>=1.0"]);
    assert_eq!(metadata.oddities, ["`Requires-Dist: six (>=1.0.*)` is read as `six (>=1.0)`"]);
}
