//! What a push would move: asked for, and nothing written.

use leoflow::image::Artifact;
use leoflow::layers::Digest;
use leoflow::registry::{Client, Fate, RegistryError, Survey};

use super::samples::*;
use crate::support::fake_registry::{FakeRegistry, error};
use crate::support::scripted::Answer;

async fn survey(client: &Client, host: &str, name: &str, image: &Artifact) -> Result<Survey, RegistryError> {
    let tag = tag("v1");
    client.survey(&repository(host, name), &tag, image).await
}

/// The fates of the blobs: config, layer of the base, layer of ours.
fn fates(survey: &Survey) -> Vec<Fate> {
    survey.blobs.iter().map(|blob| blob.fate).collect()
}

fn sample(from: &str) -> Artifact {
    let from = repository(from, "base/python");
    Artifact::from(&image(vec![base_layer(BASE_LAYER, &from), layer(b"ours")]))
}

#[tokio::test]
async fn a_survey_foretells_the_push_with_questions_alone() {
    let registry = FakeRegistry::start().await;
    put_base(&registry);
    let (client, image) = (client(), sample(&registry.host()));
    let foretold = survey(&client, &registry.host(), "team/etl", &image).await.unwrap();
    let requests = registry.server.requests();
    assert!(requests.iter().all(|request| request.method == "HEAD"), "{requests:#?}");
    assert_eq!(requests.len(), 1 + 3, "the tag, and each blob");
    assert_eq!(fates(&foretold), [Fate::Upload, Fate::Mount, Fate::Upload]);
    assert!(!foretold.is_unchanged() && foretold.blobs.iter().all(|blob| blob.told));
    let tag = tag("v1");
    let pushed = client.push(&repository(&registry.host(), "team/etl"), &tag, &image).await.unwrap();
    assert_eq!((foretold.upload_bytes(), foretold.pinned), (pushed.uploaded_bytes, pushed.pinned));

    let before = registry.server.requests().len();
    let again = survey(&client, &registry.host(), "team/etl", &image).await.unwrap();
    assert_eq!(registry.server.requests().len(), before + 1, "the tag says it all");
    assert!(again.is_unchanged() && fates(&again).iter().all(|fate| *fate == Fate::Present));
}

#[tokio::test]
async fn a_base_elsewhere_is_copied() {
    let (registry, elsewhere) = (FakeRegistry::start().await, FakeRegistry::start().await);
    put_base(&elsewhere);
    let foretold = survey(&client(), &registry.host(), "team/etl", &sample(&elsewhere.host())).await.unwrap();
    assert_eq!(fates(&foretold), [Fate::Upload, Fate::Copy, Fate::Upload]);
    assert!(elsewhere.server.requests().is_empty(), "nobody asks where the base is");
}

#[tokio::test]
async fn a_blob_of_another_length_is_not_there() {
    let ours = Digest::of(b"ours").to_string();
    let registry = FakeRegistry::scripted(move |request, _| {
        (request.method == "HEAD" && request.path.ends_with(&ours)).then(|| Answer::new(200).body(b"our".to_vec()))
    })
    .await;
    let foretold = survey(&client(), &registry.host(), "team/etl", &sample(&registry.host())).await.unwrap();
    assert_eq!(foretold.blob(Digest::of(b"ours")).unwrap().fate, Fate::Upload);
}

#[tokio::test]
async fn a_registry_that_refuses_to_tell_is_taken_to_have_nothing() {
    for (status, told) in [(404, true), (403, false), (405, false), (400, false)] {
        let script = move |request: &crate::support::scripted::Request, _: &mut _| {
            (request.method == "HEAD").then(|| error(status, "DENIED"))
        };
        let registry = FakeRegistry::scripted(script).await;
        let foretold = survey(&client(), &registry.host(), "team/etl", &sample(&registry.host())).await.unwrap();
        assert!(foretold.blobs.iter().all(|blob| blob.told == told), "{status}");
        assert_eq!(foretold.sum(Fate::Present), (0, 0), "{status}");
    }
}

#[tokio::test]
async fn a_registry_that_takes_no_credential_of_ours_is_an_error() {
    let registry = FakeRegistry::scripted(|_, _| Some(error(401, "UNAUTHORIZED"))).await;
    let refused = survey(&client(), &registry.host(), "team/etl", &sample(&registry.host())).await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
}
