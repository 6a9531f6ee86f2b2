//! Mirrors: asked first and in order, believed in nothing that a digest can tell, and no reason to fail.

use std::fs;

use futures_util::{StreamExt as _, TryStreamExt as _};
use leoflow::credentials::Keychain;
use leoflow::image::{Descriptor, Image, LayerSource, media_type};
use leoflow::layers::Digest;
use leoflow::registry::{
    Client, Event, Mirror, Network, Options, PullFromMirror, Registries, RegistryError, RegistryRule,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, Store, error};
use crate::support::scripted::{Answer, Fault, Request};

/// A rule for everything in `prefix`.
fn rule(prefix: &str, mirrors: &[&str]) -> RegistryRule {
    let mirror = |&location: &&str| Mirror { location: location.to_owned(), pulls: PullFromMirror::All };
    RegistryRule {
        prefix: prefix.to_owned(),
        location: prefix.to_owned(),
        blocked: false,
        mirrors: mirrors.iter().map(mirror).collect(),
    }
}

fn ruled(rule: RegistryRule) -> Options {
    Options { registries: Registries { rules: vec![rule], ..Registries::default() }, ..options() }
}

/// A registry that has the base, and a mirror that answers by `script` and has it as well.
async fn mirrored(
    script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
) -> (FakeRegistry, FakeRegistry) {
    let (registry, mirror) = (FakeRegistry::start().await, FakeRegistry::scripted(script).await);
    put_base(&registry);
    put_base(&mirror);
    (registry, mirror)
}

fn derived(host: &str) -> Image {
    image(vec![base_layer(BASE_LAYER, &repository(host, "base/python"))])
}

