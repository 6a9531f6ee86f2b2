//! leoflow.yaml laid over what dag.py declares; pure.
//!
//! A setting of a task comes from `tasks.<id>` in leoflow.yaml, else from the operator's argument or the DAG's
//! `default_args` (which the interpreter has merged), else from `defaults`. The retries and timeouts of `defaults` are
//! not copied to tasks: dag.json has them once, as `default_args`. Its `cpu` and `memory` become requests of each task
//! that neither requests nor limits that resource; its `node_selector` goes to each task that has none.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::Value;

use super::places::Places;
use super::spec::{AlertSpec, Alerts, DefaultArgs, ResourcesSpec, StagingSpec, TaskKind, TriggerRule, named};
use super::suggest::{did_you_mean, listed};
use super::{DagSpec, Fault, SchemaVersion, TaskSpec, Versioning};
use crate::code::Code;
use crate::project::{Alert, AlertKind, Config, Defaults, Resources, Staging, TaskConfig};
use crate::python::{RawDag, RawTask};

/// Airflow's further trigger rules, which dag.json does not have.
const AIRFLOW_RULES: [&str; 9] = [
    "all_done_min_one_success",
    "all_done_setup_success",
    "all_skipped",
    "always",
    "none_failed",
    "none_failed_min_one_success",
    "none_failed_or_skipped",
    "none_skipped",
    "one_done",
];

/// Returns the spec, or what of the DAG has no place in one.
pub(super) fn apply(
    dag: &RawDag,
    config: &Config,
    places: &Places,
    versioning: &Versioning,
) -> Result<DagSpec, Vec<Fault>> {
    Ok(DagSpec {
        schema_version: SchemaVersion,
        dag_id: dag.dag_id.clone(),
        dag_version: versioning.dag_version.clone(),
        image: versioning.image.clone(),
        description: over(config.description.as_ref(), dag.description.as_ref()),
        owner: over(config.owner.as_ref(), dag.owner.as_ref()),
        tags: if config.tags.is_empty() { sorted(&dag.tags) } else { config.tags.clone() },
        schedule: dag.schedule.clone(),
        schedule_timezone: dag.schedule_timezone.clone(),
        start_date: dag.start_date.clone(),
        end_date: dag.end_date.clone(),
        max_active_runs: dag.max_active_runs,
        max_active_tasks: dag.max_active_tasks,
        catchup: dag.catchup,
        default_args: default_args(&config.defaults),
        staging: config.staging.as_ref().filter(|staging| staging.enabled).map(staging),
        alerts: Alerts { on_failure: config.alerts.iter().map(alert).collect() },
        variables: config.variables.clone(),
        connections: config.connections.clone(),
        params: dag.params.clone(),
        tasks: tasks(dag, config, places)?,
        source: places.dag_py().text.clone(),
    })
}

fn tasks(dag: &RawDag, config: &Config, places: &Places) -> Result<Vec<TaskSpec>, Vec<Fault>> {
    let (mut tasks, mut faults) = (Vec::new(), Vec::new());
    for raw in &dag.tasks {
        match task(raw, config, places) {
            Ok(task) => tasks.push(task),
            Err(of_task) => faults.extend(of_task),
        }
    }
    tasks.sort_by(|a: &TaskSpec, b| a.task_id.cmp(&b.task_id));
    if faults.is_empty() { Ok(tasks) } else { Err(faults) }
}

fn task(raw: &RawTask, config: &Config, places: &Places) -> Result<TaskSpec, Vec<Fault>> {
    let (kind, trigger_rule) = match (kind(raw, places), trigger_rule(raw, places)) {
        (Ok(kind), Ok(rule)) => (kind, rule),
        (kind, rule) => return Err([kind.err(), rule.err()].into_iter().flatten().collect()),
    };
    let own = config.tasks.get(&raw.task_id);
    let from_yaml = |setting: fn(&TaskConfig) -> Option<u64>| own.and_then(setting);
    Ok(TaskSpec {
        task_id: raw.task_id.clone(),
        kind,
        depends_on: sorted(&raw.depends_on),
        trigger_rule,
        pool: raw.pool.clone(),
        retries: from_yaml(|own| own.retries).or(raw.retries),
        retry_delay_seconds: from_yaml(|own| own.retry_delay_seconds).or(raw.retry_delay_seconds),
        execution_timeout_seconds: from_yaml(|own| own.execution_timeout_seconds).or(raw.execution_timeout_seconds),
        execution_mode: None,
        entrypoint: raw.entrypoint.clone(),
        env: env(raw, own),
        variables: own.map(|own| own.variables.clone()).unwrap_or_default(),
        connections: own.map(|own| own.connections.clone()).unwrap_or_default(),
        resources: resources(own.and_then(|own| own.resources.as_ref()), &config.defaults),
        execution: execution(own, &config.defaults),
        xcom_input: raw.xcom_input.clone(),
        xcom_schema: BTreeMap::new(),
        call_args: raw.call_args.clone(),
        operator_class: raw.operator_class.clone(),
        operator_args: raw.operator_args.clone(),
        on_failure_callback: raw.on_failure_callback,
    })
}

