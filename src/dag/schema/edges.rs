//! What holds between the tasks of a document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::faults::{Faults, child, quoted};
use crate::dag::graph;

/// Checks that ids are unique, edges and inputs name tasks of the DAG, and nothing waits for itself.
pub(super) fn check(faults: &mut Faults, tasks: &[Value]) {
    let id = |task: &'_ Value| task.get("task_id").and_then(Value::as_str).map(str::to_owned);
    let mut ids = BTreeSet::new();
    for (index, task) in tasks.iter().enumerate() {
        if let Some(id) = id(task).filter(|id| !ids.insert(id.clone())) {
            faults.add(&format!("tasks[{index}].task_id"), format!("{} stands twice", quoted(&id)));
        }
    }
    let mut upstream = BTreeMap::new();
    for (index, task) in tasks.iter().enumerate() {
        let Some(task) = task.as_object() else { continue };
        let at = format!("tasks[{index}]");
        let depends_on = check_edges(faults, &at, task, &ids);
        upstream.extend(task.get("task_id").and_then(Value::as_str).map(|id| (id, depends_on)));
    }
    if let Some(path) = graph::cycle(&upstream.iter().map(|(id, edges)| (*id, edges.as_slice())).collect()) {
        faults.add("tasks", format!("they wait for each other: {}", path.join(" -> ")));
    }
}

/// Checks the names that one task gives, and returns those upstream of it.
fn check_edges(faults: &mut Faults, at: &str, task: &Map<String, Value>, ids: &BTreeSet<String>) -> Vec<String> {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let depends_on = task.get("depends_on").map(texts).unwrap_or_default();
    let mut seen = BTreeSet::new();
    for upstream in &depends_on {
        let at = child(at, "depends_on");
        if !ids.contains(upstream) {
            faults.add(&at, format!("{} is no task of the DAG", quoted(upstream)));
        } else if !seen.insert(upstream) {
            faults.add(&at, format!("{} stands twice", quoted(upstream)));
        }
    }
    for (parameter, value) in task.get("xcom_input").and_then(Value::as_object).into_iter().flatten() {
        for upstream in texts(value).iter().filter(|upstream| !ids.contains(*upstream)) {
            let at = child(&child(at, "xcom_input"), parameter);
            faults.add(&at, format!("{} is no task of the DAG", quoted(upstream)));
        }
    }
    depends_on
}
