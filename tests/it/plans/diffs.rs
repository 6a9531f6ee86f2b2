//! `leoflow diff`: two specs, or two images wherever they are.

use serde_json::json;

use super::{Bench, fits, steady};
use crate::support::{Home, Ran};

/// A home with the project's spec as it is and as it was.
fn specs() -> Home {
    let home = Home::new();
    let project = home.project("etl_sales");
    home.run(&["compile", "etl_sales", "-o", "old.json"]).exits(0);
    let dag = project.join("dag.py");
    let text = std::fs::read_to_string(&dag).unwrap();
    std::fs::write(&dag, text.replace("0 6 * * *", "@hourly").replace("retries=2", "retries=5")).unwrap();
    home.run(&["compile", "etl_sales", "-o", "new.json"]).exits(0);
    home
}

#[test]
fn two_specs_are_compared_task_by_task() {
    let home = specs();
    let ran = home.run(&["diff", "old.json", "new.json"]).exits(0);
    let expected = "The specs differ:\n  ~ schedule  \"0 6 * * *\" -> \"@hourly\"\n  ~ task extract\n      \
                    ~ retries  2 -> 5\n  ~ dag.py  2 lines added, 2 removed\n";
    assert_eq!(ran.stdout, expected);
    let json = home.run(&["diff", "old.json", "new.json", "--exit-code", "--output", "json"]).exits(10).json();
    assert_eq!(
        (&json["schema"], &json["kind"], &json["differs"]),
        (&json!("leoflow.diff/v1"), &json!("spec"), &json!(true))
    );
    assert_eq!(json["diff"]["source"], json!({"lines_added": 2, "lines_removed": 2}));
}

#[test]
fn a_spec_does_not_differ_from_itself() {
    let home = specs();
    assert_eq!(home.run(&["diff", "old.json", "old.json", "--exit-code"]).exits(0).stdout, "The specs are the same\n");
    home.run(&["compile", "etl_sales"]).exits(0);
    home.run(&["diff", "etl_sales", "new.json", "--exit-code"]).exits(0);
}

#[test]
fn colours_are_for_terminals_and_for_those_who_force_them() {
    let home = specs();
    let run = |name: &str| {
        let mut command = home.leoflow();
        Ran::of(command.args(["diff", "old.json", "new.json"]).env(name, "1").output().unwrap()).exits(0).stdout
    };
    assert!(run("CLICOLOR_FORCE").contains("\u{1b}[33m  ~ schedule"));
    assert!(!run("NO_COLOR").contains('\u{1b}'));
}

#[test]
fn images_are_compared_wherever_they_are() {
    let bench = Bench::new();
    let base = bench.base.as_str();
    let first = bench.deploy_first();
    bench.home.run(&["build", "etl_sales", "-o", "oci:old", "--base", base]).exits(0);
    bench.edit("leoflow.yaml", "tasks:\n", "build:\n  labels:\n    team: sales\ntasks:\n");
    let second = bench.deploy(&["--output", "json"]).exits(0).json();
    bench.home.run(&["build", "etl_sales", "-o", "oci:new.tar", "--base", base]).exits(0);
    let tag = format!("{}/etl_sales:dev", bench.registry.address);
    let (old, new) = (first["image"].as_str().unwrap(), second["image"].as_str().unwrap());
    let told = bench.home.run(&["diff", old, new]).exits(0).stdout;
    fits(&told);
    insta::assert_snapshot!("images", steady(&told));
    for (one, other, code) in [
        (old, &*tag, 10),
        ("oci:old", new, 10),
        ("oci:old", "oci:new.tar", 10),
        (new, &*tag, 0),
        ("oci:new.tar", new, 0),
    ] {
        let ran = bench.home.run(&["diff", one, other, "--exit-code"]).exits(code);
        let expected = if code == 0 {
            format!("The images are the same, {}\n", &second["digest"].as_str().unwrap()[7..19])
        } else {
            told.clone()
        };
        assert_eq!(ran.stdout, expected, "{one} {other}");
    }
    let json = bench.home.run(&["diff", old, new, "--output", "json"]).exits(0).json();
    assert_eq!(json["diff"][0]["fields"], json!([{"path": "Labels.team", "now": "sales"}]));
    let layers: Vec<_> = json["diff"][0]["layers"].as_array().unwrap().iter().map(|layer| &layer["change"]).collect();
    assert_eq!(layers, ["same", "added", "removed"], "leoflow.yaml lies in the project's layer");
}

#[test]
fn platforms_are_compared_each_with_its_like() {
    let bench = Bench::new();
    let both = ["--platform", "linux/amd64,linux/arm64", "--output", "json"];
    let two = bench.deploy(&both).exits(0).json();
    let one = bench.deploy(&["--platform", "linux/arm64", "--output", "json"]).exits(0).json();
    let image = |json: &serde_json::Value| json["image"].as_str().unwrap().to_owned();
    let ran = bench.home.run(&["diff", &image(&two), &image(&one), "--exit-code"]).exits(10);
    assert!(ran.stdout.ends_with(":\n  - linux/amd64\n  = linux/arm64\n"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_compared_says_why() {
    let home = specs();
    home.write("broken.json", "{\"dag_id\": 1}");
    let digest = format!("127.0.0.1:1/x@sha256:{}", "0".repeat(64));
    for (arguments, code, says) in [
        (["missing.json", "new.json"], 2, "there is no file `missing.json`"),
        (["broken.json", "new.json"], 2, "`broken.json` is no valid dag.json"),
        (["etl_typo", "new.json"], 2, "neither a dag.json nor an image by tag or digest"),
        (["oci:nowhere", "new.json"], 6, "nowhere"),
        ([&digest, "new.json"], 6, "127.0.0.1:1"),
        (["dir:x", "new.json"], 2, "dir:x"),
    ] {
        let ran = home.run(&[&["diff"][..], &arguments[..]].concat());
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        ran.says(&[says, "help: "]);
    }
    home.project("etl_sales");
    let bench = Bench::new();
    let image = bench.base.as_str();
    bench.home.write("dag.json", &std::fs::read_to_string(home.path().join("new.json")).unwrap());
    bench.home.run(&["diff", "dag.json", image]).exits(2).says(&["a spec and an image, which cannot be compared"]);
}
