//! Sentences of the contract about leoflow.yaml and dag.json, each held against the program: what stands in the project, and
//! what stands in dag.json then, or how it is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::Home;

/// One DAG for all rows: two tasks, one of which sets what a task can set.
const DAG: &str = "\
from datetime import timedelta
from airflow.sdk import DAG, Param, task
from airflow.providers.standard.operators.bash import BashOperator

with DAG('etl', schedule='@daily', tags=['b', 'a'], default_args={'retries': 2, 'retry_delay': timedelta(seconds=5)}):
    @task(retries=3)
    def own(): return 1

    @task
    def none(x, y): pass

    none([own(), BashOperator(task_id='also', bash_command='true').output], 7)
";

/// Compiles a project and returns dag.json.
#[track_caller]
fn compiled(yaml: &str, dag: &str) -> Value {
    let home = Home::new();
    home.write("etl/leoflow.yaml", &format!("dag_id: etl\n{yaml}\n"));
    home.write("etl/dag.py", dag);
    home.run(&["compile", "etl", "-o", "-"]).exits(0).json()
}

/// Checks one value of dag.json; what is left out is null.
#[track_caller]
fn holds(spec: &Value, pointer: &str, expected: &Value) {
    // Tasks are named, for their places change.
    let pointer = match pointer.strip_prefix("/tasks/") {
        Some(rest) => {
            let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
            let at = spec["tasks"].as_array().unwrap().iter().position(|task| task["task_id"] == id).expect(id);
            format!("/tasks/{at}/{rest}")
        }
        None => pointer.to_owned(),
    };
    let found = spec.pointer(&pointer).unwrap_or(&Value::Null);
    assert_eq!(found, expected, "{pointer} of {spec:#}");
}

#[test]
fn a_setting_comes_from_the_nearest_of_four_places() {
    for (yaml, task, key, expected) in [
        ("", "own", "retries", json!(3)),
        ("", "none", "retries", json!(2)),
        ("defaults: {retries: 9}", "own", "retries", json!(3)),
        ("defaults: {retries: 9}", "none", "retries", json!(2)),
        ("tasks: {own: {retries: 0}}", "own", "retries", json!(0)),
        ("tasks: {none: {retries: 4}}", "none", "retries", json!(4)),
        ("defaults: {retry_delay_seconds: 60}", "none", "retry_delay_seconds", json!(5)),
        ("tasks: {none: {retry_delay_seconds: 1}}", "none", "retry_delay_seconds", json!(1)),
        ("defaults: {execution_timeout_seconds: 60}", "none", "execution_timeout_seconds", Value::Null),
        ("tasks: {none: {execution_timeout_seconds: 8}}", "none", "execution_timeout_seconds", json!(8)),
    ] {
        holds(&compiled(yaml, DAG), &format!("/tasks/{task}/{key}"), &expected);
    }
    // The last place is written once for all.
    let spec = compiled("defaults: {retries: 1, retry_delay_seconds: 2, execution_timeout_seconds: 3}", DAG);
    let expected = json!({"retries": 1, "retry_delay_seconds": 2, "execution_timeout_seconds": 3});
    holds(&spec, "/default_args", &expected);
}

