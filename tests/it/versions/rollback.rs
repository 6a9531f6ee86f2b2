//! An earlier pair made the live one again, or a plain word on why not.

use std::fs;

use super::{Seen, Site, answer, home, lines, run, text};

const REGISTER: &str = "POST /api/v2/dags/etl_sales/versions";
const ASK: &str = "GET /api/v2/dags/etl_sales";

#[test]
fn back_and_back_again_registers_the_same_bytes_and_builds_nothing() {
    let home = home();
    let site = Site::start(&home);
    let deployed: Vec<_> = ["v1", "v2", "v3"].iter().map(|version| site.deploy(&home, version, &[])).collect();
    for expected in [&deployed[1], &deployed[0]] {
        let json = run(&home, &site, &["rollback", "etl_sales", "--output", "json"]).exits(0).json();
        assert_eq!(json["schema"], "leoflow.rollback/v1");
        for field in ["version", "spec_hash", "image", "digest", "dag_version"] {
            assert_eq!(json[field], expected[field], "{field}");
        }
        assert_eq!((&json["created"], &json["unchanged"]), (&false.into(), &false.into()));
        assert_eq!(lines(&site.control_plane.take()), [ASK, REGISTER, ASK]);
        let manifest = format!("HEAD /v2/etl_sales/manifests/{}", text(expected, "digest"));
        assert_eq!(lines(&site.registry.take()), [manifest]);
        assert_eq!(site.live(), text(expected, "version"));
    }
    run(&home, &site, &["rollback", "etl_sales"]).exits(2).says(&["no version before", "--to VERSION"]);
    let json = run(&home, &site, &["history", "etl_sales", "--output", "json"]).exits(0).json();
    assert_eq!((text(&json["entries"][0], "by"), text(&json["entries"][0], "dag_version")), ("rollback", "v1"));
}

#[test]
fn to_names_a_version_in_several_ways() {
    let home = home();
    let site = Site::start(&home);
    let first = site.deploy(&home, "v1", &[]);
    let second = site.deploy(&home, "v2", &[]);
    let (version, digest) = (text(&first, "version"), text(&first, "digest"));
    for to in [version, &version[..5], "v1", digest, &digest[7..19], text(&first, "image")] {
        let ran = run(&home, &site, &["rollback", "etl_sales", "--to", to]).exits(0);
        assert!(ran.stdout.starts_with(&format!("Rolled back etl_sales -> {}\n", site.url())), "{}", ran.stdout);
        let (from, to) = (format!("  from {} (v2)\n", text(&second, "version")), format!("  to {version} (v1), "));
        assert!(ran.stdout.contains(&from) && ran.stdout.contains(&to), "{}", ran.stdout);
        assert_eq!(site.live(), version);
        run(&home, &site, &["rollback", "etl_sales", "--to", "v2"]).exits(0);
    }
    for (to, says) in [("v9", "names no version"), (&version[..3], "at least 4 digits")] {
        run(&home, &site, &["rollback", "etl_sales", "--to", to]).exits(2).says(&[says, "leoflow history etl_sales"]);
    }
}

#[test]
fn what_is_live_already_is_a_success() {
    let home = home();
    let site = Site::start(&home);
    let deployed = site.deploy(&home, "v1", &[]);
    let ran = run(&home, &site, &["rollback", "etl_sales", "--to", "v1"]).exits(0);
    assert!(ran.stdout.starts_with("Unchanged etl_sales -> "), "{}", ran.stdout);
    assert!(ran.stdout.contains(text(&deployed, "image")), "{}", ran.stdout);
    assert_eq!(lines(&site.control_plane.take()), [ASK]);
    assert!(site.registry.take().is_empty());
}

