//! Several projects: by name, and all at once.

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
