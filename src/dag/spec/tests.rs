use std::path::Path;

use serde_json::json;

use super::super::testing::{bash, compiled, config, dag, map, names, operator, task};
use super::super::validate_json;
use crate::python::{RawDag, RawTask};

/// Holds a dag.json against its golden file; `UPDATE_GOLDEN=1` writes the file anew.
fn golden(name: &str, dag: &RawDag, yaml: &str) {
    let json = compiled(dag, &config(yaml)).unwrap().to_json();
    assert!(validate_json(&json).is_ok(), "{name}: {:?}", validate_json(&json));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/dags").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &json).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(String::from_utf8(json).unwrap(), expected, "{name}");
}

#[test]
fn the_smallest_dag_has_nothing_empty() {
    let dag = RawDag { schedule: None, tasks: vec![bash("only", "date")], ..dag() };
    golden("smallest.json", &dag, "");
}

#[test]
fn a_taskflow_dag_is_written_in_order() {
    let report = RawTask {
        depends_on: names(&["load", "extract"]),
        trigger_rule: Some("all_done".to_owned()),
        xcom_input: map(json!({"parts": ["load", "extract"]})),
        call_args: map(json!({"b": 1.50, "a": [null, true, {"z": 123_456_789_012_345_678_u64, "y": "é"}]})),
        on_failure_callback: true,
        retries: Some(0),
        ..task("report", 4)
    };
    let mut dag = RawDag { catchup: true, max_active_runs: Some(1), ..dag() };
    dag.tasks.push(RawTask { trigger_rule: Some("all_success".to_owned()), ..task("zero", 3) });
    dag.tasks.push(report);
    golden("taskflow.json", &dag, "defaults: {retries: 2}\ntags: [b, a]\n");
}

#[test]
fn every_field_has_its_place() {
    let query = RawTask {
        depends_on: names(&["shell"]),
        pool: Some("warehouse".to_owned()),
        operator_args: map(json!({"sql": "select 1", "conn_id": "warehouse"})),
        on_failure_callback: true,
        ..operator("query", "airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator")
    };
    let shell = RawTask {
        retries: Some(1),
        retry_delay_seconds: Some(2),
        execution_timeout_seconds: Some(3),
        env: map(json!({"A": "1"})),
        ..bash("shell", "echo \"$A\"")
    };
    let dag = RawDag {
        description: Some("All of it".to_owned()),
        owner: Some("data".to_owned()),
        tags: names(&["nightly", "etl"]),
        schedule_timezone: Some("Europe/Lisbon".to_owned()),
        start_date: Some("2024-01-31T00:00:00+00:00".to_owned()),
        end_date: Some("2025-01-31".to_owned()),
        max_active_runs: Some(1),
        max_active_tasks: Some(4),
        catchup: true,
        params: map(json!({"day": {"schema": {"type": "string"}}, "n": {"default": 1, "schema": {}}})),
        tasks: vec![shell, query],
        ..dag()
    };
    golden("every_field.json", &dag, include_str!("../../../testdata/dags/every_field.yaml"));
}

#[test]
fn digits_survive_however_many() {
    let args = serde_json::from_str(r#"{"n": 123456789012345678901234567890, "f": 1.10}"#).unwrap();
    let dag = RawDag { tasks: vec![RawTask { call_args: args, ..task("a", 3) }], ..dag() };
    let json = String::from_utf8(compiled(&dag, &config("")).unwrap().to_json()).unwrap();
    assert!(json.contains("\"n\": 123456789012345678901234567890") && json.contains("\"f\": 1.10"), "{json}");
}
