//! What the `airflow` stand-in reports: the structure that dag.py declares, before leoflow.yaml is laid over it.
//!
//! The stand-in does everything that needs Python's objects (binding arguments, edges, whole seconds); what is left for
//! Rust needs values only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One DAG as declared. Absent and `None` arguments are absent here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawDag {
    /// The id.
    pub dag_id: String,
    /// The file that declares it, relative to the project's root.
    pub file: String,
    /// The 1-based line of its declaration.
    pub line: usize,
    /// `description=`
    pub description: Option<String>,
    /// `default_args["owner"]`, when a string.
    pub owner: Option<String>,
    /// `tags=`, as given.
    pub tags: Vec<String>,
    /// A cron expression or preset; a timetable's `summary`; nothing for `None`.
    pub schedule: Option<String>,
    /// The 1-based line of the `schedule=` argument, where known, else the DAG's.
    pub schedule_line: Option<usize>,
    /// The name of the start date's or DAG's time zone, when it is not UTC.
    pub schedule_timezone: Option<String>,
    /// ISO 8601 / RFC 3339.
    pub start_date: Option<String>,
    /// ISO 8601 / RFC 3339.
    pub end_date: Option<String>,
    /// `max_active_runs=`
    pub max_active_runs: Option<u64>,
    /// `max_active_tasks=`
    pub max_active_tasks: Option<u64>,
    /// `catchup=True`
    pub catchup: bool,
    /// `params=`: name -> `{default?, schema}`.
    pub params: BTreeMap<String, Value>,
    /// In order of creation, ids already made unique (`x`, `x__1`).
    pub tasks: Vec<RawTask>,
}

/// One task as declared, with `default_args` of the DAG already applied.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawTask {
    /// The id.
    pub task_id: String,
    /// The file that creates it, relative to the project's root.
    pub file: String,
    /// The 1-based line of its creation.
    pub line: usize,
    /// `python`, `bash`, `airflow_operator`; anything else is refused by name in `dag::compile`.
    pub kind: String,
    /// Upstream task ids, sorted, each once.
    pub depends_on: Vec<String>,
    /// As given; validated in `dag::compile`.
    pub trigger_rule: Option<String>,
    /// `pool=`
    pub pool: Option<String>,
    /// `retries=`
    pub retries: Option<u64>,
    /// `retry_delay=`, whole seconds.
    pub retry_delay_seconds: Option<u64>,
    /// `execution_timeout=`, whole seconds.
    pub execution_timeout_seconds: Option<u64>,
    /// The bash command, or `<source stem>:<callable name>`.
    pub entrypoint: Option<String>,
    /// `env=` of a bash operator.
    pub env: BTreeMap<String, String>,
    /// parameter -> upstream task ids, in declaration order.
    pub xcom_input: BTreeMap<String, Vec<String>>,
    /// parameter -> JSON literal.
    pub call_args: BTreeMap<String, Value>,
    /// Dotted path of a captured operator class.
    pub operator_class: Option<String>,
    /// Keyword arguments of a captured operator.
    pub operator_args: BTreeMap<String, Value>,
    /// Whether `on_failure_callback=` was given.
    pub on_failure_callback: bool,
}
