//! What the repository remembers is a hint: lies, gaps and refusals cost time, never a wrong image.

use super::*;
use crate::support::fake_registry::error;

/// A world whose demo is deployed and locked, with the layers of that image: base, heavy, app, project.
async fn deployed() -> (World, Value, Vec<String>) {
    let world = World::new().await;
    world.run(&["lock", "demo"]).await.exits(0);
    let (deployed, _) = world.deployed(&[]).await;
    let layers = world.layers(&deployed);
    (world, deployed, layers)
}

impl World {
    /// Replaces the record by what `change` makes of its text.
    fn change_record(&self, change: impl FnOnce(String) -> String) {
        let text = String::from_utf8(self.registry.manifest("demo", RECORD).unwrap()).unwrap();
        self.registry.put_manifest("demo", RECORD, MANIFEST, change(text).as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_with_other_digests_is_told_and_not_believed() {
    let (world, honest, layers) = deployed().await;
    let lie = world.registry.put_blob("demo", &noise(700));
    world.change_record(|text| text.replace(&layers[1], &lie.to_string()));
    // What this machine has is compared once the record is read, for what it has not.
    world.index.put(&Wheel::new("more", "1.0"));
    world.write_project("dependencies: [app, more]\n");
    let ran = world.deploy(&[]).await.exits(0);
    ran.says(&["warning: the repository remembers", &lie.to_string(), "heavy 1.0", &layers[1], "--no-remote-cache"]);
    let now = String::from_utf8(world.registry.manifest("demo", RECORD).unwrap()).unwrap();
    assert!(now.contains(&layers[1]) && !now.contains(&lie.to_string()), "it is put right: {now}");
    world.write_project("dependencies: [app]\n");
    let (again, _) = world.deployed(&[]).await;
    assert_eq!(again["digest"], honest["digest"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_what_is_not_there_is_told_once_it_is_made() {
    let (mut world, _, layers) = deployed().await;
    let lie = Digest::of(b"not there").to_string();
    world.change_record(|text| text.replace(&layers[1], &lie));
    world.edit();
    world.elsewhere();
    let ran = world.deploy(&["--locked", "--output", "json"]).await.exits(0);
    assert_eq!(world.layers(&ran.json())[..3], layers[..3]);
    ran.says(&["warning: the repository remembers", &lie, &layers[1]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_the_repository_lost_is_made() {
    let (mut world, _, layers) = deployed().await;
    world.edit();
    world.elsewhere();
    world.registry.collect("demo", layers[1].parse().unwrap());
    let (again, asked) = world.deployed(&["--locked"]).await;
    assert_eq!(world.layers(&again)[..3], layers[..3]);
    assert!(world.registry.has_blob("demo", layers[1].parse().unwrap()));
    assert_eq!(asked.wheels(), 1, "heavy alone: {:#?}", asked.index);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_goes_between_question_and_push_is_made_after_all() {
    let (mut world, _, layers) = deployed().await;
    world.edit();
    world.elsewhere();
    // It was there when it was asked for, and is not when the manifest names it.
    let (heavy, mut is_collected) = (layers[1].clone(), false);
    world.rule(move |request, store| {
        let is_image = request.method == "PUT" && request.path.ends_with("/demo/manifests/dev");
        is_collected |= is_image && !is_collected && store.collect("demo", &heavy);
        (is_image && !store.holds("demo", &heavy)).then(|| error(400, "MANIFEST_BLOB_UNKNOWN"))
    });
    let (_, asked) = world.deployed(&["--locked"]).await;
    assert!(world.registry.has_blob("demo", layers[1].parse().unwrap()));
    assert_eq!(asked.count("PUT", "/demo/manifests/dev"), 2, "refused once, then taken: {:#?}", asked.lines());
    assert_eq!(asked.wheels(), 2, "nothing is taken from the repository any more: {:#?}", asked.index);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_under_the_records_tag_is_told_and_replaced() {
    let (mut world, honest, _) = deployed().await;
    for garbage in ["garbage", "{}", "{\"layers\": 7}"] {
        world.registry.put_manifest("demo", RECORD, MANIFEST, garbage.as_bytes());
        world.elsewhere();
        let ran = world.deploy(&["--locked", "--output", "json"]).await.exits(0);
        assert_eq!(ran.json()["digest"], honest["digest"], "{garbage}");
        ran.says(&["warning: ", RECORD]);
        let record = String::from_utf8(world.registry.manifest("demo", RECORD).unwrap()).unwrap();
        assert!(record.contains("io.leoflow.layers"), "{record}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_does_not_take_or_give_the_record_is_no_failure() {
    for (method, status) in [("PUT", 400), ("PUT", 403), ("PUT", 405), ("HEAD", 403), ("HEAD", 405)] {
        let world = World::new().await;
        world.rule(move |request, _| {
            let is_record = request.path.contains("/leoflow-cache-");
            (is_record && request.method == method).then(|| error(status, "DENIED"))
        });
        let ran = world.deploy(&["--registry-timeout", "20"]).await.exits(0);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        if method == "PUT" {
            ran.says(&["warning: ", RECORD]);
            assert_eq!(world.registry.manifest("demo", RECORD), None, "{method} {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_could_not_be_written_is_written_by_the_next_deploy() {
    let world = World::new().await;
    world.rule(move |request, _| {
        let is_record = request.method == "PUT" && request.path.ends_with(RECORD);
        is_record.then(|| error(400, "MANIFEST_INVALID"))
    });
    world.deploy(&[]).await.exits(0).says(&["warning: ", RECORD]);
    assert_eq!(world.registry.manifest("demo", RECORD), None);
    world.rule(|_, _| None);
    world.deployed(&[]).await;
    assert!(world.registry.manifest("demo", RECORD).is_some());
    let (_, asked) = world.deployed(&[]).await;
    assert_eq!(asked.count("GET", RECORD) + asked.count("PUT", RECORD), 0, "it is known to be there");
}
