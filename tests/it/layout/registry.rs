//! Between registries and files.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use leoflow::credentials::Keychain;
use leoflow::image::{Artifact, Descriptor};
use leoflow::layers::Digest;
use leoflow::layout::{SaveError, save};
use leoflow::reference::{LocalPlace, Reference, Repository};
use leoflow::registry::{Client, Options, RegistryError};

use super::samples::*;
use crate::support::fake_registry::FakeRegistry;
use crate::support::scripted::{Answer, Fault};

fn client(deadline: Duration) -> Client {
    let backoff = Duration::from_millis(1);
    Client::new(Options { backoff, deadline, ..Options::new(Keychain::default()) }).unwrap()
}

/// Long enough for everything.
const AMPLE: Duration = Duration::from_secs(60);

async fn save_from(client: &Client, artifact: &Artifact, place: &LocalPlace) -> Result<(), SaveError<RegistryError>> {
    let fetch = async |repository: &Repository, descriptor: &Descriptor| Ok(client.blob(repository, descriptor));
    save(artifact, place, &names("v1", None), fetch).await
}

fn reference(registry: &FakeRegistry, rest: &str) -> Reference {
    format!("{}/{rest}", registry.host()).parse().unwrap()
}

async fn push(client: &Client, registry: &FakeRegistry, artifact: &Artifact) {
    let repository = reference(registry, "org/etl").repository;
    client.push(&repository, &"v1".parse().unwrap(), artifact).await.unwrap();
}

#[tokio::test]
async fn an_image_comes_back_from_its_travels_as_it_left() {
    let directory = tempfile::tempdir().unwrap();
    let (outside, inside, client) = (FakeRegistry::start().await, FakeRegistry::start().await, client(AMPLE));
    let tree = tree();
    push(&client, &outside, &tree).await;
    let pulled = client.pull(&reference(&outside, "org/etl:v1")).await.unwrap();
    let (folder, archive) = (place(&directory, "oci:dir"), place(&directory, "oci:x.tar"));
    save_from(&client, &pulled, &folder).await.unwrap();
    save_from(&client, &read(&folder).unwrap(), &archive).await.unwrap();
    push(&client, &inside, &read(&archive).unwrap()).await;
    let back = client.pull(&reference(&inside, "org/etl:v1")).await.unwrap();
    assert_eq!((back.digest(), &back.document), (tree.digest(), &tree.document));
    let again = place(&directory, "oci:again");
    save_from(&client, &back, &again).await.unwrap();
    assert_eq!(content(&read(&again).unwrap()), content(&tree));
}

/// Pulls an image into a layout from a registry that answers the first so many requests for its layer by `answer`.
async fn pulled_despite(
    times: usize,
    answer: fn(Answer) -> Answer,
    deadline: Duration,
) -> (Result<(), RegistryError>, usize) {
    let left = AtomicUsize::new(times);
    let path = format!("/v2/org/etl/blobs/{}", Digest::of(LAYER));
    let registry = FakeRegistry::scripted(move |request, store| {
        let wanted = request.method == "GET" && request.path == path;
        let spoil = wanted && left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        spoil.then(|| answer(store.answer(request)))
    })
    .await;
    push(&client(AMPLE), &registry, &image("amd64", &[LAYER])).await;
    let directory = tempfile::tempdir().unwrap();
    let (place, client) = (place(&directory, "oci:x.tar"), client(deadline));
    let pulled = client.pull(&reference(&registry, "org/etl:v1")).await.unwrap();
    let result = match save_from(&client, &pulled, &place).await {
        Ok(()) => {
            assert_eq!(content(&read(&place).unwrap()), content(&image("amd64", &[LAYER])));
            Ok(())
        }
        Err(SaveError::Fetch(error)) => Err(error),
        Err(SaveError::Layout(error)) => panic!("{error}"),
    };
    assert_eq!(files(directory.path()).len(), usize::from(result.is_ok()), "nothing is left of what failed");
    let path = format!("/v2/org/etl/blobs/{}", Digest::of(LAYER));
    let asked =
        registry.server.requests().iter().filter(|request| request.path == path && request.method == "GET").count();
    (result, asked)
}

#[tokio::test]
async fn a_layer_that_breaks_off_is_begun_again_and_arrives_whole() {
    for (what, answer) in [
        ("cut", (|answer| answer.fault(Fault::Truncate(7))) as fn(Answer) -> Answer),
        ("cut at once", |answer| answer.fault(Fault::Truncate(0))),
        ("closed", |answer| answer.fault(Fault::Close)),
        ("busy", |_| Answer::new(503)),
    ] {
        let (result, asked) = pulled_despite(2, answer, AMPLE).await;
        assert!(result.is_ok(), "{what}: {result:?}");
        assert_eq!(asked, 3, "{what}");
    }
}

#[tokio::test]
async fn a_layer_that_never_arrives_ends_in_an_error_of_its_own() {
    let (result, asked) = pulled_despite(99, |answer| answer.fault(Fault::Truncate(7)), AMPLE).await;
    assert!(matches!(result, Err(RegistryError::Interrupted { .. })), "{result:?}");
    assert!(asked > 1);
    let (result, _) = pulled_despite(99, |_| Answer::new(404), AMPLE).await;
    assert!(matches!(result, Err(RegistryError::Refused(_))), "{result:?}");
    let (result, asked) = pulled_despite(99, |answer| answer.body("another text of the same length."), AMPLE).await;
    assert!(matches!(result, Err(RegistryError::WrongSize { .. } | RegistryError::WrongDigest { .. })), "{result:?}");
    assert_eq!(asked, 1, "asked again, it would lie again");
    let (result, _) = pulled_despite(99, |answer| answer.fault(Fault::Hang(7)), Duration::from_millis(300)).await;
    assert!(matches!(result, Err(RegistryError::Deadline { .. })), "{result:?}");
}
