//! `--dry-run`: what the deploy of all would do, and none of it.

use super::*;

#[test]
fn a_dry_run_of_all_says_what_each_would_do_and_moves_nothing() {
    let world = World::new(&["a", "b", "c"]);
    world.deploy(&[]).exits(0);
    world.edit("b/dag.py");
    std::fs::write(world.path("c/dag.py"), "syntax error\n").unwrap();
    world.registry.take();
    world.control_plane.take();
    let ran = world.deploy(&["--dry-run", "--exit-code"]).exits(4).says(&["\nfailed: c\n", "dag.py:1:"]);
    let expected = ["Would deploy 1 DAG -> ", "\n  a  unchanged  is live\n", "\n  b  to deploy  2 blobs to upload ("];
    expected.iter().for_each(|text| assert!(ran.stdout.contains(text), "{text}: {}", ran.stdout));
    fits(&ran.stdout);
    assert!(world.registry.take().iter().all(|seen| seen.method != "PUT"));
    assert!(world.registrations().is_empty());
}

#[test]
fn scripts_hear_of_changes_by_the_exit_code_and_read_each_plan() {
    let world = World::new(&["a", "b"]);
    let json = world.json(&["--dry-run", "--exit-code"], 10);
    assert_eq!(statuses(&json), ["a: to_deploy", "b: to_deploy"]);
    assert_eq!((&json["to_deploy"], &json["results"][0]["schema"]), (&2.into(), &"leoflow.deploy_plan/v1".into()));
    world.deploy(&[]).exits(0);
    assert_eq!(statuses(&world.json(&["--dry-run", "--exit-code"], 0)), ["a: unchanged", "b: unchanged"]);
    assert_eq!(statuses(&world.json(&["--dry-run", "--changed"], 0)), ["a: unchanged", "b: unchanged"]);
}
