//! What the result says of packages and layers.

use super::*;

/// Returns what is said of the only platform: where packages came from, and each layer in a few words.
fn told(json: &Value) -> (Value, Vec<String>) {
    let platform = &json["platforms"][0];
    let word = |layer: &Value, key: &str| layer[key].as_str().unwrap_or("-").to_owned();
    let words = |layer: &Value| ["holds", "title", "origin", "pushed"].map(|key| word(layer, key)).join(" ");
    let layers = platform["layers"].as_array().unwrap();
    (platform["packages"].clone(), layers.iter().map(words).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_said_where_packages_came_from_and_what_became_of_layers() {
    let mut world = World::new().await;
    let wheels = [Wheel::new("app", "1.0").requires("heavy>=1"), heavy("1.0")];
    let size: usize = wheels.iter().map(|wheel| wheel.build().len()).sum();
    let (first, _) = world.deployed(&[]).await;
    let (packages, layers) = told(&first);
    assert_eq!(packages, json!({"count": 2, "lock": null, "downloaded_bytes": size, "from": {"index": 2}}));
    let made = ["packages heavy 1.0 made uploaded", "packages app 1.0 made uploaded", "project - made uploaded"];
    assert_eq!((layers[0].as_str(), &layers[1..]), ("base - base mounted", &made.map(String::from)[..]));

    world.edit();
    let (packages, layers) = told(&world.deployed(&[]).await.0);
    assert_eq!(packages, json!({"count": 2, "lock": null, "downloaded_bytes": 0, "from": {"cache": 2}}));
    assert_eq!(layers[1], "packages heavy 1.0 cache present");
    assert_eq!(layers[3], "project - made uploaded");

    world.run(&["lock", "demo"]).await.exits(0);
    world.elsewhere();
    let (packages, layers) = told(&world.deployed(&["--locked"]).await.0);
    let lock = world.home.path().join("demo/pylock.linux-amd64-py311.toml");
    assert_eq!(packages["lock"], lock.canonicalize().unwrap().to_str().unwrap());
    assert_eq!(packages["from"], json!({"registry": 2}));
    assert_eq!(layers[1], "packages heavy 1.0 registry present");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_pushes_nothing_and_names_the_lock_in_a_line() {
    let world = World::new().await;
    let build = ["build", "demo", "-o", "oci:image"];
    let text = world.run(&build).await.exits(0).stdout;
    assert!(
        text.contains("\n  packages 2 wheels, ") && text.ends_with(", without a lock (`leoflow lock` writes one)\n")
    );
    world.run(&["lock", "demo"]).await.exits(0);
    let text = world.run(&build).await.exits(0).stdout;
    assert!(text.ends_with(" MiB, by pylock.linux-amd64-py311.toml\n"), "{text}");
    let json = world.run(&[&build[..], &["--output", "json"]].concat()).await.exits(0).json();
    let (packages, layers) = told(&json);
    assert_eq!(packages["from"], json!({"cache": 2}));
    assert_eq!(layers[1], "packages heavy 1.0 cache -");
    assert_eq!(json["platforms"][0]["layers"][1]["packages"], json!(["heavy"]));

    world.write_project("");
    let text = world.run(&[&build[..], &["--output", "json"]].concat()).await.exits(0);
    let none = json!({"count": 0, "lock": null, "downloaded_bytes": 0, "from": {}});
    assert_eq!(text.json()["platforms"][0]["packages"], none);
}
