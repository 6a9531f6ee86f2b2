//! dag.json (schema 1.0) as values: its fields, in the order in which they are written, and what is left out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::pinned::PinnedDagSpec;
use crate::python::RawDag;
use crate::reference::PinnedReference;

/// A DAG as the control plane reads it, its image not yet known by digest.
///
/// The fields stand in the order in which dag.json has them; whatever is empty is not written.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct DagSpec {
    /// `"1.0"`
    pub schema_version: SchemaVersion,
    /// The DAG's id.
    pub dag_id: String,
    /// The author's name for this version.
    pub dag_version: String,
    /// The image's reference.
    pub image: String,
    /// Free text.
    #[serde(skip_serializing_if = "is_blank")]
    pub description: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "is_blank")]
    pub owner: Option<String>,
    /// leoflow.yaml's as written, else the DAG's, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// A five-field cron expression or a preset.
    #[serde(skip_serializing_if = "is_blank")]
    pub schedule: Option<String>,
    /// An IANA name, when it is not UTC.
    #[serde(skip_serializing_if = "is_blank")]
    pub schedule_timezone: Option<String>,
    /// ISO 8601.
    #[serde(skip_serializing_if = "is_blank")]
    pub start_date: Option<String>,
    /// ISO 8601.
    #[serde(skip_serializing_if = "is_blank")]
    pub end_date: Option<String>,
    /// How many runs may be active at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_active_runs: Option<u64>,
    /// How many tasks may be active at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_active_tasks: Option<u64>,
    /// Whether missed intervals are run.
    #[serde(skip_serializing_if = "is_false")]
    pub catchup: bool,
    /// What tasks fall back to.
    #[serde(skip_serializing_if = "is_default")]
    pub default_args: DefaultArgs,
    /// Staging storage, when there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staging: Option<StagingSpec>,
    /// Who is told of failures.
    #[serde(skip_serializing_if = "is_default")]
    pub alerts: Alerts,
    /// Names of variables, never values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
    /// Names of connections, never values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<String>,
    /// Name -> `{default?, schema}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
    /// Sorted by `task_id`; at least one.
    pub tasks: Vec<TaskSpec>,
    /// The whole text of dag.py.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// The only version of the schema that there is, `1.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SchemaVersion;

/// One task of a [`DagSpec`], its fields in the order in which dag.json has them.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TaskSpec {
    /// The task's id.
    pub task_id: String,
    /// What runs it.
    #[serde(rename = "type")]
    pub kind: TaskKind,
    /// Upstream task ids, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// When it runs.
    #[serde(skip_serializing_if = "is_default")]
    pub trigger_rule: TriggerRule,
    /// The pool whose slot it takes.
    #[serde(skip_serializing_if = "is_blank")]
    pub pool: Option<String>,
    /// How often it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u64>,
    /// Seconds between tries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_delay_seconds: Option<u64>,
    /// Seconds after which a try is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_timeout_seconds: Option<u64>,
    /// Part of the format; no DAG file can ask for it yet, so compiling never sets it.
    #[serde(skip_serializing_if = "is_blank")]
    pub execution_mode: Option<String>,
    /// The bash command, or `<source stem>:<callable name>`.
    #[serde(skip_serializing_if = "is_blank")]
    pub entrypoint: Option<String>,
    /// Environment variables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Names of variables, never values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
    /// Names of connections, never values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<String>,
    /// What the pod asks of its node.
    #[serde(skip_serializing_if = "is_default")]
    pub resources: ResourcesSpec,
    /// Where and how the pod runs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub execution: BTreeMap<String, Value>,
    /// Parameter -> upstream task ids, in the order of the declaration.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub xcom_input: BTreeMap<String, Vec<String>>,
    /// Part of the format; no DAG file can ask for it yet, so compiling never sets it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub xcom_schema: BTreeMap<String, Value>,
    /// Parameter -> JSON literal.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub call_args: BTreeMap<String, Value>,
    /// Dotted path of the operator's class.
    #[serde(skip_serializing_if = "is_blank")]
    pub operator_class: Option<String>,
    /// The operator's keyword arguments.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub operator_args: BTreeMap<String, Value>,
    /// Whether a function is called when it fails.
    #[serde(skip_serializing_if = "is_false")]
    pub on_failure_callback: bool,
}

/// What runs a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A function of dag.py or of a module beside it.
    #[default]
    Python,
    /// A shell command.
    Bash,
    /// An operator of a provider package.
    AirflowOperator,
}

/// When a task runs, by the state of those upstream of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerRule {
    /// All succeeded; never written.
    #[default]
    AllSuccess,
    /// All failed.
    AllFailed,
    /// All are done, however they ended.
    AllDone,
    /// One succeeded.
    OneSuccess,
    /// One failed.
    OneFailed,
}

