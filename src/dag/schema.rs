//! A dag.json as somebody else wrote it, checked field by field (contract of schema 1.0): the set of fields is closed,
//! and each has its type and its rule. Every fault is told, with the field's path.

mod edges;
mod faults;
mod text;

use serde_json::Value;

use self::faults::{Faults, Field};
use self::text::{is_dag_id, is_dotted};
use super::spec::{TaskKind, TriggerRule};
use super::{json, validate};

/// Why a dag.json is not a spec.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// It does not parse.
    #[error("line {line}, column {column}: {reason}")]
    Malformed {
        /// 1-based.
        line: usize,
        /// 1-based.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A field is unknown or missing, or has a value that it cannot have.
    #[error("`{field}`: {reason}")]
    Field {
        /// Path of the field, e.g. `tasks[2].trigger_rule`.
        field: String,
        /// What is wrong.
        reason: String,
    },
}

impl SpecError {
    /// Returns one concrete thing to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Malformed { .. } => Some("write it anew: `leoflow compile -o dag.json`".to_owned()),
            Self::Field { field, reason } if field == "image" && reason.contains("not pinned") => {
                Some("`leoflow deploy` pushes the image and pins it by its digest".to_owned())
            }
            Self::Field { .. } => {
                Some("mend dag.py or leoflow.yaml and write it anew: `leoflow compile -o dag.json`".to_owned())
            }
        }
    }
}

/// Checks a dag.json as strictly as the control plane does (contract section 2), and returns it as a value.
///
/// # Errors
/// When it breaks the schema; every fault is told.
pub fn validate_json(bytes: &[u8]) -> Result<Value, Vec<SpecError>> {
    let dag = json::parse(bytes).map_err(|error| vec![malformed(&error)])?;
    let mut faults = Faults::default();
    faults.object("", &dag, DAG);
    if let Some(tasks) = dag.get("tasks").and_then(Value::as_array) {
        edges::check(&mut faults, tasks);
    }
    if faults.0.is_empty() { Ok(dag) } else { Err(faults.0) }
}

fn malformed(error: &serde_json::Error) -> SpecError {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned();
    SpecError::Malformed { line: error.line().max(1), column: error.column().max(1), reason }
}

const REQUIRED: bool = true;
const OPTIONAL: bool = false;

const DAG: &[Field] = &[
    ("schema_version", REQUIRED, |f, at, v| f.one_of(at, v, &["1.0"])),
    ("dag_id", REQUIRED, |f, at, v| f.text_that(at, v, is_dag_id, "is no dag_id (`[a-zA-Z0-9_][a-zA-Z0-9_-]{0,199}`)")),
    ("dag_version", REQUIRED, Faults::name),
    ("image", REQUIRED, Faults::image),
    ("description", OPTIONAL, Faults::text),
    ("owner", OPTIONAL, Faults::text),
    ("tags", OPTIONAL, |f, at, v| f.list(at, v, Faults::text)),
    ("schedule", OPTIONAL, Faults::schedule),
    ("schedule_timezone", OPTIONAL, Faults::name),
    ("start_date", OPTIONAL, Faults::date),
    ("end_date", OPTIONAL, Faults::date),
    ("max_active_runs", OPTIONAL, Faults::count),
    ("max_active_tasks", OPTIONAL, Faults::count),
    ("catchup", OPTIONAL, Faults::flag),
    ("default_args", OPTIONAL, |f, at, v| f.object(at, v, RETRYING)),
    ("staging", OPTIONAL, |f, at, v| f.object(at, v, STAGING)),
    ("alerts", OPTIONAL, |f, at, v| f.object(at, v, ALERTS)),
    ("variables", OPTIONAL, |f, at, v| f.list(at, v, Faults::name)),
    ("connections", OPTIONAL, |f, at, v| f.list(at, v, Faults::name)),
    ("params", OPTIONAL, |f, at, v| f.map(at, v, Faults::param)),
    ("tasks", REQUIRED, Faults::tasks),
    ("source", OPTIONAL, Faults::text),
];

