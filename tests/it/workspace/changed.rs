//! `--changed`: only what differs from what is registered.

use super::*;

#[test]
fn only_what_differs_is_deployed_and_the_version_is_no_difference() {
    let world = World::new(&["a", "b"]);
    let versioned = |version: &str| {
        let line = "registry:\n  url: registry.example.com\n  tag_strategy: git_sha\n";
        ["a", "b"].iter().for_each(|name| {
            std::fs::write(world.path(&format!("{name}/leoflow.yaml")), format!("dag_id: {name}\n{line}")).unwrap();
        });
        let root = world.home.path().to_owned();
        if !root.join(".git").exists() {
            git(&root, &["init", "-q"]);
        }
        git(&root, &["add", "dags"]);
        git(&root, &["commit", "-q", "--allow-empty", "-m", version]);
    };
    let path = std::env::var("PATH").unwrap();
    let deploy = |arguments: &[&str]| {
        let mut command = world.command(arguments);
        Ran::of(command.env("PATH", &path).args(["--output", "json"]).output().unwrap()).exits(0).json()
    };
    versioned("one");
    assert_eq!(statuses(&deploy(&["--changed"])), ["a: deployed", "b: deployed"], "nothing is registered yet");
    world.edit("b/dag.py");
    versioned("two");
    world.registry.take();
    assert_eq!(statuses(&deploy(&["--changed"])), ["a: unchanged", "b: deployed"]);
    let of_a: Vec<Seen> = world.registry.take().into_iter().filter(|seen| seen.path.starts_with("/v2/a/")).collect();
    assert!(of_a.iter().all(|seen| matches!(&*seen.method, "GET" | "HEAD")), "{of_a:#?}");
}

#[test]
fn what_the_server_does_not_tell_counts_as_changed_and_is_said() {
    let silent = |seen: &Seen| {
        let body = r#"{"dag_id": "a"}"#.to_owned();
        (seen.method == "GET").then(|| (200, vec![("Content-Type", "application/json".to_owned())], body))
    };
    let world = World::with_rules(&["a", "b"], |_| None, silent);
    world.deploy(&[]).exits(0);
    let ran = world.deploy(&["--changed"]).exits(0);
    ran.says(&["it cannot be told what changed: the server does not say", "deployed as if changed: a, b"]);
}

#[test]
fn a_spec_that_differs_beside_the_same_image_is_a_change() {
    let world = World::new(&["a", "b"]);
    world.deploy(&[]).exits(0);
    let excluded = "dag_id: a\nexclude_paths: [leoflow.yaml]\n";
    std::fs::write(world.path("a/leoflow.yaml"), excluded).unwrap();
    assert_eq!(statuses(&world.json(&["--changed"], 0)), ["a: deployed", "b: unchanged"]);
    std::fs::write(world.path("a/leoflow.yaml"), format!("{excluded}owner: somebody\n")).unwrap();
    assert_eq!(statuses(&world.json(&["--changed"], 0)), ["a: deployed", "b: unchanged"]);
    let ran = world.deploy(&["--changed"]).exits(0);
    assert!(ran.stdout.contains("2 unchanged in "), "{}", ran.stdout);
    assert!(!ran.stdout.contains("\n  a "), "what nobody asked for has no line: {}", ran.stdout);
}