/// What tasks fall back to that set nothing of their own; from `defaults:` in leoflow.yaml.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DefaultArgs {
    /// How often a task is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u64>,
    /// Seconds between tries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_delay_seconds: Option<u64>,
    /// Seconds after which a try is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_timeout_seconds: Option<u64>,
}

/// `staging`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StagingSpec {
    /// Always true where it is written.
    pub enabled: bool,
    /// A Kubernetes quantity.
    #[serde(skip_serializing_if = "is_blank")]
    pub size: Option<String>,
    /// Kubernetes' storage class.
    #[serde(skip_serializing_if = "is_blank")]
    pub storage_class: Option<String>,
}

/// `alerts`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Alerts {
    /// In the order of leoflow.yaml.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_failure: Vec<AlertSpec>,
}

/// One of [`Alerts::on_failure`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct AlertSpec {
    /// `slack` or `webhook`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The connection's name.
    #[serde(skip_serializing_if = "is_blank")]
    pub conn: Option<String>,
    /// The text.
    #[serde(skip_serializing_if = "is_blank")]
    pub message: Option<String>,
}

/// `resources`
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ResourcesSpec {
    /// `cpu`, `memory`, `ephemeral_storage` -> a Kubernetes quantity.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, String>,
    /// Likewise.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, String>,
    /// Passed on as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Value>,
}

impl DagSpec {
    /// Returns the DAG's id.
    #[must_use]
    pub fn dag_id(&self) -> &str {
        &self.dag_id
    }

    /// Returns dag.json: 2-space indented, with a trailing newline.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Every map has text keys and every value came from JSON, so that serializing cannot fail.
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// Ties the spec to an image.
    #[must_use]
    pub fn pin(self, image: PinnedReference) -> PinnedDagSpec {
        let spec = Self { image: image.to_string(), ..self };
        PinnedDagSpec::of(&spec, image)
    }

    /// Returns the names of the connections that the DAG needs: declared ones, and every string value of a key that
    /// contains `conn_id`; sorted, each once.
    #[must_use]
    pub fn connections(&self) -> Vec<String> {
        connections(&serde_json::to_value(self).unwrap_or_default())
    }
}

impl TaskKind {
    /// Every kind, by the name that dag.json has for it.
    pub(super) const ALL: [(&'static str, Self); 3] =
        [("python", Self::Python), ("bash", Self::Bash), ("airflow_operator", Self::AirflowOperator)];

    /// Returns the kind's name, as dag.json has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

impl TriggerRule {
    /// Every rule, by its name.
    pub(super) const ALL: [(&'static str, Self); 5] = [
        ("all_success", Self::AllSuccess),
        ("all_failed", Self::AllFailed),
        ("all_done", Self::AllDone),
        ("one_success", Self::OneSuccess),
        ("one_failed", Self::OneFailed),
    ];

    /// Returns the rule's name, as dag.json has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, rule)| *rule == self).map_or("", |(name, _)| name)
    }
}

impl Serialize for SchemaVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("1.0")
    }
}

/// Returns what the `name` stands for in `all`.
pub(super) fn named<T: Copy>(all: &[(&'static str, T)], name: &str) -> Option<T> {
    all.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// Returns the names of the connections that the operators of a DAG are given, as far as dag.py says.
#[must_use]
pub fn named_connections(dag: &RawDag) -> Vec<String> {
    connections(&serde_json::to_value(dag).unwrap_or_default())
}

/// Returns the names of the connections that a dag.json needs (see [`DagSpec::connections`]).
pub(super) fn connections(dag: &Value) -> Vec<String> {
    let items = |pointer: &str| dag.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let of_tasks = items("/tasks").filter_map(|task| task.get("connections"));
    let of_alerts = items("/alerts/on_failure").filter_map(|alert| alert.get("conn"));
    let declared = dag.get("connections").into_iter().chain(of_tasks).chain(of_alerts);
    let mut names: BTreeSet<&str> = declared.flat_map(connection_names).collect();
    collect_conn_ids(dag, &mut names);
    names.into_iter().map(str::to_owned).collect()
}

fn collect_conn_ids<'a>(value: &'a Value, names: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_conn_ids(item, names)),
        Value::Object(fields) => {
            for (key, value) in fields {
                if key.contains("conn_id") {
                    names.extend(connection_names(value));
                }
                collect_conn_ids(value, names);
            }
        }
        _ => {}
    }
}

/// A text is a name, and so is each text of a list; a template is known at run time only.
fn connection_names(value: &Value) -> impl Iterator<Item = &str> {
    let one = value.as_str();
    let many = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many).filter(|name| !name.is_empty() && !name.contains("{{"))
}

#[allow(clippy::ref_option, reason = "serde hands the field over by reference")]
fn is_blank(text: &Option<String>) -> bool {
    text.as_deref().unwrap_or_default().is_empty()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over by reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
