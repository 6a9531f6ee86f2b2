//! With a lock: what a machine that has nothing needs, and what is said when the lock does not answer.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_machine_moves_the_code_alone() {
    let mut world = World::new().await;
    world.run(&["lock", "demo"]).await.exits(0);
    world.deployed(&[]).await;
    world.edit();
    world.elsewhere();
    let (cold, asked) = world.deployed(&["--locked"]).await;
    assert_eq!(asked.index.len(), 0, "{:#?}", asked.index);
    assert!(asked.uploaded() < 10_000, "{}", asked.uploaded());
    // The base's tag, manifest and config; the record's tag, manifest and config; each of two layers; the image's tag;
    // the base's layer; three each for code and config; the manifest.
    assert_eq!(asked.registry.len(), 3 + 3 + 2 + 1 + 1 + 3 + 3 + 1, "{}: {:#?}", asked.registry.len(), asked.lines());
    assert_eq!(asked.count("PUT", "/blobs/"), 2, "code and config: {:#?}", asked.lines());
    assert_eq!(asked.count("GET", "/base/python/blobs/"), 1, "the base's config, no layer: {:#?}", asked.lines());
    assert_eq!(asked.count("PUT", RECORD), 0, "it is remembered already");

    world.elsewhere();
    let notes = world.registry.manifest("demo", RECORD);
    let (alone, asked) = world.deployed(&["--locked", "--no-remote-cache"]).await;
    assert_eq!(alone["digest"], cold["digest"]);
    assert_eq!((asked.count("GET", RECORD), asked.count("PUT", RECORD)), (0, 0), "{:#?}", asked.lines());
    assert_eq!(asked.wheels(), 2);
    assert_eq!(world.registry.manifest("demo", RECORD), notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_is_told_nothing_without_the_remote_cache() {
    let world = World::new().await;
    world.deployed(&["--no-remote-cache"]).await;
    assert_eq!(world.registry.manifest("demo", RECORD), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_layer_of_the_locks_base_is_read() {
    let world = World::new().await;
    world.run(&["lock", "demo"]).await.exits(0);
    world.forget_caches();
    let (_, asked) = world.deployed(&["--locked"]).await;
    assert_eq!(asked.count("GET", "/base/python/blobs/"), 1, "its config: {:#?}", asked.lines());
    assert_eq!(asked.index.iter().filter(|request| request.path.starts_with("/simple/")).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_required_and_does_not_answer_ends_it() {
    let world = World::new().await;
    let missing = ["there is no lock for linux/amd64", "--locked", "help: run `leoflow lock`"];
    world.deploy(&["--locked"]).await.exits(5).says(&missing);
    world.run(&["lock", "demo"]).await.exits(0);
    let both = ["--locked", "--platform", "linux/amd64,linux/arm64"];
    world.deploy(&both).await.exits(5).says(&["there is no lock for linux/arm64"]);
    world.write_project("dependencies: [\"app>=1\"]\n");
    let stale = ["pylock.linux-amd64-py311.toml", "does not answer any more", "`app` became `app>=1`", "leoflow lock"];
    world.deploy(&["--locked"]).await.exits(5).says(&stale);
    assert_eq!(world.registry.manifest("demo", "dev"), None, "nothing was pushed");
    let warning = ["warning: `pylock.linux-amd64-py311.toml` is stale", stale[2], "with --locked this is an error"];
    world.deploy(&[]).await.exits(0).says(&warning);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_followed_of_a_requirements_file_is_told() {
    let world = World::new().await;
    let hash = |wheel: &Wheel| Digest::of(&wheel.build());
    let app = Wheel::new("app", "1.0").requires("heavy>=1");
    let pins = format!(
        "--index-url https://mirror.example/simple\n--require-hashes\napp==1.0 --hash={}\nheavy==1.0 --hash={}\n",
        hash(&app),
        hash(&heavy("1.0"))
    );
    world.home.write("demo/requirements.txt", &pins);
    let ran = world.deploy(&["--platform", "linux/amd64,linux/arm64"]).await.exits(0);
    assert_eq!(ran.stderr.matches("warning: ").count(), 1, "once, for all platforms:\n{}", ran.stderr);
    ran.says(&[
        "Locked",
        "`--index-url` of a requirements file is not followed",
        "requirements.txt:1:1",
        "--find-links",
    ]);
}
