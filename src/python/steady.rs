//! Two executions of one file, with another clock and other random numbers, into what depends on them.

use serde_json::Value;

use super::protocol::Asked;
use super::raw::{RawDag, RawTask};

/// Returns the DAGs that differ, each with the first of what does.
pub(super) fn differences(first: &[RawDag], again: &[RawDag]) -> Vec<(String, String)> {
    let differs = |dag: &RawDag| {
        let other = again.iter().find(|other| other.dag_id == dag.dag_id);
        let what = other.map_or(Some("that it is declared".to_owned()), |other| of_dag(dag, other))?;
        Some((dag.dag_id.clone(), what))
    };
    first.iter().filter_map(differs).collect()
}

fn of_dag(dag: &RawDag, other: &RawDag) -> Option<String> {
    let tasks = dag.tasks.iter().find_map(|task| of_task(task, &other.tasks));
    let more = || other.tasks.iter().find(|task| !dag.tasks.iter().any(|known| known.task_id == task.task_id));
    let of_dag = field(&without_tasks(dag), &without_tasks(other)).map(|field| format!("`{field}`"));
    of_dag.or(tasks).or_else(|| more().map(|_| "the number of its tasks".to_owned()))
}

fn without_tasks(dag: &RawDag) -> RawDag {
    RawDag { tasks: Vec::new(), ..dag.clone() }
}

fn of_task(task: &RawTask, others: &[RawTask]) -> Option<String> {
    let Some(other) = others.iter().find(|other| other.task_id == task.task_id) else {
        return Some(format!("the task `{}`", task.task_id));
    };
    field(task, other).map(|field| format!("`{field}` of task `{}`", task.task_id))
}

/// The first field, by its name, that is not the same.
fn field<T: serde::Serialize + PartialEq>(one: &T, other: &T) -> Option<String> {
    if one == other {
        return None;
    }
    let (Ok(Value::Object(one)), Ok(Value::Object(other))) = (serde_json::to_value(one), serde_json::to_value(other))
    else {
        return None;
    };
    one.into_iter().find(|(name, value)| other.get(name) != Some(value)).map(|(name, _)| name)
}

/// `the clock in line 5 and chance in line 9`.
pub(super) fn listed(asked: &[Asked]) -> String {
    let mut told: Vec<String> =
        asked.iter().map(|asked| format!("{} in line {}", asked.what, asked.place.line)).collect();
    let last = told.pop().unwrap_or_default();
    if told.is_empty() { last } else { format!("{} and {last}", told.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dag(tasks: &[(&str, u64)]) -> RawDag {
        let task =
            |&(id, retries): &(&str, u64)| RawTask { task_id: id.into(), retries: Some(retries), ..RawTask::default() };
        RawDag { dag_id: "a".into(), tasks: tasks.iter().map(task).collect(), ..RawDag::default() }
    }

    #[test]
    fn the_first_difference_of_each_dag_is_told() {
        let check = |first: &[(&str, u64)], again: &[RawDag], expected: Option<&str>| {
            let found = differences(&[dag(first)], again);
            assert_eq!(found.first().map(|(_, what)| what.as_str()), expected);
        };
        check(&[("x", 1)], &[dag(&[("x", 1)])], None);
        check(&[("x", 1)], &[dag(&[("x", 2)])], Some("`retries` of task `x`"));
        check(&[("x", 1)], &[dag(&[("y", 1)])], Some("the task `x`"));
        check(&[("x", 1)], &[dag(&[("x", 1), ("y", 1)])], Some("the number of its tasks"));
        check(&[("x", 1)], &[], Some("that it is declared"));
        let started = RawDag { start_date: Some("2033-01-01".into()), ..dag(&[("x", 1)]) };
        check(&[("x", 1)], &[started], Some("`start_date`"));
    }
}