fn passed_over(events: &[Event]) -> Vec<(&str, &str)> {
    let told = events.iter().filter_map(|event| match event {
        Event::MirrorFailed { mirror, reason } => Some((mirror.as_str(), reason.as_str())),
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn a_mirror_spares_the_registry_every_request_and_changes_no_name() {
    let (registry, mirror) = mirrored(|_, _| None).await;
    let target = FakeRegistry::start().await;
    let client = Client::new(ruled(rule(&registry.host(), &[&mirror.host()]))).unwrap();
    let base = pull(&client, &registry.host(), "base/python:3").await.unwrap();
    let canonical = repository(&registry.host(), "base/python");
    assert!(matches!(&base.layers[0].from, LayerSource::Registry(from) if *from == canonical));
    push(&client, &target.host(), "team/etl", &derived(&registry.host())).await.unwrap();
    assert!(target.has_blob("team/etl", Digest::of(BASE_LAYER)));
    assert_eq!((registry.server.requests().len(), mirror.server.requests().len()), (0, 4));
}

#[tokio::test]
async fn a_layer_is_mounted_in_the_registry_that_has_it_whatever_its_mirrors() {
    let (registry, mirror) = mirrored(|_, _| None).await;
    let client = Client::new(ruled(rule(&registry.host(), &[&mirror.host()]))).unwrap();
    let pushed = push(&client, &registry.host(), "team/etl", &derived(&registry.host())).await.unwrap();
    assert_eq!((pushed.mounted, mirror.server.requests().len()), (1, 0));
}

/// Pulls by `reference` past a mirror that answers by `script`, and checks what is said of the mirror.
async fn check_pull(
    situation: &str,
    reference: &str,
    script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
    expected: &str,
) {
    let (registry, mirror) = mirrored(script).await;
    let digest = put_base(&registry);
    let (client, events) = observed(ruled(rule(&registry.host(), &[&mirror.host()])));
    let base = pull(&client, &registry.host(), reference).await.unwrap_or_else(|error| panic!("{situation}: {error}"));
    assert_eq!(base.digest, digest, "{situation}");
    let events = events.lock().unwrap();
    let told = passed_over(&events);
    assert_eq!(told.len(), 1, "{situation}: {events:?}");
    assert!(told[0].0 == mirror.host() && told[0].1.contains(expected), "{situation}: {told:?}");
    assert!(!registry.server.requests().is_empty(), "{situation}");
}

#[tokio::test]
async fn a_mirror_that_fails_in_any_way_gives_way_to_the_registry() {
    let answer = |status| first(ALWAYS, "GET", Answer::new(status));
    let manifest = |bytes: &[u8]| Answer::new(200).header("Content-Type", media_type::OCI_MANIFEST).body(bytes);
    let index_of_nothing = Answer::new(200).header("Content-Type", media_type::OCI_INDEX).body(index(&[]));
    for status in [400, 401, 403, 404, 418, 429, 500, 503] {
        check_pull("a status", "base/python:3", answer(status), &format!("HTTP {status}")).await;
    }
    let challenge = Answer::new(401).header("WWW-Authenticate", "Bearer realm=\"http://169.254.169.254/\"");
    check_pull("a realm", "base/python:3", first(ALWAYS, "GET", challenge), "realm that is not trusted").await;
    let closed = Answer::new(200).fault(Fault::Close);
    check_pull("closed", "base/python:3", first(ALWAYS, "GET", closed), "the connection was closed").await;
    check_pull("no JSON", "base/python:3", first(ALWAYS, "GET", manifest(b"<html>")), "is not JSON").await;
    check_pull("no such platform", "base/python:3", first(1, "GET", index_of_nothing), "no image for linux/amd64")
        .await;
    let blobs = "GET /v2/base/python/blobs/";
    check_pull("wrong config", "base/python:3", first(ALWAYS, blobs, manifest(b"{}")), "bytes, found 2").await;
    let by_digest = format!("base/python@{}", Digest::of(&super::samples::manifest(CONFIG, BASE_LAYER)));
    check_pull("wrong digest", &by_digest, first(ALWAYS, "GET", manifest(b"{}")), "expected sha256:").await;
}

#[tokio::test]
async fn a_mirror_that_is_not_there_is_tried_once_and_the_next_one_asked() {
    let (registry, mirror) = mirrored(|_, _| None).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let (client, events) = observed(ruled(rule(&registry.host(), &[&nobody, "mirror.invalid", &mirror.host()])));
    for _ in 0..2 {
        pull(&client, &registry.host(), "base/python:3").await.unwrap();
    }
    let target = FakeRegistry::start().await;
    push(&client, &target.host(), "team/etl", &derived(&registry.host())).await.unwrap();
    let events = events.lock().unwrap();
    let names: Vec<&str> = passed_over(&events).into_iter().map(|(mirror, _)| mirror).collect();
    assert_eq!(names, [nobody.as_str(), "mirror.invalid"]);
    assert_eq!(registry.server.requests().len(), 0);
}

#[tokio::test]
async fn a_mirror_that_wants_to_be_left_alone_is_not_waited_for() {
    let busy = Answer::new(429).header("Retry-After", "20");
    let (registry, mirror) = mirrored(first(ALWAYS, "GET", busy)).await;
    let (client, events) = observed(ruled(rule(&registry.host(), &[&mirror.host()])));
    for _ in 0..2 {
        pull(&client, &registry.host(), "base/python:3").await.unwrap();
    }
    let target = FakeRegistry::start().await;
    push(&client, &target.host(), "team/etl", &derived(&registry.host())).await.unwrap();
    assert_eq!(mirror.server.requests().len(), 1);
    let events = events.lock().unwrap();
    let told: Vec<bool> = passed_over(&events).iter().map(|(_, reason)| reason.contains("left alone for")).collect();
    assert_eq!(told, [false, true, true], "{events:?}");
}

#[tokio::test]
async fn when_the_registry_fails_too_its_own_words_are_told() {
    let (_, mirror) = mirrored(first(ALWAYS, "GET", Answer::new(404))).await;
    let registry = FakeRegistry::start().await;
    let client = Client::new(ruled(rule(&registry.host(), &[&mirror.host()]))).unwrap();
    let error = pull(&client, &registry.host(), "base/python:3").await.unwrap_err();
    assert!(error.to_string().contains(&format!("read the image {}/base/python (3)", registry.host())), "{error}");
}

/// Streams a layer whose mirror answers by `script`; returns how often registry and mirror were asked for it.
async fn streamed(
    script: impl Fn(&Request, &mut Store) -> Option<Answer> + Send + Sync + 'static,
) -> (usize, usize, Vec<String>) {
    let (registry, mirror) = mirrored(script).await;
    let target = FakeRegistry::start().await;
    let (client, events) = observed(ruled(rule(&registry.host(), &[&mirror.host()])));
    push(&client, &target.host(), "team/etl", &derived(&registry.host())).await.unwrap();
    assert!(target.has_blob("team/etl", Digest::of(BASE_LAYER)));
    let reasons = passed_over(&events.lock().unwrap()).into_iter().map(|(_, reason)| reason.to_owned()).collect();
    (registry.server.count("GET"), mirror.server.count("GET"), reasons)
}

#[tokio::test]
async fn a_layer_that_a_mirror_spoils_is_streamed_from_the_registry() {
    let mut evil = BASE_LAYER.to_vec();
    evil[0] ^= 1;
    let answer = |bytes: &[u8]| first(ALWAYS, "GET", Answer::new(200).body(bytes));
    for (situation, script, expected) in [
        ("evil", answer(&evil), "expected sha256:"),
        ("short", answer(&BASE_LAYER[1..]), "bytes, found"),
        ("long", answer(&[BASE_LAYER, b"!"].concat()), "bytes, found"),
        ("cut", first(ALWAYS, "GET", Answer::new(200).body(BASE_LAYER).fault(Fault::Truncate(5))), "closed"),
        ("gone", first(ALWAYS, "GET", error(404, "BLOB_UNKNOWN")), "HTTP 404"),
        ("busy", first(ALWAYS, "GET", Answer::new(503)), "HTTP 503"),
    ] {
        let (from_registry, from_mirror, reasons) = streamed(script).await;
        assert_eq!((from_registry, from_mirror, reasons.len()), (1, 1, 1), "{situation}: {reasons:?}");
        assert!(reasons[0].contains(expected), "{situation}: {reasons:?}");
    }
}

#[tokio::test]
async fn two_mirrors_at_one_host_are_asked_each() {
    let (registry, mirror, target) =
        (FakeRegistry::start().await, FakeRegistry::start().await, FakeRegistry::start().await);
    put_base(&registry);
    mirror.put_blob("two/base/python", BASE_LAYER);
    let places = [format!("{}/one", mirror.host()), format!("{}/two", mirror.host())];
    let client = Client::new(ruled(rule(&registry.host(), &[&places[0], &places[1]]))).unwrap();
    push(&client, &target.host(), "team/etl", &derived(&registry.host())).await.unwrap();
    assert_eq!((registry.server.count("GET"), mirror.server.count("GET")), (0, 2));
}

/// Reads a blob of 5,000,003 bytes that a mirror answers by `answer`; returns what was handed on or why it ended, and
/// how often the registry was asked.
async fn read(answer: Answer) -> (Result<Vec<u8>, RegistryError>, String, usize) {
    let (registry, mirror) = mirrored(first(ALWAYS, "GET", answer)).await;
    registry.put_blob("base/python", &large());
    let client = Client::new(ruled(rule(&registry.host(), &[&mirror.host()]))).unwrap();
    let descriptor = Descriptor::of(media_type::OCI_LAYER_GZIP, &large());
    let pieces = client.blob(&repository(&registry.host(), "base/python"), &descriptor).boxed_local();
    let read = pieces.map_ok(|piece| piece.to_vec()).try_concat().await;
    (read, mirror.host(), registry.server.count("GET"))
}

fn large() -> Vec<u8> {
    (0..5_000_003_u32).map(|n| (n * 7 % 253) as u8).collect()
}

#[tokio::test]
async fn a_blob_that_a_mirror_began_is_whole_or_an_error() {
    let mut evil = large();
    evil[0] ^= 1;
    let answer = |bytes: &[u8]| Answer::new(200).body(bytes);
    let (read_on, _, asked) = read(answer(&large()).fault(Fault::Truncate(2_000_000))).await;
    assert!(read_on.is_ok_and(|bytes| bytes == large()) && asked == 1, "right bytes, cut");
    for (situation, answer, expected, asked) in [
        ("wrong bytes, cut", answer(&evil).fault(Fault::Truncate(2_000_000)), "expected sha256:", 1),
        ("wrong bytes", answer(&evil), "expected sha256:", 0),
        ("fewer bytes", answer(&evil[..2_000_000]), "expected 5000003 bytes, found 2000000", 0),
    ] {
        let (read, mirror, found) = read(answer).await;
        let error = read.map(|bytes| bytes.len()).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(&mirror), "{situation}: {error}");
        assert_eq!(found, asked, "{situation}");
    }
}

#[tokio::test]
async fn a_mirror_is_shown_its_own_credentials_and_no_others() {
    let login = |request: &Request, _: &mut Store| match request.header("authorization") {
        Some(_) => None,
        None => Some(Answer::new(401).header("WWW-Authenticate", "Basic realm=\"x\"")),
    };
    let (registry, other) = mirrored(login).await;
    let own = FakeRegistry::scripted(login).await;
    put_base(&own);
    let directory = TempDir::new().unwrap();
    let auths = format!(
        r#"{{"auths":{{"{}":{{"auth":"cmVnaXN0cnk6cHc="}},"{}":{{"auth":"bWlycm9yOnB3"}}}}}}"#,
        registry.host(),
        own.host()
    );
    let file = directory.path().join("config.json");
    fs::write(&file, auths).unwrap();
    let keychain = Keychain { files: vec![file], ..Keychain::default() };
    let client =
        Client::new(Options { keychain, ..ruled(rule(&registry.host(), &[&other.host(), &own.host()])) }).unwrap();
    pull(&client, &registry.host(), "base/python:3").await.unwrap();
    let shown = |registry: &FakeRegistry| -> Vec<String> {
        registry.server.requests().iter().filter_map(|r| r.header("authorization").map(str::to_owned)).collect()
    };
    assert_eq!(shown(&other), [""; 0]);
    assert_eq!(shown(&own)[0], "Basic bWlycm9yOnB3");
    assert!(shown(&own).iter().all(|header| header == "Basic bWlycm9yOnB3"));
    assert_eq!(registry.server.requests().len(), 0);
}

#[tokio::test]
async fn what_a_mirror_repeats_is_not_told() {
    let script = |request: &Request, _: &mut Store| match request.header("authorization") {
        Some(shown) => Some(Answer::new(302).header("Location", format!("ftp://x/{}", &shown["Basic ".len()..]))),
        None => Some(Answer::new(401).header("WWW-Authenticate", "Basic realm=\"x\"")),
    };
    let (registry, mirror) = mirrored(script).await;
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("config.json");
    fs::write(&file, format!(r#"{{"auths":{{"{}":{{"auth":"bWlycm9yOnB3"}}}}}}"#, mirror.host())).unwrap();
    let keychain = Keychain { files: vec![file], ..Keychain::default() };
    let (client, events) = observed(Options { keychain, ..ruled(rule(&registry.host(), &[&mirror.host()])) });
    pull(&client, &registry.host(), "base/python:3").await.unwrap();
    let events = events.lock().unwrap();
    let told = passed_over(&events);
    assert!(told[0].1.contains("ftp://x/…") && !told[0].1.contains("bWlycm9yOnB3"), "{told:?}");
}

#[tokio::test]
async fn a_mirror_may_be_for_digests_or_for_tags_alone() {
    let digest = Digest::of(&super::samples::manifest(CONFIG, BASE_LAYER));
    let by_digest = format!("base/python@{digest}");
    for (pulls, reference, expected) in [
        (PullFromMirror::DigestOnly, "base/python:3", false),
        (PullFromMirror::DigestOnly, by_digest.as_str(), true),
        (PullFromMirror::TagOnly, "base/python:3", true),
        (PullFromMirror::TagOnly, by_digest.as_str(), false),
    ] {
        let (registry, mirror) = mirrored(|_, _| None).await;
        let mut rule = rule(&registry.host(), &[&mirror.host()]);
        rule.mirrors[0].pulls = pulls;
        pull(&Client::new(ruled(rule)).unwrap(), &registry.host(), reference).await.unwrap();
        assert_eq!(mirror.server.requests().is_empty(), !expected, "{pulls:?} {reference}");
        assert_eq!(registry.server.requests().is_empty(), expected, "{pulls:?} {reference}");
    }
}

#[tokio::test]
async fn a_prefix_may_lie_elsewhere_and_what_is_blocked_is_not_asked_for() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let mut moved = rule("ghcr.io/org", &[]);
    moved.location = format!("{}/base", registry.host());
    let client = Client::new(ruled(moved)).unwrap();
    let base = pull(&client, "ghcr.io", "org/python:3").await.unwrap();
    assert!(matches!(&base.layers[0].from, LayerSource::Registry(from) if from.to_string() == "ghcr.io/org/python"));

    let mut blocked = rule(&registry.host(), &[&registry.host()]);
    blocked.blocked = true;
    let client = Client::new(ruled(blocked)).unwrap();
    let asked = registry.server.requests().len();
    let target = FakeRegistry::start().await;
    for error in [
        pull(&client, &registry.host(), "base/python:3").await.unwrap_err(),
        push(&client, &registry.host(), "team/etl", &image(vec![])).await.unwrap_err(),
        push(&client, &target.host(), "team/etl", &derived(&registry.host())).await.unwrap_err(),
    ] {
        assert!(matches!(error, RegistryError::Blocked { .. }), "{error}");
        assert!(error.help().is_some_and(|help| help.contains("config.yaml")));
    }
    assert_eq!(registry.server.requests().len(), asked);
}

#[tokio::test]
async fn a_mirror_inside_serves_a_registry_that_may_not_be_asked() {
    let (registry, mirror) = mirrored(|_, _| None).await;
    let network = Network::Only([mirror.host()].into());
    let client = Client::new(Options { network, ..ruled(rule(&registry.host(), &[&mirror.host()])) }).unwrap();
    pull(&client, &registry.host(), "base/python:3").await.unwrap();
    assert_eq!(client.asked(), [(mirror.host(), 3)]);
}