/// What goes wrong on the way back from v2 to v1; in none of it anything is registered.
#[test]
fn whatever_is_missing_is_told_before_anything_is_registered() {
    type Answers = fn(&Seen) -> Option<super::Answer>;
    let gone: Answers = |seen| answer(404, "{}").filter(|_| seen.method == "HEAD" && seen.path.contains("sha256:"));
    let refused: Answers = |seen| answer(403, "{}").filter(|_| seen.method == "HEAD" && seen.path.contains("sha256:"));
    let silent: Answers =
        |seen| answer(403, "{}").filter(|_| seen.method == "GET" && seen.path.ends_with("/etl_sales"));
    let nobody: Answers = |_| None;
    for (control_plane, registry, code, says) in [
        (nobody, gone, 6, &["the image is gone from its registry: 127.0.0.1:", "leoflow image copy"][..]),
        (nobody, refused, 6, &["403"]),
        (silent, nobody, 7, &["403"]),
    ] {
        let home = home();
        let deploying = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        let done = [deploying.clone(), deploying.clone()];
        let [of_plane, of_registry] = done;
        let later = |flag: &std::sync::atomic::AtomicBool| !flag.load(std::sync::atomic::Ordering::SeqCst);
        let site = Site::with_rules(
            &home,
            move |seen| control_plane(seen).filter(|_| later(&of_plane)),
            move |seen| registry(seen).filter(|_| later(&of_registry)),
        );
        site.deploy(&home, "v1", &[]);
        site.deploy(&home, "v2", &[]);
        deploying.store(false, std::sync::atomic::Ordering::SeqCst);
        run(&home, &site, &["rollback", "etl_sales"]).exits(code).says(says);
        assert!(!lines(&site.control_plane.take()).contains(&REGISTER.to_owned()), "{says:?}");
    }
}

#[test]
fn a_spec_that_was_touched_is_not_registered() {
    let home = home();
    let site = Site::start(&home);
    site.deploy(&home, "v1", &[]);
    site.deploy(&home, "v2", &[]);
    let mut pending = vec![home.path().join(".local/share/leoflow/record")];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.replace("Orders in", "Orders out")).unwrap();
        }
    }
    let ran = run(&home, &site, &["rollback", "etl_sales"]).exits(9);
    ran.says(&["its sha256 is another", "the dag.json of version", "deploy v1 again from its source"]);
    assert!(!lines(&site.control_plane.take()).contains(&REGISTER.to_owned()));
}

#[test]
fn a_server_that_leaves_another_version_live_is_no_success() {
    let home = home();
    let stuck = |seen: &Seen| {
        let asked_after_deploys = seen.method == "GET" && seen.path.ends_with("/etl_sales") && seen.before >= 1;
        answer(200, r#"{"version":"9f3a2c1"}"#).filter(|_| asked_after_deploys)
    };
    let site = Site::with_rules(&home, stuck, |_| None);
    let first = site.deploy(&home, "v1", &[]);
    site.deploy(&home, "v2", &[]);
    let _ = run(&home, &site, &["history", "etl_sales"]);
    let ran = run(&home, &site, &["rollback", "etl_sales", "--to", "v1"]).exits(7);
    ran.says(&[&format!("took version {}, but 9f3a2c1 is still the live one", text(&first, "version"))]);
    let json = run(&home, &site, &["history", "etl_sales", "--output", "json"]).exits(0).json();
    assert_eq!(json["entries"].as_array().unwrap().len(), 2, "it is not recorded: {json:#}");
    run(&home, &site, &["rollback", "etl_sales"]).exits(2).says(&["9f3a2c1 is live, which was not deployed from"]);
}

#[test]
fn without_a_record_or_a_token_it_is_said_what_to_do() {
    let home = home();
    let site = Site::start(&home);
    run(&home, &site, &["rollback", "etl_sales"]).exits(2).says(&["recorded on this machine", "leoflow push dag.json"]);
    let url = site.url();
    home.run(&["rollback", "etl_sales", "--server", &url]).exits(2).says(&["there is no token for"]);
    assert!(site.control_plane.take().is_empty());
    site.deploy(&home, "v1", &[]);
    let other = ["rollback", "etl_sales", "--server", "http://127.0.0.1:1", "--token", "t"];
    home.run(&other).exits(2).says(&["deployed to others from here: --server http://127.0.0.1:"]);
}

#[test]
fn it_can_be_tried_in_the_sandbox() {
    let home = home();
    for version in ["v1", "v2"] {
        home.run(&["deploy", "etl_sales", "--sandbox", "--dag-version", version]).exits(0);
    }
    let ran = home.run(&["rollback", "etl_sales", "--sandbox", "--output", "json"]).exits(0);
    assert_eq!(ran.json()["dag_version"], "v1");
}
