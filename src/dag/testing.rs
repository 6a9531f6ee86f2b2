//! A sound DAG and a plain leoflow.yaml, for tests to change one thing of.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::compile::checked;
use super::places::Places;
use super::{DagSpec, Fault, Versioning};
use crate::project::{Build, Config, Defaults, PythonVersion, TaskConfig};
use crate::python::{RawDag, RawTask};
use crate::source::{SourceFile, SourceSpan};

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

pub(super) fn yaml(text: &str) -> SourceSpan {
    let file = SourceFile { path: "leoflow.yaml".into(), text: text.to_owned() };
    SourceSpan { range: 0..text.len(), file: Arc::new(file) }
}

pub(super) fn config() -> Config {
    Config {
        dag_id: "etl".to_owned(),
        dag_id_span: yaml("dag_id: etl"),
        description: None,
        owner: None,
        tags: Vec::new(),
        python_version: PythonVersion::default(),
        base_image: None,
        dependencies: Vec::new(),
        connectors: Vec::new(),
        system_packages: Vec::new(),
        connections: Vec::new(),
        variables: Vec::new(),
        dag_source: "dag.py".to_owned(),
        include_paths: names(&["."]),
        exclude_paths: Vec::new(),
        allow_files: Vec::new(),
        build: Build { platforms: names(&["linux/amd64"]), labels: BTreeMap::new() },
        registry: None,
        defaults: Defaults::default(),
        staging: None,
        tasks: BTreeMap::new(),
        alerts: Vec::new(),
        warnings: Vec::new(),
    }
}

pub(super) fn task_config() -> TaskConfig {
    TaskConfig {
        span: yaml("tasks"),
        retries: None,
        retry_delay_seconds: None,
        execution_timeout_seconds: None,
        env: BTreeMap::new(),
        connections: Vec::new(),
        variables: Vec::new(),
        resources: None,
        execution: None,
    }
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
