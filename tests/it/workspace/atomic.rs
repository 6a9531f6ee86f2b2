//! `--atomic`: all of them or none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[test]
fn nothing_moves_unless_every_project_passes_every_check() {
    let world = World::new(&["a", "b", "c"]);
    std::fs::write(world.path("b/dag.py"), "syntax error\n").unwrap();
    let json = world.json(&["--atomic"], 4);
    assert_eq!(statuses(&json), ["a: skipped", "b: failed", "c: skipped"]);
    assert!(world.registrations().is_empty());
    assert!(world.registry.take().iter().all(|seen| seen.method != "PUT"));
}

#[test]
fn nothing_is_registered_unless_every_image_is_pushed() {
    let no_manifest_of_b = |seen: &Seen| {
        if seen.method == "PUT" && seen.path.starts_with("/v2/b/manifests/") { denied() } else { None }
    };
    let world = World::with_rules(&["a", "b", "c"], no_manifest_of_b, |_| None);
    let ran = world.deploy(&["--atomic"]).exits(6).says(&["failed: b"]);
    assert!(ran.stdout.contains("Deployed 0 DAGs"), "{}", ran.stdout);
    assert!(world.registrations().is_empty());
}

#[test]
fn what_is_registered_when_it_fails_midway_is_said_with_the_way_back() {
    let is_broken = Arc::new(AtomicBool::new(false));
    let broken = Arc::clone(&is_broken);
    let refuses = move |seen: &Seen| seen.method == "POST" && seen.path.contains("/b/") && broken.load(Ordering::Relaxed);
    let world =
        World::with_rules(&["a", "b", "c"], |_| None, move |seen| if refuses(seen) { refusal(422) } else { None });
    world.deploy(&[]).exits(0);
    let before = world.json(&[], 0)["results"][0]["version"].as_str().unwrap().to_owned();
    ["a", "b", "c"].iter().for_each(|name| world.edit(&format!("{name}/dag.py")));
    world.control_plane.take();
    is_broken.store(true, Ordering::Relaxed);
    let ran = world.deploy(&["--atomic", "--jobs", "1"]).exits(8);
    let back = format!("leoflow rollback a --to {before}");
    let ran = ran.says(&["--atomic did not hold", "registered: a\n", "not registered: b, c", &back]);
    fits(&ran.stdout);
    assert_eq!(world.registrations(), ["a", "b"], "c was not tried");
}

#[test]
fn all_are_registered_when_all_are_pushed() {
    let world = World::new(&["a", "b", "c"]);
    let json = world.json(&["--atomic"], 0);
    assert_eq!(statuses(&json), ["a: deployed", "b: deployed", "c: deployed"]);
    let phases: Vec<&str> = json["phases"].as_array().unwrap().iter().map(|phase| text(&phase["phase"])).collect();
    assert_eq!(phases, ["check", "push", "register"]);
}
