//! Two dag.json into what differs between the DAGs: tasks by their ids, edges, and fields by their paths.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::lines::LineCount;
use super::values::{FieldChange, fields};

/// What differs between two specs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpecDiff {
    /// Fields of the DAG, in the order of dag.json; neither its tasks nor its source.
    pub fields: Vec<FieldChange>,
    /// Tasks, by their ids.
    pub tasks: Vec<TaskChange>,
    /// Edges that are new.
    pub edges_added: Vec<Edge>,
    /// Edges that are gone.
    pub edges_removed: Vec<Edge>,
    /// How much of dag.py's text changed.
    pub source: Option<LineCount>,
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskChange {
    /// It is new.
    Added {
        /// Which.
        task_id: String,
        /// `python`, `bash` or `airflow_operator`.
        kind: String,
    },
    /// It is gone.
    Removed {
        /// Which.
        task_id: String,
    },
    /// It is another than it was.
    Changed {
        /// Which.
        task_id: String,
        /// In the order of dag.json; what it waits for is told as edges.
        fields: Vec<FieldChange>,
    },
}

/// One task waits for another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Who is waited for.
    pub upstream: String,
    /// Who waits.
    pub downstream: String,
}

/// The fields of a DAG in the order in which dag.json has them.
const DAG: &[&str] = &[
    "schema_version",
    "dag_id",
    "dag_version",
    "image",
    "description",
    "owner",
    "tags",
    "schedule",
    "schedule_timezone",
    "start_date",
    "end_date",
    "max_active_runs",
    "max_active_tasks",
    "catchup",
    "default_args",
    "staging",
    "alerts",
    "variables",
    "connections",
    "params",
];

/// The fields of a task likewise.
const TASK: &[&str] = &[
    "type",
    "trigger_rule",
    "pool",
    "retries",
    "retry_delay_seconds",
    "execution_timeout_seconds",
    "execution_mode",
    "entrypoint",
    "env",
    "variables",
    "connections",
    "resources",
    "execution",
    "xcom_input",
    "xcom_schema",
    "call_args",
    "operator_class",
    "operator_args",
    "on_failure_callback",
];

type Tasks<'a> = BTreeMap<&'a str, &'a Value>;

/// Compares two specs; equal ones have no difference, whatever the order of their tasks and edges.
#[must_use]
pub fn specs(before: &Value, now: &Value) -> Option<SpecDiff> {
    let (tasks_before, tasks_now) = (tasks(before), tasks(now));
    let (edges_before, edges_now) = (edges(&tasks_before), edges(&tasks_now));
    let rest = |spec: &Value| without(spec, &["tasks", "source"]);
    let source = |spec: &Value| spec["source"].as_str().unwrap_or_default().to_owned();
    let diff = SpecDiff {
        fields: fields(&rest(before), &rest(now), DAG),
        tasks: task_changes(&tasks_before, &tasks_now),
        edges_added: edges_now.difference(&edges_before).cloned().collect(),
        edges_removed: edges_before.difference(&edges_now).cloned().collect(),
        source: LineCount::between(&source(before), &source(now)),
    };
    (diff != SpecDiff::default()).then_some(diff)
}

fn task_changes(before: &Tasks<'_>, now: &Tasks<'_>) -> Vec<TaskChange> {
    let ids: BTreeSet<&str> = before.keys().chain(now.keys()).copied().collect();
    ids.into_iter().filter_map(|id| task_change(id, before.get(id).copied(), now.get(id).copied())).collect()
}

fn task_change(id: &str, before: Option<&Value>, now: Option<&Value>) -> Option<TaskChange> {
    let task_id = id.to_owned();
    let (before, now) = match (before, now) {
        (Some(before), Some(now)) => (before, now),
        (None, now) => {
            let kind = now?["type"].as_str().unwrap_or_default().to_owned();
            return Some(TaskChange::Added { task_id, kind });
        }
        (Some(_), None) => return Some(TaskChange::Removed { task_id }),
    };
    let rest = |task: &Value| without(task, &["task_id", "depends_on"]);
    let fields = fields(&rest(before), &rest(now), TASK);
    (!fields.is_empty()).then_some(TaskChange::Changed { task_id, fields })
}

fn tasks(spec: &Value) -> Tasks<'_> {
    let tasks = spec["tasks"].as_array().into_iter().flatten();
    tasks.filter_map(|task| Some((task["task_id"].as_str()?, task))).collect()
}

fn edges(tasks: &Tasks<'_>) -> BTreeSet<Edge> {
    let upstream = |task: &Value| task["depends_on"].as_array().cloned().unwrap_or_default();
    let edge = |downstream: &str, upstream: &Value| {
        Some(Edge { upstream: upstream.as_str()?.to_owned(), downstream: downstream.to_owned() })
    };
    tasks.iter().flat_map(|(id, task)| upstream(task).into_iter().filter_map(|task| edge(id, &task))).collect()
}

fn without(value: &Value, names: &[&str]) -> Value {
    let fields = value.as_object().cloned().unwrap_or_default();
    Value::Object(fields.into_iter().filter(|(name, _)| !names.contains(&name.as_str())).collect::<Map<_, _>>())
}