#[test]
fn what_leoflow_yaml_says_stands_in_dag_json() {
    let pod = "defaults: {resources: {cpu: 500m, memory: 1Gi}, node_selector: {disk: ssd}}\n\
               tasks: {own: {resources: {limits: {memory: 2Gi}}, execution: {node_selector: {disk: hdd}}, env: {A: b}}}";
    for (yaml, pointer, expected) in [
        ("", "/schema_version", json!("1.0")),
        ("", "/tags", json!(["a", "b"])),
        ("tags: [z, a]", "/tags", json!(["z", "a"])),
        ("description: d", "/description", json!("d")),
        ("owner: o", "/owner", json!("o")),
        ("connections: [b, a]", "/connections", json!(["b", "a"])),
        ("variables: [v]", "/variables", json!(["v"])),
        ("connections: []", "/connections", Value::Null),
        ("", "/variables", Value::Null),
        ("staging: {enabled: true, size: 5Gi, storage_class: fast}", "/staging/size", json!("5Gi")),
        ("staging: {enabled: true, size: 5Gi, storage_class: fast}", "/staging/storage_class", json!("fast")),
        ("", "/staging", Value::Null),
        ("alerts: {on_failure: [{type: slack, conn: c, message: m}]}", "/alerts/on_failure/0/type", json!("slack")),
        ("alerts: {on_failure: [{type: slack, conn: c, message: m}]}", "/alerts/on_failure/0/conn", json!("c")),
        ("", "/alerts", Value::Null),
        ("", "/catchup", Value::Null),
        ("", "/params", Value::Null),
        ("", "/source", json!(DAG)),
        ("", "/schedule", json!("@daily")),
        (pod, "/tasks/none/resources/requests/cpu", json!("500m")),
        (pod, "/tasks/none/resources/requests/memory", json!("1Gi")),
        (pod, "/tasks/none/execution/node_selector", json!({"disk": "ssd"})),
        (pod, "/tasks/own/resources", json!({"requests": {"cpu": "500m"}, "limits": {"memory": "2Gi"}})),
        (pod, "/tasks/own/execution/node_selector", json!({"disk": "hdd"})),
        (pod, "/tasks/own/env", json!({"A": "b"})),
        ("tasks: {own: {connections: [c], variables: [v]}}", "/tasks/own/connections", json!(["c"])),
        ("tasks: {own: {connections: [c], variables: [v]}}", "/tasks/own/variables", json!(["v"])),
        ("", "/tasks/also/type", json!("bash")),
        ("", "/tasks/also/entrypoint", json!("true")),
        ("", "/tasks/none/type", json!("python")),
        ("", "/tasks/none/entrypoint", json!("dag:none")),
        ("", "/tasks/none/depends_on", json!(["also", "own"])),
        ("", "/tasks/none/xcom_input", json!({"x": ["own", "also"]})),
        ("", "/tasks/none/call_args", json!({"y": 7})),
        ("", "/tasks/none/trigger_rule", Value::Null),
    ] {
        holds(&compiled(yaml, DAG), pointer, &expected);
    }
}

#[test]
fn what_dag_py_says_stands_in_dag_json() {
    let head = "from airflow.sdk import DAG, EmptyOperator, Param\nfrom airflow.providers.standard.operators.bash import BashOperator\n";
    let bash = "BashOperator(task_id='a', bash_command='x'";
    for (dag, pointer, expected) in [
        (format!("with DAG('etl', schedule=None):\n    {bash})"), "/schedule", Value::Null),
        (format!("with DAG('etl', schedule='0 6 * * *'):\n    {bash})"), "/schedule", json!("0 6 * * *")),
        (format!("with DAG('etl', catchup=True):\n    {bash})"), "/catchup", json!(true)),
        (format!("with DAG('etl', catchup=False):\n    {bash})"), "/catchup", Value::Null),
        (
            format!("with DAG('etl', params={{'n': Param(1, type='integer')}}):\n    {bash})"),
            "/params/n",
            json!({"default": 1, "schema": {"type": "integer"}}),
        ),
        (
            format!("with DAG('etl', params={{'n': Param(type='integer')}}):\n    {bash})"),
            "/params/n",
            json!({"schema": {"type": "integer"}}),
        ),
        (format!("with DAG('etl'):\n    {bash}, trigger_rule='all_done')"), "/tasks/a/trigger_rule", json!("all_done")),
        (format!("with DAG('etl'):\n    {bash}, trigger_rule='all_success')"), "/tasks/a/trigger_rule", Value::Null),
        (format!("with DAG('etl'):\n    {bash}, pool='p')"), "/tasks/a/pool", json!("p")),
    ] {
        holds(&compiled("", &format!("{head}{dag}\n")), pointer, &expected);
    }
}

