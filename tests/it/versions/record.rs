//! Who records what, and that a record is never the reason why a deploy fails.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Site, home, run, text};
use crate::support::{Home, SandboxProcess};

fn root(home: &Home) -> PathBuf {
    home.path().join(".local/share/leoflow/record")
}

/// The files of the record that are called so.
fn files(directory: &Path, name: &str) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(directory).map_or_else(|_| Vec::new(), |entries| entries.map(|e| e.unwrap().path()).collect());
    let below = entries.iter().filter(|path| path.is_dir()).flat_map(|path| files(path, name));
    let here = entries.iter().filter(|path| path.is_file() && path.to_string_lossy().ends_with(name)).cloned();
    here.chain(below).collect()
}

#[test]
fn push_and_deploy_are_recorded_and_the_same_again_is_not() {
    let home = home();
    let site = Site::start(&home);
    site.deploy(&home, "v1", &["--spec-out", "first.json"]);
    site.deploy(&home, "v2", &[]);
    site.deploy(&home, "v2", &[]);
    let pushed = run(&home, &site, &["push", "first.json", "--output", "json"]).exits(0).json();
    let json = run(&home, &site, &["history", "etl_sales", "--output", "json"]).exits(0).json();
    let told: Vec<_> = json["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (text(entry, "by"), text(entry, "dag_version")))
        .collect();
    assert_eq!(told, [("push", "v1"), ("deploy", "v2"), ("deploy", "v1")]);
    assert_eq!(json["entries"][0]["version"], pushed["version"]);
    let text = fs::read_to_string(&files(&root(&home), "deploys.ndjson")[0]).unwrap();
    assert!(text.contains(r#""platform":"linux/amd64""#) && text.contains(r#""base":"sha256:"#), "{text}");
    assert!(!text.contains("\"t\""), "no token: {text}");
}

#[test]
fn a_deploy_that_stops_before_the_server_knows_is_not_recorded_and_one_whose_run_does_not_start_is() {
    for (path, code, recorded) in [("/versions", 8, 0), ("/dagRuns", 7, 1)] {
        let home = home();
        let rule = move |seen: &super::Seen| super::answer(403, "{}").filter(|_| seen.path.ends_with(path));
        let site = Site::with_rules(&home, rule, |_| None);
        let url = site.url();
        let to = ["--server", &url, "--token", "t", "--registry", &site.registry.address, "--base", &site.base];
        home.run(&[&["deploy", "etl_sales", "--trigger"][..], &to].concat()).exits(code);
        let json = run(&home, &site, &["history", "etl_sales", "--output", "json"]).exits(0).json();
        assert_eq!(json["entries"].as_array().unwrap().len(), recorded, "{path}");
    }
}

#[test]
fn a_record_that_cannot_be_written_is_a_warning() {
    let home = home();
    let sandbox = SandboxProcess::start(&home);
    home.write(".local/share/leoflow/record", "a file where a directory should be");
    let deploy = [&["deploy", "etl_sales"][..], &sandbox.arguments()].concat();
    let ran = home.run(&deploy).exits(0).says(&["warning: cannot note this in the record of deploys", "stands"]);
    assert!(ran.stdout.contains("Deployed etl_sales"), "{}", ran.stdout);
}

#[test]
fn damaged_entries_are_told_and_passed_over() {
    let home = home();
    let site = Site::start(&home);
    site.deploy(&home, "v1", &[]);
    let file = &files(&root(&home), "deploys.ndjson")[0];
    let text = fs::read_to_string(file).unwrap();
    fs::write(file, format!("{}\n{text}", &text[..text.len() / 2])).unwrap();
    let ran = run(&home, &site, &["history", "etl_sales", "--output", "json"]).exits(0);
    let ran = ran.says(&["deploys.ndjson` has an entry that means nothing"]);
    assert_eq!(ran.json()["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn the_record_is_the_owners_and_never_part_of_an_image() {
    let home = Home::new();
    fs::copy(crate::support::testdata("etl_sales").join("dag.py"), home.path().join("dag.py")).unwrap();
    for name in ["orders.py", "report.py", "leoflow.yaml"] {
        fs::copy(crate::support::testdata("etl_sales").join(name), home.path().join(name)).unwrap();
    }
    let digest = || {
        let ran = home.run(&["deploy", ".", "--sandbox", "--dag-version", "v1", "--output", "json"]).exits(0);
        text(&ran.json(), "digest").to_owned()
    };
    assert_eq!(digest(), digest());
    let file = &files(&root(&home), "deploys.ndjson")[0];
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_pinned_spec_goes_into_a_file() {
    let home = home();
    let sandbox = SandboxProcess::start(&home);
    let deploy = |file: &str| {
        let fixed = ["deploy", "etl_sales", "--output", "json", "--spec-out", file];
        home.run(&[&fixed[..], &sandbox.arguments()].concat())
    };
    let deployed = deploy("out.json").exits(0).json();
    let file = home.path().join("out.json");
    let spec: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(spec["image"], deployed["image"]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(files(home.path(), ".json").iter().filter(|path| path.parent() == Some(home.path())).count(), 1);
    deploy("nowhere/out.json").exits(9).says(&["cannot write `nowhere/out.json`", "--spec-out"]);
    deploy("etl_sales").exits(2).says(&["`etl_sales` cannot be a file"]);
}
