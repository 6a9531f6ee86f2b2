//! A sound DAG and a plain leoflow.yaml, for tests to change one thing of.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::compile::checked;
use super::places::Places;
use super::{DagSpec, Fault, Versioning};
use crate::project::{self, Config};
use crate::python::{RawDag, RawTask};
use crate::source::SourceFile;

/// What [`dag`] and [`task`] say to be declared by, one line each.
pub(super) const SOURCE: &str = "\
from airflow.sdk import DAG, task
with DAG(\"etl\", schedule=\"0 6 * * *\"):
    a = extract()
    b = load(a)
";

pub(super) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn map<V>(value: Value) -> BTreeMap<String, V>
where
    V: serde::de::DeserializeOwned,
{
    serde_json::from_value(value).unwrap()
}

/// Reads a leoflow.yaml.
pub(super) fn config(yaml: &str) -> Config {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("leoflow.yaml"), format!("dag_id: etl\n{yaml}")).unwrap();
    project::load(directory.path()).unwrap().config
}

/// Two python tasks: `extract` on line 3, and `load` on line 4, which takes what `extract` returns.
pub(super) fn dag() -> RawDag {
    let load =
        RawTask { depends_on: names(&["extract"]), xcom_input: map(json!({"rows": ["extract"]})), ..task("load", 4) };
    RawDag {
        dag_id: "etl".to_owned(),
        file: "dag.py".to_owned(),
        line: 2,
        schedule: Some("0 6 * * *".to_owned()),
        tasks: vec![load, task("extract", 3)],
        ..RawDag::default()
    }
}

pub(super) fn task(id: &str, line: usize) -> RawTask {
    RawTask {
        task_id: id.to_owned(),
        file: "dag.py".to_owned(),
        line,
        kind: "python".to_owned(),
        entrypoint: Some(format!("dag:{id}")),
        ..RawTask::default()
    }
}

pub(super) fn bash(id: &str, command: &str) -> RawTask {
    RawTask { kind: "bash".to_owned(), entrypoint: Some(command.to_owned()), ..task(id, 3) }
}

pub(super) fn operator(id: &str, class: &str) -> RawTask {
    RawTask {
        kind: "airflow_operator".to_owned(),
        entrypoint: None,
        operator_class: Some(class.to_owned()),
        ..task(id, 3)
    }
}

pub(super) fn places() -> Places {
    Places::new(Arc::new(SourceFile { path: "dag.py".into(), text: SOURCE.to_owned() }), "dag.py")
}

/// Compiles everything but the executing.
pub(super) fn compiled(dag: &RawDag, config: &Config) -> Result<DagSpec, Vec<Fault>> {
    let versioning = Versioning { dag_version: "v1".to_owned(), image: "registry.example.com/etl:v1".to_owned() };
    checked(dag, config, &places(), &versioning)
}
