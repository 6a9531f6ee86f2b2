//! Graphs for tests, in a few words.

use super::Graph;
use crate::dag::{DagSpec, TaskSpec};

/// Reads `a b c; b <- a; c <- a b`: tasks in the order they are first named, with what they wait for.
pub(super) fn spec(words: &str) -> DagSpec {
    let mut spec = DagSpec { dag_id: "demo".to_owned(), ..DagSpec::default() };
    for part in words.split(';') {
        let (ids, upstream) = part.split_once("<-").unwrap_or((part, ""));
        let depends_on: Vec<String> = upstream.split_whitespace().map(str::to_owned).collect();
        let tasks = ids.split_whitespace().map(|id| TaskSpec {
            task_id: id.to_owned(),
            depends_on: depends_on.clone(),
            ..TaskSpec::default()
        });
        spec.tasks.extend(tasks);
    }
    spec
}

pub(super) fn graph(words: &str) -> Graph {
    Graph::of(&spec(words))
}
