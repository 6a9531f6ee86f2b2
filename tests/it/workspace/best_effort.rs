//! Who can be deployed is, and who cannot is told before anything moves.

use super::*;

#[test]
fn one_that_is_broken_stops_no_other() {
    let broken: [(&str, &str, &str, i32); 3] = [
        ("b/dag.py", "syntax error\n", "dag.py:1:", 4),
        ("b/leoflow.yaml", "dag_id: b\nretires: 3\n", "unknown key `retires`", 3),
        ("b/leoflow.yaml", "dag_id: b\nsystem_packages: [libpq5]\n", "libpq5", 5),
    ];
    for (file, content, says, code) in broken {
        let world = World::new(&["a", "b", "c"]);
        std::fs::write(world.path(file), content).unwrap();
        let ran = world.deploy(&[]).exits(code);
        assert!(ran.stdout.starts_with("Deployed 2 DAGs -> "), "{}", ran.stdout);
        assert!(ran.stdout.contains("2 deployed, 1 failed in "), "{}", ran.stdout);
        fits(&ran.stdout);
        let (_, after) = ran.stderr.split_once("\nfailed: b\n").unwrap_or_else(|| panic!("{}", ran.stderr));
        assert!(after.contains(says), "{}", ran.stderr);
        assert_eq!(world.registrations().len(), 2);
    }
}

#[test]
fn what_cannot_work_is_known_before_anything_moves() {
    let no_push_to_b = |seen: &Seen| {
        if seen.method == "POST" && seen.path.starts_with("/v2/b/blobs/uploads/") { denied() } else { None }
    };
    let world = World::with_rules(&["a", "b", "c"], no_push_to_b, |_| None);
    let json = world.json(&["--jobs", "1"], 6);
    assert_eq!(statuses(&json), ["a: deployed", "b: failed", "c: deployed"]);
    assert_eq!(json["results"][1]["phase"], "check");
    let asked = world.registry.take();
    let refused = asked.iter().position(|seen| seen.path.starts_with("/v2/b/blobs/uploads/")).unwrap();
    let moved = asked.iter().position(|seen| seen.method == "PUT").unwrap();
    assert!(refused < moved, "{asked:#?}");
    let of_b = asked.iter().filter(|seen| seen.path.starts_with("/v2/b/"));
    assert_eq!(of_b.count(), 1, "one question is enough: {asked:#?}");
}

#[test]
fn a_token_that_is_refused_stops_at_once() {
    let world = World::with_rules(&["a", "b"], |_| None, |_| refusal(401));
    world.deploy(&[]).exits(7).says(&["401", "leoflow auth login"]);
    assert_eq!(world.control_plane.take().len(), 1);
    assert!(world.registry.take().is_empty());
}

#[test]
fn a_control_plane_that_goes_away_ends_the_pushing() {
    let gone = |seen: &Seen| if seen.method == "POST" { refusal(401) } else { None };
    let world = World::with_rules(&["a", "b", "c"], |_| None, gone);
    let json = world.json(&["--jobs", "1"], 8);
    assert_eq!(statuses(&json), ["a: failed", "b: skipped", "c: skipped"]);
    let pushed =
        world.registry.take().into_iter().filter(|seen| seen.method == "PUT" && seen.path.contains("/manifests/"));
    assert_eq!(pushed.count(), 1);
}

#[test]
fn one_fault_of_many_is_told_once() {
    let world = World::new(&["a", "b", "c"]);
    let missing = format!("{}/demo:nosuch", world.registry.address);
    let ran = Ran::of(world.command_on(&missing, &[]).output().unwrap()).exits(6).says(&["\nfailed: a, b, c\n"]);
    assert_eq!(ran.stderr.matches("error: ").count(), 1, "{}", ran.stderr);
    let asked = world.registry.take();
    let questions = asked.iter().filter(|seen| seen.path.ends_with("/manifests/nosuch") && seen.method == "GET");
    assert_eq!(questions.count(), 1, "{asked:#?}");
}

#[test]
fn a_second_time_nothing_is_changed() {
    let world = World::new(&["a", "b"]);
    world.deploy(&[]).exits(0);
    let json = world.json(&[], 0);
    assert_eq!(statuses(&json), ["a: unchanged", "b: unchanged"]);
    assert_eq!((&json["deployed"], &json["unchanged"], &json["uploaded_bytes"]), (&0.into(), &2.into(), &0.into()));
    assert_eq!(json["results"][0]["schema"], "leoflow.deploy/v1");
}

#[test]
fn a_dag_id_found_twice_stops_all() {
    let world = World::new(&["a", "b"]);
    std::fs::write(world.path("b/leoflow.yaml"), "dag_id: a\n").unwrap();
    world.deploy(&[]).exits(3).says(&["dag_id `a` stands in both"]);
    assert!(world.registry.take().is_empty());
}