fn kind(raw: &RawTask, places: &Places) -> Result<TaskKind, Fault> {
    named(&TaskKind::ALL, &raw.kind).ok_or_else(|| {
        let message = format!("task `{}`: unsupported operator `{}`", raw.task_id, raw.kind);
        Fault::new(Code::UNSUPPORTED_OPERATOR, places.line(&raw.file, raw.line), message).help(
            "use `@task`, `PythonOperator`, `BashOperator` or an operator of `airflow.providers`; branching is decided by \
             trigger rules or inside a task",
        )
    })
}

fn trigger_rule(raw: &RawTask, places: &Places) -> Result<TriggerRule, Fault> {
    let Some(rule) = &raw.trigger_rule else { return Ok(TriggerRule::default()) };
    named(&TriggerRule::ALL, rule).ok_or_else(|| {
        let rules = || TriggerRule::ALL.iter().map(|(name, _)| *name);
        let span = places.text_in_line(&raw.file, raw.line, rule);
        // What Airflow knows is no slip of the fingers, and the nearest rule may mean the opposite.
        let suggestion = if AIRFLOW_RULES.contains(&&**rule) { String::new() } else { did_you_mean(rule, rules()) };
        Fault::new(Code::UNKNOWN_TRIGGER_RULE, span, format!("task `{}`: unknown trigger rule `{rule}`", raw.task_id))
            .help(format!("{suggestion}rules: {}", listed(rules())))
    })
}

/// Variable by variable, leoflow.yaml's win.
fn env(raw: &RawTask, own: Option<&TaskConfig>) -> BTreeMap<String, String> {
    let mut env = raw.env.clone();
    env.extend(own.map(|own| own.env.clone()).unwrap_or_default());
    env
}

fn resources(own: Option<&Resources>, defaults: &Defaults) -> ResourcesSpec {
    let mut spec = own.map(resources_as_written).unwrap_or_default();
    for (name, default) in [("cpu", &defaults.cpu), ("memory", &defaults.memory)] {
        // A task that limits a resource and requests none of it requests its limit (Kubernetes); a default above that
        // limit would make a pod that is never admitted.
        let is_set = spec.requests.contains_key(name) || spec.limits.contains_key(name);
        if let Some(quantity) = default.as_ref().filter(|_| !is_set) {
            spec.requests.insert(name.to_owned(), quantity.to_string());
        }
    }
    spec
}

fn resources_as_written(own: &Resources) -> ResourcesSpec {
    ResourcesSpec { requests: as_text(&own.requests), limits: as_text(&own.limits), claims: own.claims.clone() }
}

fn execution(own: Option<&TaskConfig>, defaults: &Defaults) -> BTreeMap<String, Value> {
    let mut execution = own.and_then(|own| own.execution.as_ref()).map(|own| own.0.clone()).unwrap_or_default();
    if !defaults.node_selector.is_empty() && !execution.contains_key("node_selector") {
        let selector = defaults.node_selector.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        execution.insert("node_selector".to_owned(), Value::Object(selector.collect()));
    }
    execution
}

fn default_args(defaults: &Defaults) -> DefaultArgs {
    DefaultArgs {
        retries: defaults.retries,
        retry_delay_seconds: defaults.retry_delay_seconds,
        execution_timeout_seconds: defaults.execution_timeout_seconds,
    }
}

fn staging(staging: &Staging) -> StagingSpec {
    StagingSpec {
        enabled: true,
        size: staging.size.as_ref().map(ToString::to_string),
        storage_class: staging.storage_class.clone(),
    }
}

fn alert(alert: &Alert) -> AlertSpec {
    let kind = match alert.kind {
        AlertKind::Slack => "slack",
        AlertKind::Webhook => "webhook",
    };
    AlertSpec { kind, conn: alert.conn.clone(), message: alert.message.clone() }
}

