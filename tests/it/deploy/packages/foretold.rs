//! What a dry run says of packages, and that it sends none of them.

use serde_json::json;

use super::World;
use crate::support::wheels::Wheel;

#[tokio::test(flavor = "multi_thread")]
async fn packages_that_would_change_are_told_and_not_sent() {
    let world = World::new().await;
    world.deployed(&[]).await;
    world.index.put(&Wheel::new("app", "1.1").requires("heavy>=1"));
    world.index.put(&Wheel::new("extra", "2.0"));
    world.write_project("dependencies: [\"app>=1.1\", extra]\n");
    world.forget_pages();
    let asked_before = world.registry.server.requests().len();
    let plan = world.deploy(&["--dry-run", "--exit-code", "--output", "json"]).await.exits(10).json();
    let packages = &plan["before"]["diff"][0]["packages"];
    let app = json!({"name": "app", "before": "1.0", "now": "1.1"});
    assert_eq!(packages, &json!([app, {"name": "extra", "before": null, "now": "2.0"}]));
    assert_eq!(plan["platforms"][0]["packages"], json!({"app": "1.1", "extra": "2.0", "heavy": "1.0"}));
    let layers = plan["platforms"][0]["layers"].as_array().unwrap();
    let fates: Vec<_> = layers.iter().map(|layer| (layer["title"].as_str(), layer["fate"].as_str().unwrap())).collect();
    let expected = [(None, "present"), (Some("heavy 1.0"), "present"), (Some("2 small packages"), "upload")];
    assert_eq!(fates[..3], expected, "{layers:#?}");

    let asked = world.registry.server.requests().split_off(asked_before);
    let writing: Vec<&str> =
        asked.iter().map(|request| &*request.method).filter(|method| !["GET", "HEAD"].contains(method)).collect();
    assert_eq!((writing, world.registry.open_uploads()), (vec!["POST", "DELETE"], 0), "an upload opened and cancelled");
    assert!(asked.iter().all(|request| request.body.is_empty()));
    let text = world.deploy(&["--dry-run"]).await.exits(0).stdout;
    for line in ["  ~ package app  1.0 -> 1.1\n", "  + package extra  2.0\n", "heavy 1.0\n"] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_says_its_packages_on_any_machine() {
    let mut world = World::new().await;
    let (first, _) = world.deployed(&[]).await;
    assert_eq!(world.manifest(&first)["annotations"]["io.leoflow.packages"], "app==1.0 heavy==1.0");
    world.index.put(&Wheel::new("app", "1.1").requires("heavy>=1"));
    world.elsewhere();
    world.write_project("dependencies: [\"app>=1.1\"]\n");
    let (second, _) = world.deployed(&[]).await;
    let image = |deployed: &serde_json::Value| deployed["image"].as_str().unwrap().to_owned();
    let (old, new) = (image(&first), image(&second));
    let mut diff = world.home.leoflow();
    diff.args(["diff", &old, &new]);
    let ran = super::finished(diff).await.exits(0);
    assert!(ran.stdout.contains("  ~ package app  1.0 -> 1.1\n"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("heavy"), "what both have is not listed: {}", ran.stdout);
}
