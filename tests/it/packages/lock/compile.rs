//! What is locked may be imported by dag.py, whoever wants it.

use leoflow::packages::lock::{self, Lock, LockFile};

use super::samples::{kept, lock_file, package};
use crate::support::Home;

const DAG: &str = "\
import inner
from airflow.sdk import DAG
from airflow.providers.acme.operators.launch import LaunchOperator

with DAG(dag_id=\"demo\", schedule=None):
    LaunchOperator(task_id=\"launch\")
";

const PROVIDER: &str = "airflow.providers.acme.operators.launch import LaunchOperator";
const EMPTY: &str = "airflow.providers.standard.operators.empty import EmptyOperator";
const LAUNCH: &str = "LaunchOperator(task_id=\"launch\")";
const TASK: &str = "EmptyOperator(task_id=\"launch\")";

#[test]
fn what_is_locked_counts_as_declared() {
    let home = Home::new();
    home.write("demo/leoflow.yaml", "dag_id: demo\ndependencies: [outer]\n");
    home.write("demo/dag.py", DAG);
    home.run(&["compile", "demo"]).exits(4).says(&["No module named 'inner'"]);
    let packages = ["apache-airflow-providers-acme", "inner", "outer"].map(|name| package(name, "1.0", &[]));
    let lock = Lock { packages: packages.into(), kept: Vec::new() };
    let mut file = LockFile { requirements: vec!["outer".into()], base: None, lock, ..lock_file() };
    let write = |file: &LockFile| {
        let path = format!("demo/{}", lock::file_name(&file.target.platform, &file.target.python));
        home.write(&path, &lock::write(file, &home.path().join("demo")));
    };
    write(&file);
    home.run(&["compile", "demo"]).exits(0);
    file.requirements = vec!["other".into()];
    write(&file);
    home.run(&["compile", "demo"]).exits(4).says(&["No module named 'inner'"]);
}

#[test]
fn what_a_base_has_counts_only_where_somebody_asks_for_it() {
    let home = Home::new();
    home.write("demo/leoflow.yaml", "dag_id: demo\ndependencies: [outer]\n");
    let lock = Lock { packages: vec![package("outer", "1.0", &["idna"])], kept: vec![kept("idna", "3.1")] };
    let file = LockFile { requirements: vec!["outer".into()], lock, ..lock_file() };
    let path = format!("demo/{}", lock::file_name(&file.target.platform, &file.target.python));
    home.write(&path, &lock::write(&file, &home.path().join("demo")));
    let imports = |module: &str| {
        home.write(
            "demo/dag.py",
            &DAG.replace("import inner", &format!("import {module}")).replace(LAUNCH, TASK).replace(PROVIDER, EMPTY),
        );
        home.run(&["compile", "demo"])
    };
    imports("idna").exits(0);
    // The lock's base has it as well, and the next one may not.
    imports("certifi").exits(4).says(&["No module named 'certifi'"]);
}
