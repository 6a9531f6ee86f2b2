//! `leoflow tree`, and what it shares with `leoflow lock`.

use serde_json::{Value, json};

use super::commands::World;
use crate::support::Ran;
use crate::support::wheels::Wheel;

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_says_who_wants_what() {
    let world = World::new().await;
    let text = world.run(&["tree", "demo"]).await.exits(0).stdout;
    let names: Vec<&str> = text.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(
        names[..5],
        ["demo for linux/amd64, Python 3.11.9", "", "app 1.0", "├─ lib 1.0", "└─ pip 24.0"],
        "{text}"
    );
    assert!(text.ends_with("1 package of the base\n") && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let why = world.run(&["tree", "demo", "--why", "lib"]).await.exits(0).stdout;
    assert!(why.contains("dependencies: app (leoflow.yaml:2)\n└─ app 1.0\n   └─ lib 1.0\n"), "{why}");
    world.run(&["tree", "demo", "--why", "libs"]).await.exits(1).says(&["did you mean `lib`?"]);
    let json = world.json(&["tree", "demo", "--why", "lib"]).await;
    let platform = &json["platforms"][0];
    assert_eq!((&platform["why"], &platform["lock"]), (&json!([["app", "lib"]]), &Value::Null));
    assert_eq!(platform["packages"][1]["wanted_by"], json!(["app"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_stay_where_they_are_below_long_names() {
    let world = World::new().await;
    let name = "opentelemetry-exporter-with-a-name-that-goes-on-and-on-and-on";
    world.index.put(&Wheel::new(name, "1.0").requires("app"));
    world.asks_for(&format!("[{name}]"));
    let text = world.run(&["tree", "demo"]).await.exits(0).stdout;
    let size = text.lines().find(|line| line.trim_start_matches(['│', ' ']).ends_with("  layer 1")).unwrap();
    assert!(text.contains(&format!("{name} 1.0\n│    ")) && size.chars().count() <= 80, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_chain_is_told() {
    let world = World::new().await;
    world.index.put(&Wheel::new("web", "1.0").requires("lib").requires("app"));
    world.asks_for("[web]");
    let why = world.run(&["tree", "demo", "--why", "lib"]).await.exits(0).stdout;
    assert!(why.ends_with("└─ web 1.0\n   ├─ lib 1.0\n   └─ app 1.0\n      └─ lib 1.0\n"), "{why}");
    let json = world.json(&["tree", "demo", "--why", "lib"]).await;
    let platform = &json["platforms"][0];
    assert_eq!(platform["why"], json!([["web", "lib"], ["web", "app", "lib"]]));
    assert_eq!(platform["why_complete"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_packages_are_an_empty_tree() {
    let world = World::new().await;
    world.asks_for("[]");
    let ran = world.run(&["tree", "demo"]).await.exits(0).says(&["`demo` asks for no packages", "dependencies:"]);
    assert_eq!(ran.stdout, "");
    assert_eq!(world.json(&["tree", "demo"]).await["platforms"], json!([]));
    world.run(&["tree", "demo", "--why", "lib"]).await.exits(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_can_insist_on_a_lock() {
    let world = World::new().await;
    world.run(&["tree", "demo", "--locked"]).await.exits(5).says(&["leoflow lock"]);
    world.run(&["lock", "demo"]).await.exits(0);
    let text = world.run(&["tree", "demo", "--locked"]).await.exits(0).stdout;
    assert!(text.starts_with("demo for linux/amd64, Python 3.11.9, by pylock.linux-amd64-py311.toml\n"), "{text}");
    world.asks_for("[lib]");
    world.run(&["tree", "demo", "--locked"]).await.exits(5).says(&["--locked", "`app` was removed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandboxs_base_serves_without_an_account() {
    let world = World::new().await;
    world.index.put(&Wheel::new("pip", "24.0"));
    for command in ["lock", "tree"] {
        let url = world.index.url();
        let mut run = world.home.leoflow();
        run.args([command, "demo", "--sandbox", "--index-url", &url]);
        let ran = tokio::task::spawn_blocking(move || Ran::of(run.output().unwrap())).await.unwrap().exits(0);
        assert!(ran.stdout.contains(if command == "lock" { "3 wheels" } else { "└─ pip 24.0" }), "{}", ran.stdout);
    }
}
