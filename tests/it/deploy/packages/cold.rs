//! Without a lock: what a first deploy makes, and what the next ones do not make again.

use serde_json::Value;

use super::*;

/// The history of a deployed image, as `docker history` shows it.
fn history(world: &World, manifest: &Value) -> Vec<String> {
    let digest: Digest = manifest["config"]["digest"].as_str().unwrap().parse().unwrap();
    let config: Value = serde_json::from_slice(&world.registry.blob("demo", digest).unwrap()).unwrap();
    let history = config["history"].as_array().unwrap();
    history.iter().map(|step| step["created_by"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_lie_between_base_and_project() {
    let world = World::new().await;
    let (deployed, asked) = world.deployed(&[]).await;
    let manifest = world.manifest(&deployed);
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 4, "{manifest:#}");
    let history = history(&world, &manifest);
    assert_eq!(history[1..4], ["leoflow: heavy 1.0", "leoflow: app 1.0", "COPY . /home/leoflow"], "{history:?}");
    assert!(deployed["image"].as_str().unwrap().contains("@sha256:"));
    let spec = world.control_plane.requests().into_iter().find(|request| request.method == "POST").unwrap();
    let spec: Value = serde_json::from_slice(&spec.body).unwrap();
    assert_eq!(spec["image"], deployed["image"], "pinned");
    assert_eq!(asked.wheels(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_built_is_what_is_deployed() {
    let mut world = World::new().await;
    let platforms = ["--platform", "linux/amd64,linux/arm64", "--output", "json"];
    let built = world.run(&[&["build", "demo", "-o", "oci:image"][..], &platforms].concat()).await.exits(0).json();
    world.elsewhere();
    let (deployed, _) = world.deployed(&platforms[..2]).await;
    assert_eq!(built["digest"], deployed["digest"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_moves_the_code_and_asks_no_index_for_wheels() {
    let world = World::new().await;
    let (first, _) = world.deployed(&[]).await;
    world.edit();
    let (second, asked) = world.deployed(&[]).await;
    assert_eq!(world.layers(&first)[..3], world.layers(&second)[..3]);
    assert_ne!(world.layers(&first)[3], world.layers(&second)[3]);
    assert!(asked.uploaded() < 10_000, "{}", asked.uploaded());
    assert_eq!(asked.index.len(), 0, "{:#?}", asked.index);
    assert_eq!(asked.count("PUT", "/blobs/"), 2, "code and config: {:#?}", asked.lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_deploy_asks_as_little_as_one_without_packages() {
    let world = World::new().await;
    world.deployed(&[]).await;
    let (again, asked) = world.deployed(&[]).await;
    assert_eq!(again["unchanged"], true);
    assert_eq!(asked.registry.len(), 2, "the tags of base and image: {:#?}", asked.lines());
    assert_eq!(asked.index.len(), 0, "{:#?}", asked.index);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_one_package_moves_that_package() {
    let world = World::new().await;
    let (first, _) = world.deployed(&[]).await;
    world.index.put(&Wheel::new("app", "1.1").requires("heavy>=1"));
    world.write_project("dependencies: [\"app>=1.1\"]\n");
    world.forget_pages();
    let (second, asked) = world.deployed(&[]).await;
    let (first, second) = (world.layers(&first), world.layers(&second));
    let same = |at: usize| first[at] == second[at];
    assert_eq!([0, 1, 2, 3].map(same), [true, true, false, false], "base and heavy; leoflow.yaml is packed too");
    assert!(asked.uploaded() < 10_000, "{}", asked.uploaded());
    assert_eq!(asked.wheels(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn platforms_share_what_is_pure() {
    let world = World::new().await;
    let native = |machine: &str| Wheel::new("native", "1.0").tag(&format!("cp311-cp311-manylinux_2_17_{machine}"));
    world.index.put(&native("x86_64").file("native/x.so", "amd64"));
    world.index.put(&native("aarch64").file("native/x.so", "arm64"));
    world.write_project("dependencies: [app, native]\n");
    let (deployed, asked) = world.deployed(&["--platform", "linux/amd64,linux/arm64"]).await;
    let index = world.manifest(&deployed);
    let images: Vec<Value> = index["manifests"].as_array().unwrap().iter().map(|one| world.manifest(one)).collect();
    let [amd64, arm64] = &images[..] else { panic!("{index:#}") };
    let same = |at: usize| amd64["layers"][at]["digest"] == arm64["layers"][at]["digest"];
    assert_eq!([0, 1, 2, 3].map(same), [false, true, false, true], "{amd64:#}\n{arm64:#}");
    assert_eq!(asked.wheels(), 4, "app, heavy, native twice");
    let heavy = amd64["layers"][1]["digest"].as_str().unwrap();
    let sent = asked.registry.iter().filter(|one| one.method == "PUT" && one.query.contains(&heavy[7..]));
    assert_eq!(sent.count(), 1);
    for platform in ["amd64", "arm64"] {
        assert!(world.registry.manifest("demo", &format!("leoflow-cache-linux-{platform}-py3.11")).is_some());
    }
}