fn over(yaml: Option<&String>, declared: Option<&String>) -> Option<String> {
    yaml.filter(|text| !text.is_empty()).or(declared).cloned()
}

/// Sorted, each once: Airflow keeps both tags and upstream ids as sets.
fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    names
}

fn as_text<T: Display>(quantities: &BTreeMap<String, T>) -> BTreeMap<String, String> {
    quantities.iter().map(|(name, quantity)| (name.clone(), quantity.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{bash, compiled, config, dag, map, names, operator, task};
    use super::*;

    /// Compiles and returns what stands at a pointer of dag.json; null where nothing stands.
    fn at(dag: &RawDag, yaml: &str, pointer: &str) -> Value {
        let spec = compiled(dag, &config(yaml)).unwrap();
        let json: Value = serde_json::from_slice(&spec.to_json()).unwrap();
        json.pointer(pointer).cloned().unwrap_or_default()
    }

    #[test]
    fn leoflow_yaml_wins_over_the_dags_own_words() {
        let dag = RawDag {
            description: Some("of the DAG".to_owned()),
            owner: Some("dag-team".to_owned()),
            tags: names(&["z", "a", "z"]),
            ..dag()
        };
        let check = |yaml: &str, field: &str, expected: Value| assert_eq!(at(&dag, yaml, field), expected, "{yaml}");
        check("", "/description", json!("of the DAG"));
        check("description: of the yaml", "/description", json!("of the yaml"));
        check("description: \"\"", "/description", json!("of the DAG"));
        check("", "/owner", json!("dag-team"));
        check("owner: yaml-team", "/owner", json!("yaml-team"));
        check("", "/tags", json!(["a", "z"]));
        check("tags: [z, b]", "/tags", json!(["z", "b"]));
        check("tags: []", "/tags", json!(["a", "z"]));
    }

    #[test]
    fn a_tasks_setting_comes_from_the_nearest_place() {
        let load = |settings: &str| format!("tasks:\n  load:\n    {settings}\n");
        let own = RawTask {
            retries: Some(2),
            retry_delay_seconds: Some(20),
            execution_timeout_seconds: Some(200),
            ..task("load", 4)
        };
        let declared = RawDag { tasks: vec![own], ..dag() };
        let plain = RawDag { tasks: vec![task("load", 4)], ..dag() };
        let check = |dag: &RawDag, yaml: &str, field: &str, expected: Value| {
            assert_eq!(at(dag, yaml, &format!("/tasks/0/{field}")), expected, "{yaml} {field}");
        };
        check(&declared, "", "retries", json!(2));
        check(&declared, &load("retries: 5"), "retries", json!(5));
        check(&declared, &load("retries: 0"), "retries", json!(0));
        check(&declared, "defaults: {retries: 9}", "retries", json!(2));
        check(&declared, "", "retry_delay_seconds", json!(20));
        check(&declared, &load("retry_delay_seconds: 50"), "retry_delay_seconds", json!(50));
        check(&declared, &load("retries: 5"), "retry_delay_seconds", json!(20));
        check(&declared, "", "execution_timeout_seconds", json!(200));
        check(&declared, &load("execution_timeout_seconds: 500"), "execution_timeout_seconds", json!(500));
        check(&plain, "defaults: {retries: 9}", "retries", Value::Null);
        check(&plain, &load("retries: 5"), "retries", json!(5));
    }

    #[test]
    fn defaults_are_written_once() {
        let check = |yaml: &str, expected: Value| assert_eq!(at(&dag(), yaml, "/default_args"), expected, "{yaml}");
        check("", Value::Null);
        check("defaults: {retries: 0}", json!({"retries": 0}));
        check(
            "defaults: {execution_timeout_seconds: 60, retries: 3, retry_delay_seconds: 0}",
            json!({"retries": 3, "retry_delay_seconds": 0, "execution_timeout_seconds": 60}),
        );
        check("defaults: {resources: {cpu: 1}}", Value::Null);
    }

    #[test]
    fn default_resources_go_to_tasks_that_set_none_of_their_own() {
        let check =
            |yaml: &str, expected: Value| assert_eq!(at(&dag(), yaml, "/tasks/1/resources"), expected, "{yaml}");
        let defaults = "defaults: {resources: {cpu: 500m, memory: 1Gi}}\n";
        let load = |resources: &str| format!("{defaults}tasks: {{load: {{resources: {resources}}}}}\n");
        check("", Value::Null);
        check(defaults, json!({"requests": {"cpu": "500m", "memory": "1Gi"}}));
        check(&load("{requests: {cpu: '2'}}"), json!({"requests": {"cpu": "2", "memory": "1Gi"}}));
        check(&load("{limits: {memory: 512Mi}}"), json!({"requests": {"cpu": "500m"}, "limits": {"memory": "512Mi"}}));
        check(
            "tasks: {load: {resources: {requests: {ephemeral_storage: 1e3}, claims: [{name: gpu}]}}}",
            json!({"requests": {"ephemeral_storage": "1e3"}, "claims": [{"name": "gpu"}]}),
        );
    }

    #[test]
    fn the_default_node_selector_goes_to_tasks_without_one() {
        let check =
            |yaml: &str, expected: Value| assert_eq!(at(&dag(), yaml, "/tasks/1/execution"), expected, "{yaml}");
        let defaults = "defaults: {node_selector: {disk: ssd}}\n";
        check("", Value::Null);
        check(defaults, json!({"node_selector": {"disk": "ssd"}}));
        check(
            &format!("{defaults}tasks: {{load: {{execution: {{node_selector: {{zone: a}}}}}}}}"),
            json!({"node_selector": {"zone": "a"}}),
        );
        check(
            &format!("{defaults}tasks: {{load: {{execution: {{service_account: etl}}}}}}"),
            json!({"node_selector": {"disk": "ssd"}, "service_account": "etl"}),
        );
    }

    #[test]
    fn a_tasks_environment_is_merged_variable_by_variable() {
        let own = RawTask { env: map(json!({"A": "dag", "B": "dag"})), ..bash("load", "date") };
        let dag = RawDag { tasks: vec![own], ..dag() };
        let yaml = "tasks: {load: {env: {B: yaml, C: yaml}, connections: [warehouse], variables: [region]}}";
        assert_eq!(at(&dag, yaml, "/tasks/0/env"), json!({"A": "dag", "B": "yaml", "C": "yaml"}));
        assert_eq!(at(&dag, yaml, "/tasks/0/connections"), json!(["warehouse"]));
        assert_eq!(at(&dag, yaml, "/tasks/0/variables"), json!(["region"]));
    }

    #[test]
    fn staging_and_alerts_are_written_where_there_are_any() {
        let check = |yaml: &str, field: &str, expected: Value| assert_eq!(at(&dag(), yaml, field), expected, "{yaml}");
        check("", "/staging", Value::Null);
        check("staging: {enabled: false, size: 1Gi}", "/staging", Value::Null);
        check("staging: {enabled: true}", "/staging", json!({"enabled": true}));
        check(
            "staging: {enabled: true, size: 1Gi, storage_class: fast}",
            "/staging",
            json!({"enabled": true, "size": "1Gi", "storage_class": "fast"}),
        );
        check("", "/alerts", Value::Null);
        check(
            "alerts: {on_failure: [{type: slack, conn: team, message: broken}, {type: webhook, conn: hook}]}",
            "/alerts",
            json!({"on_failure": [
                {"type": "slack", "conn": "team", "message": "broken"},
                {"type": "webhook", "conn": "hook"},
            ]}),
        );
        check("connections: [b, a]", "/connections", json!(["b", "a"]));
        check("variables: [region]", "/variables", json!(["region"]));
        check("connections: []", "/connections", Value::Null);
    }

    #[test]
    fn the_connections_that_a_dag_needs_are_listed_once() {
        let copy = RawTask {
            operator_args: map(json!({
                "sql": "select 1",
                "conn_id": "warehouse",
                "nested": [{"aws_conn_id": "lake", "x": {"gcp_conn_ids": ["g1", "g2"]}}],
                "slack_conn_id": null,
                "http_conn_id": "{{ var.value.conn }}",
                "connections": ["not_one"],
            })),
            ..operator("copy", "airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator")
        };
        let dag = RawDag { tasks: vec![copy], ..dag() };
        let yaml = "connections: [declared, lake]\n\
                    alerts: {on_failure: [{type: slack, conn: team}]}\n\
                    tasks: {copy: {connections: [of_task]}}";
        let spec = compiled(&dag, &config(yaml)).unwrap();
        assert_eq!(spec.connections(), ["declared", "g1", "g2", "lake", "of_task", "team", "warehouse"]);
    }
}
