//! Several projects: by name, and all at once.

use std::path::{Path, PathBuf};

use crate::support::{Home, SandboxProcess};

fn deploy(home: &Home, sandbox: &SandboxProcess, arguments: &[&str]) -> crate::support::Ran {
    home.run(&[&["deploy"][..], arguments, &sandbox.arguments()[..]].concat())
}

#[test]
fn a_project_is_found_by_its_dag_id() {
    let home = Home::new();
    home.project("etl_sales");
    let sandbox = SandboxProcess::start(&home);
    std::fs::rename(home.path().join("etl_sales"), home.path().join("elsewhere")).unwrap();
    deploy(&home, &sandbox, &["etl_sales"]).exits(0);
    deploy(&home, &sandbox, &["etl_sale"])
        .exits(2)
        .says(&["neither a path nor the dag_id", "projects here: etl_sales"]);
}

#[test]
fn a_directory_of_projects_wants_a_choice() {
    let home = Home::new();
    home.project("workspace");
    let sandbox = SandboxProcess::start(&home);
    deploy(&home, &sandbox, &["workspace"]).exits(2).says(&["3 below it have", "--all"]);
}

#[test]
fn all_deploys_every_project_and_says_so_in_a_table() {
    let home = Home::new();
    home.project("workspace");
    let sandbox = SandboxProcess::start(&home);
    let ran = deploy(&home, &sandbox, &["--all", "workspace"]).exits(0);
    assert!(ran.stdout.starts_with("Deployed 3 DAGs -> "), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("@sha256:").count(), 3, "{}", ran.stdout);
}

#[test]
fn one_failure_does_not_stop_the_others_but_shows_in_the_exit_code() {
    let home = Home::new();
    let workspace = home.project("workspace");
    let dag = find(&workspace, "dag.py").expect("a workspace holds projects");
    std::fs::write(dag, "syntax error\n").unwrap();
    let sandbox = SandboxProcess::start(&home);
    let ran = deploy(&home, &sandbox, &["--all", "workspace"]).exits(4);
    assert!(ran.stdout.starts_with("Deployed 2 DAGs -> "), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("1 DAG failed\n"), "{}", ran.stdout);
    ran.says(&["dag.py:1:"]);
}

fn find(directory: &Path, name: &str) -> Option<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .find_map(|path| if path.is_dir() { find(path, name) } else { path.ends_with(name).then(|| path.clone()) })
}