#[test]
fn what_breaks_a_rule_is_refused_with_what_to_do() {
    let head = "from airflow.sdk import DAG, Param, task\nfrom airflow.providers.standard.operators.bash import BashOperator\n";
    let bash = "BashOperator(task_id='a', bash_command='x'";
    let large = format!(
        "@task\ndef f(x): pass\nwith DAG('etl'):\n    f('x' * {})",
        // Two quotes, braces and the name come on top.
        102_400 - 7
    );
    for (yaml, dag, exit, says) in [
        ("zz: 1", String::new(), 3, &["leoflow.yaml:2:1", "unknown key `zz`"][..]),
        ("tags: []\ntags: []", String::new(), 3, &["given twice: on line 2", "leoflow.yaml:3:1"]),
        ("schedule: '@daily'", String::new(), 3, &["`DAG(schedule=…)`"]),
        ("staging: {size: 2GB}", String::new(), 3, &["`2GB`", "`2G`", "`2Gi`"]),
        ("build: {dockerfile: Dockerfile}", String::new(), 3, &["there is no Dockerfile here", "`base_image`"]),
        ("tasks: {b: {retries: 1}}", format!("with DAG('etl'):\n    {bash})"), 4, &["`b`", "`a`", "leoflow.yaml:2"]),
        ("", format!("with DAG('etl', schedule='61 * * * *'):\n    {bash})"), 4, &["61", "dag.py:3"]),
        ("", format!("with DAG('etl'):\n    {bash}, trigger_rule='always')"), 4, &["`always`", "all_success"]),
        ("", format!("with DAG('etl', params={{'n': Param('x', type='integer')}}):\n    {bash})"), 4, &["param `n`"]),
        ("", format!("with DAG('other'):\n    {bash})"), 4, &["`etl`", "other"]),
        ("", large, 4, &["102", "`f`"]),
        (
            "",
            format!("with DAG('etl'):\n    a = {bash})\n    b = BashOperator(task_id='b', bash_command='x')\n    a >> b >> a"),
            4,
            &["a -> b -> a"],
        ),
        ("", "with DAG('etl'):\n    pass".to_owned(), 4, &["no tasks"]),
        (
            "",
            "from airflow.providers.http.operators.http import HttpOperator\nwith DAG('etl'):\n    HttpOperator(task_id='a')".to_owned(),
            4,
            &["http", "connectors"],
        ),
    ] {
        let home = Home::new();
        home.write("etl/leoflow.yaml", &format!("dag_id: etl\n{yaml}\n"));
        home.write("etl/dag.py", &format!("{head}{dag}\n"));
        home.run(&["compile", "etl"]).exits(exit).says(says);
        assert!(!home.path().join("etl/dag.json").exists(), "{yaml}{dag}");
    }
}

#[test]
fn dag_json_is_for_its_owner_indented_by_two_and_ends_with_a_line() {
    let home = Home::new();
    home.write("etl/leoflow.yaml", "dag_id: etl\npython_version: \"3.10\"\ndescription: d\nowner: o\ntags: [t]\nconnections: [c]\nvariables: [v]\nstaging: {enabled: true}\nalerts: {on_failure: [{type: webhook}]}\ndefaults: {retries: 1}\n");
    home.write("etl/dag.py", DAG);
    home.run(&["compile", "etl"]).exits(0).says(&["3.10 is deprecated: its end of life is 2026-10-31"]);
    let path = home.path().join("etl/dag.json");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("{\n  \"schema_version\": \"1.0\",\n  \"dag_id\": ") && text.ends_with("\n}\n"), "{text}");
    let fields: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next()).collect();
    let expected = "schema_version dag_id dag_version image description owner tags schedule default_args staging alerts \
                    variables connections tasks source";
    assert_eq!(fields, expected.split_whitespace().collect::<Vec<_>>());
    let tasks: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("\"task_id\": ")).collect();
    assert_eq!(tasks, ["\"also\",", "\"none\",", "\"own\","], "sorted");
}