const TASK: &[Field] = &[
    ("task_id", REQUIRED, |f, at, v| f.text_that(at, v, validate::is_task_id, "is no task id")),
    ("type", REQUIRED, |f, at, v| f.one_of(at, v, &TaskKind::ALL.map(|(name, _)| name))),
    ("depends_on", OPTIONAL, |f, at, v| f.list(at, v, Faults::name)),
    ("trigger_rule", OPTIONAL, |f, at, v| f.one_of(at, v, &TriggerRule::ALL.map(|(name, _)| name))),
    ("pool", OPTIONAL, Faults::name),
    ("retries", OPTIONAL, Faults::count),
    ("retry_delay_seconds", OPTIONAL, Faults::count),
    ("execution_timeout_seconds", OPTIONAL, Faults::positive),
    ("execution_mode", OPTIONAL, Faults::name),
    ("entrypoint", OPTIONAL, Faults::name),
    ("env", OPTIONAL, |f, at, v| f.map(at, v, Faults::text)),
    ("variables", OPTIONAL, |f, at, v| f.list(at, v, Faults::name)),
    ("connections", OPTIONAL, |f, at, v| f.list(at, v, Faults::name)),
    ("resources", OPTIONAL, |f, at, v| f.object(at, v, RESOURCES)),
    ("execution", OPTIONAL, |f, at, v| f.object(at, v, EXECUTION)),
    ("xcom_input", OPTIONAL, |f, at, v| f.map(at, v, Faults::upstream_names)),
    ("xcom_schema", OPTIONAL, Faults::any_object),
    ("call_args", OPTIONAL, Faults::arguments),
    ("operator_class", OPTIONAL, |f, at, v| f.text_that(at, v, is_dotted, "is no dotted path of a class")),
    ("operator_args", OPTIONAL, Faults::arguments),
    ("on_failure_callback", OPTIONAL, Faults::flag),
];

const RETRYING: &[Field] = &[
    ("retries", OPTIONAL, Faults::count),
    ("retry_delay_seconds", OPTIONAL, Faults::count),
    ("execution_timeout_seconds", OPTIONAL, Faults::positive),
];

const STAGING: &[Field] = &[
    ("enabled", REQUIRED, Faults::flag),
    ("size", OPTIONAL, Faults::quantity),
    ("storage_class", OPTIONAL, Faults::name),
];

const ALERTS: &[Field] = &[("on_failure", OPTIONAL, |f, at, v| f.list(at, v, |f, at, v| f.object(at, v, ALERT)))];

const ALERT: &[Field] = &[
    ("type", REQUIRED, |f, at, v| f.one_of(at, v, &["slack", "webhook"])),
    ("conn", OPTIONAL, Faults::name),
    ("message", OPTIONAL, Faults::text),
];

const PARAM: &[Field] = &[("default", OPTIONAL, |_, _, _| {}), ("schema", OPTIONAL, Faults::any_object)];

const RESOURCES: &[Field] = &[
    ("requests", OPTIONAL, |f, at, v| f.object(at, v, QUANTITIES)),
    ("limits", OPTIONAL, |f, at, v| f.object(at, v, QUANTITIES)),
    ("claims", OPTIONAL, |f, at, v| f.list(at, v, |_, _, _| {})),
];

const QUANTITIES: &[Field] = &[
    ("cpu", OPTIONAL, Faults::quantity),
    ("memory", OPTIONAL, Faults::quantity),
    ("ephemeral_storage", OPTIONAL, Faults::quantity),
];

const EXECUTION: &[Field] = &[
    ("node_selector", OPTIONAL, |f, at, v| f.map(at, v, Faults::text)),
    ("tolerations", OPTIONAL, |f, at, v| f.list(at, v, Faults::any_object)),
    ("service_account", OPTIONAL, Faults::name),
    ("image_pull_policy", OPTIONAL, |f, at, v| f.one_of(at, v, &["Always", "IfNotPresent", "Never"])),
    ("priority_class_name", OPTIONAL, Faults::name),
    ("termination_grace_period_seconds", OPTIONAL, Faults::count),
    ("runtime_class_name", OPTIONAL, Faults::name),
    ("topology_spread_constraints", OPTIONAL, |f, at, v| f.list(at, v, Faults::any_object)),
    ("affinity", OPTIONAL, Faults::any_object),
    ("resource_claims", OPTIONAL, |f, at, v| f.list(at, v, Faults::any_object)),
    ("labels", OPTIONAL, |f, at, v| f.map(at, v, Faults::text)),
    ("annotations", OPTIONAL, |f, at, v| f.map(at, v, Faults::text)),
];

#[cfg(test)]
mod tests;
