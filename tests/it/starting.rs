//! `init`: a project that deploys at once.

mod from_dag;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::json;

use crate::support::{Home, Ran};

/// Every file below a directory with its text, and every link with where it leads.
pub(crate) fn tree(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(path) = pending.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(directory).unwrap().display().to_string();
            match path.symlink_metadata().unwrap().file_type() {
                kind if kind.is_symlink() => {
                    drop(found.insert(name, fs::read_link(&path).unwrap().display().to_string()))
                }
                kind if kind.is_dir() => {
                    found.insert(name, "a directory".to_owned());
                    pending.push(path);
                }
                _ => drop(found.insert(name, fs::read_to_string(&path).unwrap())),
            }
        }
    }
    found
}

/// Deploys a project to the sandbox and returns which DAG that was.
pub(crate) fn deployed(home: &Home, path: &str) -> String {
    let json = home.run(&["deploy", "--sandbox", "--output", "json", "--", path]).exits(0).json();
    json["dag_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_new_project_deploys_at_once_whatever_its_directory_is_called() {
    let home = Home::new();
    fs::create_dir_all(home.path().join("empty")).unwrap();
    fs::create_dir_all(home.path().join("elsewhere/real")).unwrap();
    symlink("elsewhere/real", home.path().join("link")).unwrap();
    for (path, dag_id) in [
        ("etl_sales", "etl_sales"),
        ("deep/er/project", "project"),
        ("Zürich (2026)", "z_rich_2026"),
        ("日本", "my_dag"),
        ("it's", "it_s"),
        ("-dash", "dash"),
        ("empty", "empty"),
        ("link", "real"),
        ("new/../other", "other"),
    ] {
        let made = home.run(&["init", "--output", "json", "--", path]).exits(0).json();
        assert_eq!(made["dag_id"], dag_id, "{path}");
        assert_eq!(deployed(&home, made["directory"].as_str().unwrap()), dag_id, "{path}");
    }
}

#[test]
fn the_directory_one_stands_in_is_the_default() {
    let home = Home::new();
    let directory = home.path().join("here");
    fs::create_dir(&directory).unwrap();
    let ran = Ran::of(home.leoflow().arg("init").current_dir(&directory).output().unwrap()).exits(0);
    assert!(ran.stdout.ends_with("Next:\n  leoflow graph\n  leoflow deploy --sandbox\n"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
    assert_eq!(deployed(&home, "here"), "here");
}

#[test]
fn what_was_made_is_told_and_named_for_scripts() {
    let home = Home::new();
    let expected = "\
Made etl_sales in etl_sales
  dag.py               the DAG
  leoflow.yaml         what the image holds, where it goes
  leoflow.schema.json  for editors; not in the image
  .dockerignore        what stays out of the image
Next:
  leoflow graph etl_sales
  leoflow deploy etl_sales --sandbox
";
    assert_eq!(home.run(&["init", "etl_sales"]).exits(0).stdout, expected);
    let json = home.run(&["init", "b", "--registry", "ghcr.io/your-org/", "--output", "json"]).exits(0).json();
    let expected = json!({
        "schema": "leoflow.init/v1",
        "dag_id": "b",
        "directory": home.path().canonicalize().unwrap().join("b"),
        "written": ["dag.py", "leoflow.yaml", "leoflow.schema.json", ".dockerignore"],
        "kept": [],
        "registry": "ghcr.io/your-org",
        "connectors": [], "dependencies": [], "unconfirmed": [], "connections": [], "variables": [],
        "next": ["leoflow graph b", "leoflow deploy b --sandbox"],
    });
    assert_eq!(json, expected);
    let yaml = fs::read_to_string(home.path().join("b/leoflow.yaml")).unwrap();
    assert!(yaml.contains("\n  url: ghcr.io/your-org\n"), "{yaml}");
}

#[test]
fn the_image_holds_the_dag_and_not_what_helps_to_write_it() {
    let home = Home::new();
    home.run(&["init", "a"]).exits(0);
    let checked = home.run(&["validate", "a", "--output", "json"]).exits(0).json();
    assert_eq!((&checked["files"], &checked["warnings"]), (&json!(2), &json!([])), "dag.py and leoflow.yaml");
    let mode = |name: &str| home.path().join("a").join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("dag.py") & 0o600, 0o600);
    assert_eq!(mode("dag.py"), mode("leoflow.yaml"));
    assert_ne!(mode("dag.py") & 0o044, 0, "others read it as the umask lets them");
}

#[test]
fn the_schema_that_editors_read_is_the_nearest() {
    let home = Home::new();
    let first_line = |path: &str| {
        let text = fs::read_to_string(home.path().join(path).join("leoflow.yaml")).unwrap();
        text.lines().next().unwrap().to_owned()
    };
    home.run(&["init", "alone"]).exits(0);
    assert_eq!(first_line("alone"), "# yaml-language-server: $schema=leoflow.schema.json");
    let schema = fs::read_to_string(home.path().join("alone/leoflow.schema.json")).unwrap();
    assert_eq!(schema, home.run(&["schema"]).exits(0).stdout);
    home.write("dags/leoflow.schema.json", &schema);
    home.run(&["init", "dags/team/one"]).exits(0);
    assert_eq!(first_line("dags/team/one"), "# yaml-language-server: $schema=../../leoflow.schema.json");
    assert!(!home.path().join("dags/team/one/leoflow.schema.json").exists());
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left_half_done() {
    let home = Home::new();
    for name in ["has_dag", "has_yaml", "has_both", "has_link", "has_others"] {
        fs::create_dir(home.path().join(name)).unwrap();
    }
    for (path, text) in [
        ("has_dag/dag.py", "mine\n"),
        ("has_yaml/leoflow.yaml", "dag_id: mine\n"),
        ("has_both/dag.py", "mine\n"),
        ("has_both/leoflow.yaml", "dag_id: ours\n"),
        ("has_others/.dockerignore", "mine\n"),
        ("a_file", ""),
    ] {
        home.write(path, text);
    }
    symlink("nowhere", home.path().join("has_link/dag.py")).unwrap();
    let before = tree(home.path());
    for (arguments, code, said) in [
        (&["init", "has_dag"][..], 3, &["`dag.py` is there already", "leoflow init --from-dag has_dag/dag.py"][..]),
        (&["init", "has_yaml"], 3, &["`leoflow.yaml` is there already", "leoflow validate has_yaml"]),
        (&["init", "has_both"], 3, &["`leoflow.yaml`, `dag.py` are there already"]),
        (&["init", "has_link"], 3, &["`dag.py` is there already"]),
        (&["init", "a_file"], 2, &["it is no directory"]),
        (&["init", "has_dag/dag.py"], 2, &["leoflow init PATH --from-dag has_dag/dag.py"]),
        (&["init", "a_file/below"], 9, &["nothing was written", "a_file/below"]),
        (&["init", "x", "--dag-id", "a b"], 2, &["`a b` cannot be a dag_id", "--dag-id a_b"]),
        (&["init", "x", "--dag-id", ""], 2, &["cannot be a dag_id"]),
        (&["init", "x", "--registry", "https://ghcr.io/org"], 2, &["is no place for images", "--registry ghcr.io/"]),
    ] {
        home.run(arguments).exits(code).says(said);
        assert_eq!(tree(home.path()), before, "{arguments:?}");
    }
    let made = home.run(&["init", "has_others", "--output", "json"]).exits(0).json();
    assert_eq!(made["kept"], json!([".dockerignore"]));
    assert_eq!(tree(home.path())["has_others/.dockerignore"], "mine\n");
}

#[test]
fn where_nothing_can_be_written_nothing_is() {
    let home = Home::new();
    let directory = home.path().join("locked");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, PermissionsExt::from_mode(0o555)).unwrap();
    // Root writes everywhere but below what is no directory, which the test above tries.
    if rustix::process::geteuid().is_root() {
        return;
    }
    home.run(&["init", "locked"]).exits(9).says(&["nothing was written", "Permission denied"]);
    home.run(&["init", "locked/new"]).exits(9).says(&["nothing was written", "Permission denied"]);
    assert!(tree(&directory).is_empty());
}

#[test]
fn a_dag_id_is_given_once_in_a_workspace() {
    let home = Home::new();
    home.write("ws/.git/HEAD", "");
    home.write("ws/team/one/leoflow.yaml", "dag_id: sales\n");
    home.write("loose/one/leoflow.yaml", "dag_id: stock\n");
    home.write("loose/broken/leoflow.yaml", "dag_id: [\n");
    for (path, directory, taken) in [
        ("ws/other/sales", ".", true),
        ("other/sales", "ws", true),
        ("loose/stock", ".", true),
        ("stock", "loose", true),
        ("elsewhere/sales", ".", false),
    ] {
        let at = home.path().join(directory);
        let ran = Ran::of(home.leoflow().args(["init", path]).current_dir(&at).output().unwrap());
        if taken {
            ran.exits(3).says(&["[E042]", "already", "--dag-id"]);
        } else {
            ran.exits(0);
        }
        assert_eq!(at.join(path).exists(), !taken, "{path} in {directory}");
    }
    home.run(&["init", "ws/other/sales", "--dag-id", "sales_too"]).exits(0);
}
