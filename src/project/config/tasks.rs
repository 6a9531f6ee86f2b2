//! `defaults:` and `tasks:`: what a task asks for, and where its pod runs.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::names::PULL_POLICIES;
use super::reader::{Field, Section};
use super::{Defaults, Execution, Resources, TaskConfig, keys as table, rules};
use crate::code::Code;
use crate::project::Quantity;

pub(super) fn defaults(field: &Field<'_>) -> Option<Defaults> {
    let mut keys = field.keys(table::DEFAULTS)?;
    let timing = Timing::read(&mut keys);
    let (cpu, memory) = keys.get("resources").map(|field| cpu_and_memory(&field)).unwrap_or_default();
    let node_selector = keys.get("node_selector").map(|field| selector(&field)).unwrap_or_default();
    keys.end();
    let Timing { retries, retry_delay_seconds, execution_timeout_seconds } = timing;
    Some(Defaults { retries, retry_delay_seconds, execution_timeout_seconds, cpu, memory, node_selector })
}

fn cpu_and_memory(field: &Field<'_>) -> (Option<Quantity>, Option<Quantity>) {
    let Some(mut keys) = field.keys(table::DEFAULT_RESOURCES) else { return (None, None) };
    let cpu = keys.get("cpu").and_then(|field| field.quantity());
    let memory = keys.get("memory").and_then(|field| memory(&field));
    keys.end();
    (cpu, memory)
}

/// Returns the settings of each task id.
pub(super) fn tasks(field: &Field<'_>) -> BTreeMap<String, TaskConfig> {
    let named = |(id, settings): (Field<'_>, Field<'_>)| {
        let task_id = rules::task_id(&id)?;
        let span = id.reader.span(&id.node.range);
        if settings.node.is_null() {
            settings.fault(Code::WRONG_TYPE, "is empty", "write the task's settings below it, or remove it".to_owned());
            return None;
        }
        Some((task_id, task(&settings, span)?))
    };
    field.pairs().into_iter().filter_map(named).collect()
}

fn task(field: &Field<'_>, span: crate::source::SourceSpan) -> Option<TaskConfig> {
    let mut keys = field.keys(table::TASK)?;
    let timing = Timing::read(&mut keys);
    let config = TaskConfig {
        span,
        retries: timing.retries,
        retry_delay_seconds: timing.retry_delay_seconds,
        execution_timeout_seconds: timing.execution_timeout_seconds,
        env: keys.get("env").map(|field| rules::string_map(&field, rules::env_name)).unwrap_or_default(),
        connections: keys.get("connections").map(|field| field.names()).unwrap_or_default(),
        variables: keys.get("variables").map(|field| field.names()).unwrap_or_default(),
        resources: keys.get("resources").and_then(|field| resources(&field)),
        execution: keys.get("execution").and_then(|field| execution(&field)),
    };
    keys.end();
    Some(config)
}

struct Timing {
    retries: Option<u64>,
    retry_delay_seconds: Option<u64>,
    execution_timeout_seconds: Option<u64>,
}

impl Timing {
    fn read(keys: &mut Section<'_>) -> Self {
        Self {
            retries: keys.get("retries").and_then(|field| field.whole(0)),
            retry_delay_seconds: keys.get("retry_delay_seconds").and_then(|field| field.whole(0)),
            execution_timeout_seconds: keys.get("execution_timeout_seconds").and_then(|field| field.whole(1)),
        }
    }
}

fn resources(field: &Field<'_>) -> Option<Resources> {
    let mut keys = field.keys(table::RESOURCES)?;
    let requests = keys.get("requests").map(|field| amounts(&field)).unwrap_or_default();
    let limits = keys.get("limits").map(|field| amounts(&field)).unwrap_or_default();
    let claims = keys.get("claims").map(|field| objects(&field)).unwrap_or_default();
    keys.end();
    Some(Resources { requests, limits, claims })
}

fn amounts(field: &Field<'_>) -> BTreeMap<String, Quantity> {
    let Some(mut keys) = field.keys(table::AMOUNTS) else { return BTreeMap::new() };
    let amounts = [
        ("cpu", keys.get("cpu").and_then(|field| field.quantity())),
        ("memory", keys.get("memory").and_then(|field| memory(&field))),
        ("ephemeral_storage", keys.get("ephemeral_storage").and_then(|field| memory(&field))),
    ];
    keys.end();
    amounts.into_iter().filter_map(|(name, amount)| Some((name.to_owned(), amount?))).collect()
}

/// Returns a number of bytes; `512m` is legal, and half a byte, which nobody means.
pub(super) fn memory(field: &Field<'_>) -> Option<Quantity> {
    let quantity = field.quantity()?;
    if quantity.is_milli() {
        let number = quantity.as_str().trim_end_matches('m');
        let message = format!("`{}`: `{quantity}` is {number} thousandths of a byte", field.path);
        field.reader.warn(
            Code::THOUSANDTHS_OF_A_BYTE,
            &field.node.range,
            message,
            format!("write `{number}Mi` or `{number}M`"),
        );
    }
    Some(quantity)
}

fn selector(field: &Field<'_>) -> BTreeMap<String, String> {
    rules::string_map(field, rules::kubernetes_key)
}

fn execution(field: &Field<'_>) -> Option<Execution> {
    let mut keys = field.keys(table::EXECUTION)?;
    let mut values = BTreeMap::new();
    for key in ["service_account", "priority_class_name", "runtime_class_name"] {
        values.insert(key, keys.get(key).and_then(|field| field.name()).map(Json::String));
    }
    for key in ["tolerations", "topology_spread_constraints", "resource_claims"] {
        values.insert(key, keys.get(key).map(|field| Json::Array(objects(&field))));
    }
    for key in ["node_selector", "labels"] {
        values.insert(key, keys.get(key).map(|field| json_map(rules::kubernetes_labels(&field))));
    }
    let annotations = keys.get("annotations").map(|field| json_map(selector(&field)));
    let policy = keys.get("image_pull_policy").and_then(|field| field.one_of(PULL_POLICIES)).map(Json::from);
    let grace = keys.get("termination_grace_period_seconds").and_then(|field| field.whole(0)).map(Json::from);
    let affinity = keys.get("affinity").and_then(|field| object(&field));
    values.extend([
        ("annotations", annotations),
        ("image_pull_policy", policy),
        ("termination_grace_period_seconds", grace),
        ("affinity", affinity),
    ]);
    keys.end();
    let given = values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Some(Execution(given.collect()))
}

fn json_map(map: BTreeMap<String, String>) -> Json {
    Json::Object(map.into_iter().map(|(key, value)| (key, Json::String(value))).collect())
}

fn objects(field: &Field<'_>) -> Vec<Json> {
    field.items().iter().filter_map(object).collect()
}

/// Returns a mapping whose keys are Kubernetes' business.
fn object(field: &Field<'_>) -> Option<Json> {
    field.section()?;
    field.json()
}
