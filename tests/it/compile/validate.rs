//! `leoflow validate`: all that compiling and packing would find, at once, and nothing written.

use std::fs;

use crate::support::Home;

const DAG: &str = "from airflow.sdk import DAG, EmptyOperator\nwith DAG(\"etl\"):\n    EmptyOperator(task_id=\"a\")\n";

fn project(home: &Home, name: &str, yaml: &str, dag: &str) {
    home.write(&format!("{name}/leoflow.yaml"), yaml);
    home.write(&format!("{name}/dag.py"), dag);
}

#[test]
fn what_is_sound_says_what_was_checked_in_one_line_and_nothing_is_written() {
    let home = Home::new();
    project(&home, "etl", "dag_id: etl\ndependencies: [pandas>=2]\npython_version: \"3.10\"\n", DAG);
    let ran = home.run(&["validate", "etl"]).exits(0).says(&["warning[W001]"]);
    assert!(ran.stdout.starts_with("Valid: etl (1 task, 0 edges; 2 files of "), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("; 1 requirement)\n"), "{}", ran.stdout);
    assert!(!home.path().join("etl/dag.json").exists());
    let json = home.run(&["validate", "etl", "--output", "json"]).exits(0).json();
    assert_eq!((&json["schema"], &json["files"]), (&"leoflow.validate/v1".into(), &2.into()));
    assert_eq!(json["warnings"][0]["code"], "W001");
}

#[test]
fn each_kind_of_fault_has_its_exit_code_and_none_hides_another() {
    let home = Home::new();
    for (yaml, dag, exit, says) in [
        ("dag_id: etl\nownr: a\ntags: x\n", DAG, 3, &["unknown key `ownr`", "`tags` must be a list"][..]),
        ("dag_id: etl\n", "def\n", 4, &["dag.py:1"]),
        ("dag_id: etl\ntasks: {b: {retries: 1}}\n", DAG, 4, &["`b`"]),
        ("dag_id: etl\nconnectors: [postgrs]\n", DAG, 4, &["postgrs", "`postgres`"]),
        ("dag_id: etl\ndependencies: [\"-e .\"]\n", DAG, 3, &["`dependencies`"]),
        ("dag_id: etl\nsystem_packages: [A]\n", DAG, 3, &["Debian package"]),
        ("dag_id: etl\ninclude_paths: [sql]\n", DAG, 3, &["`sql` in include_paths"]),
        ("dag_id: etl\nconnectors: [postgrs]\ninclude_paths: [sql]\n", "def\n", 4, &["dag.py:1", "postgrs", "`sql`"]),
    ] {
        project(&home, "etl", yaml, dag);
        home.run(&["validate", "etl"]).exits(exit).says(says);
    }
    project(&home, "etl", "dag_id: etl\n", DAG);
    home.write("etl/.env", "PASSWORD=x\n");
    home.run(&["validate", "etl"]).exits(3).says(&[".env", "credential"]);
    home.run(&["validate", "etl", "--allow-file", ".env"]).exits(0);
}

#[test]
fn a_lock_that_cannot_be_read_is_a_fault_and_a_missing_one_where_it_is_asked_for() {
    let home = Home::new();
    project(&home, "etl", "dag_id: etl\ndependencies: [pandas]\n", DAG);
    home.run(&["validate", "etl"]).exits(0);
    home.run(&["validate", "etl", "--locked"]).exits(5).says(&["there is no lock for linux/amd64"]);
    home.write("etl/pylock.toml", "lock-version = [\n");
    home.run(&["validate", "etl"]).exits(5).says(&["pylock.toml"]);
}

#[test]
fn a_workspace_hides_no_project_behind_another() {
    let home = Home::new();
    project(&home, "w/a", "dag_id: [\n", DAG);
    project(&home, "w/b", "dag_id: etl\n", DAG);
    project(&home, "w/c", "dag_id: other\n", "def\n");
    let ran = home.run(&["validate", "--all", "w"]).exits(1).says(&["error[E001]", "dag.py:1"]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!((lines.len(), lines[0]), (4, "Valid: 1 of 3 projects"), "{}", ran.stdout);
    assert!(lines[1].starts_with("  etl    valid   1 task") && lines[2].starts_with("  other  faulty  "), "{lines:#?}");
    let json = home.run(&["validate", "--all", "w", "--output", "json"]).exits(1).json();
    assert_eq!((&json["valid"], &json["faulty"]), (&1.into(), &2.into()));
    assert_eq!((&json["results"][1]["exit_code"], &json["results"][2]["name"]), (&4.into(), &"a".into()));

    fs::remove_dir_all(home.path().join("w")).unwrap();
    project(&home, "w/a", "dag_id: etl\n", DAG);
    project(&home, "w/b", "dag_id: etl\n", DAG);
    home.run(&["validate", "--all", "w"]).exits(3).says(&["dag_id `etl` stands in both"]);
}

#[test]
fn a_project_is_found_by_its_id_beside_one_that_is_at_fault() {
    let home = Home::new();
    project(&home, "a", "dag_id: [\n", DAG);
    project(&home, "b", "dag_id: etl\n", DAG);
    home.run(&["validate", "etl"]).exits(0);
    home.run(&["deploy", "--all", "--yes"]).exits(2).says(&["error[E001]", "there is no token"]);
}

#[test]
fn a_spec_is_held_to_its_own_rules_pinned_or_not() {
    let home = Home::new();
    project(&home, "etl", "dag_id: etl\n", DAG);
    home.run(&["compile", "etl"]).exits(0);
    let ran = home.run(&["validate", "etl/dag.json"]).exits(0);
    assert_eq!(ran.stdout, "Valid: etl (1 task; image not pinned)\n");
    let image = format!("ghcr.io/o/etl@sha256:{}", "a".repeat(64));
    home.run(&["compile", "etl", "--image", &image]).exits(0);
    let json = home.run(&["validate", "etl/dag.json", "--output", "json"]).exits(0).json();
    assert_eq!((&json["pinned"], &json["schema"]), (&true.into(), &"leoflow.validate_spec/v1".into()));
    home.write("etl/dag.json", "{\"dag_id\": \"a b\", \"zz\": 1}");
    home.run(&["validate", "etl/dag.json"]).exits(2).says(&["`zz`", "`dag_id`", "`tasks`"]);
    home.run(&["validate", "etl/dag.json", "--watch"]).exits(2);
}

#[test]
fn the_schema_is_printed_as_it_is_in_docs() {
    let home = Home::new();
    let printed = home.run(&["schema"]).exits(0).stdout;
    assert_eq!(printed, include_str!("../../../docs/leoflow.schema.json"));
}
