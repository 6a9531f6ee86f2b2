//! The tasks of a run that nothing runs: each look takes them one step along the graph, always the same way.
//!
//! A task whose `env` says `LEOFLOW_SANDBOX_STATE: failed` fails, so that a run that fails can be looked at.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::time::rfc3339;

/// What a task's `env` sets to have it fail here.
const STATE: &str = "LEOFLOW_SANDBOX_STATE";

/// Returns the tasks of a spec before anything happened.
pub(super) fn begin(dag_id: &str, run_id: &str, spec: &Value) -> Vec<Value> {
    let tasks = spec["tasks"].as_array().into_iter().flatten();
    let instance = |task: &Value| {
        json!({
            "dag_id": dag_id, "dag_run_id": run_id, "task_id": task["task_id"], "map_index": -1, "try_number": 0,
            "state": null, "start_date": null, "end_date": null,
        })
    };
    tasks.map(instance).collect()
}

/// Takes every task one step further: what runs ends, and what waits for nothing any more begins.
pub(super) fn advance(instances: &mut [Value], spec: &Value, now: u64) {
    let states = states(instances);
    let tasks = spec["tasks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let tasks: BTreeMap<&str, &Value> =
        tasks.iter().filter_map(|task| Some((task["task_id"].as_str()?, task))).collect();
    for instance in instances.iter_mut().filter_map(Value::as_object_mut) {
        let Some(task) = instance["task_id"].as_str().and_then(|id| tasks.get(id)) else { continue };
        let state = instance["state"].as_str();
        match state {
            None => waiting(instance, task, &states, now),
            Some("up_for_retry") => start(instance, now),
            Some("running") => end(instance, outcome(instance, task), now),
            Some(_) => {}
        }
    }
}

/// Returns how a run ends with these tasks, once all of them have.
pub(super) fn outcome_of_run(instances: &[Value]) -> Option<&'static str> {
    let states = states(instances);
    if !states.values().all(|state| has_ended(state)) {
        return None;
    }
    let failed = states.values().any(|state| matches!(*state, "failed" | "upstream_failed"));
    Some(if failed { "failed" } else { "success" })
}

/// The state of each task; empty before it began.
fn states(instances: &[Value]) -> BTreeMap<String, &'static str> {
    let known = ["running", "success", "failed", "skipped", "upstream_failed", "up_for_retry"];
    let state = |instance: &Value| {
        let state = instance["state"].as_str().and_then(|state| known.into_iter().find(|known| *known == state));
        Some((instance["task_id"].as_str()?.to_owned(), state.unwrap_or_default()))
    };
    instances.iter().filter_map(state).collect()
}

fn has_ended(state: &str) -> bool {
    matches!(state, "success" | "failed" | "skipped" | "upstream_failed")
}

/// Decides over a task that has not begun, by its trigger rule (contract section 2).
fn waiting(instance: &mut Map<String, Value>, task: &Value, states: &BTreeMap<String, &'static str>, now: u64) {
    let upstream: Vec<&str> = task["depends_on"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let of = |id: &&str| states.get(*id).copied().unwrap_or_default();
    let is_over = upstream.iter().map(of).all(has_ended);
    let any = |wanted: &[&str]| upstream.iter().map(of).any(|state| wanted.contains(&state));
    let failed = any(&["failed", "upstream_failed"]);
    let decision = match task["trigger_rule"].as_str().unwrap_or("all_success") {
        "all_done" if is_over => Some("running"),
        "one_success" if any(&["success"]) => Some("running"),
        "one_success" if is_over => Some(if failed { "upstream_failed" } else { "skipped" }),
        "one_failed" if failed => Some("running"),
        "one_failed" if is_over => Some("skipped"),
        "all_failed" if any(&["success", "skipped"]) => Some("skipped"),
        "all_failed" if is_over => Some("running"),
        "all_success" if failed => Some("upstream_failed"),
        "all_success" if any(&["skipped"]) => Some("skipped"),
        "all_success" if is_over => Some("running"),
        _ => None,
    };
    match decision {
        Some("running") => start(instance, now),
        Some(state) => end(instance, state, now),
        None => {}
    }
}

/// A task that is to fail does so as often as its retries let it.
fn outcome(instance: &Map<String, Value>, task: &Value) -> &'static str {
    let fails = task["env"][STATE] == "failed";
    let tries_left = instance["try_number"].as_u64() <= task["retries"].as_u64();
    match (fails, tries_left) {
        (false, _) => "success",
        (true, true) => "up_for_retry",
        (true, false) => "failed",
    }
}

fn start(instance: &mut Map<String, Value>, now: u64) {
    let attempt = instance["try_number"].as_u64().unwrap_or_default() + 1;
    instance.insert("try_number".to_owned(), json!(attempt));
    instance.insert("state".to_owned(), json!("running"));
    instance.insert("start_date".to_owned(), json!(rfc3339(now)));
}

fn end(instance: &mut Map<String, Value>, state: &str, now: u64) {
    instance.insert("state".to_owned(), json!(state));
    instance.insert("end_date".to_owned(), json!(rfc3339(now)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows a graph to its end; returns its states after each look, in the order of the tasks.
    fn looks(tasks: Value) -> Vec<String> {
        let spec = json!({ "tasks": tasks });
        let mut instances = begin("d", "r", &spec);
        let mut looks = Vec::new();
        while outcome_of_run(&instances).is_none() && looks.len() < 20 {
            advance(&mut instances, &spec, 0);
            let states = instances.iter().map(|instance| instance["state"].as_str().unwrap_or("-"));
            looks.push(states.collect::<Vec<_>>().join(" "));
        }
        looks.push(outcome_of_run(&instances).unwrap_or("never ends").to_owned());
        looks
    }

    #[test]
    fn tasks_wait_for_what_they_depend_on() {
        let chain = json!([{ "task_id": "a" }, { "task_id": "b", "depends_on": ["a"] }]);
        assert_eq!(looks(chain), ["running -", "success -", "success running", "success success", "success"]);
        assert_eq!(
            looks(json!([{ "task_id": "a" }, { "task_id": "b" }])),
            ["running running", "success success", "success"]
        );
    }

    #[test]
    fn a_task_that_fails_is_tried_again_and_those_after_it_go_by_their_rules() {
        let failing = json!({ "LEOFLOW_SANDBOX_STATE": "failed" });
        let tasks = json!([{ "task_id": "a", "env": failing, "retries": 1 }]);
        assert_eq!(looks(tasks), ["running", "up_for_retry", "running", "failed", "failed"]);
        for (rule, expected) in [
            ("all_success", "failed upstream_failed"),
            ("all_done", "failed success"),
            ("all_failed", "failed success"),
            ("one_failed", "failed success"),
            ("one_success", "failed upstream_failed"),
        ] {
            let last = json!({ "task_id": "b", "depends_on": ["a"], "trigger_rule": rule });
            let looks = looks(json!([{ "task_id": "a", "env": failing }, last]));
            assert_eq!(looks[looks.len() - 2], expected, "{rule}: {looks:?}");
        }
        let skipped = json!([
            { "task_id": "a" },
            { "task_id": "b", "depends_on": ["a"], "trigger_rule": "one_failed" },
            { "task_id": "c", "depends_on": ["b"] },
        ]);
        assert_eq!(looks(skipped).pop().unwrap(), "success");
    }
}
