//! Graphs for tests, in a few words.

use super::Graph;
use crate::dag::{DagSpec, TaskKind, TaskSpec, TriggerRule};

/// Reads `a b; c:bash!all_done*2 <- a b`: tasks with kind, trigger rule and retries, and what they wait for.
pub(super) fn spec(words: &str) -> DagSpec {
    let mut spec = DagSpec { dag_id: "demo".to_owned(), ..DagSpec::default() };
    for part in words.split(';') {
        let (ids, upstream) = part.split_once("<-").unwrap_or((part, ""));
        let depends_on: Vec<String> = upstream.split_whitespace().map(str::to_owned).collect();
        spec.tasks.extend(ids.split_whitespace().map(|word| TaskSpec { depends_on: depends_on.clone(), ..task(word) }));
    }
    spec
}

fn task(word: &str) -> TaskSpec {
    let (word, retries) = word.split_once('*').map_or((word, None), |(word, count)| (word, count.parse().ok()));
    let (word, rule) = word.split_once('!').unwrap_or((word, "all_success"));
    let (id, kind) = word.split_once(':').unwrap_or((word, "python"));
    let operator_class = (kind == "operator").then(|| "airflow.providers.postgres.PostgresOperator".to_owned());
    let kind = match kind {
        "bash" => TaskKind::Bash,
        "operator" => TaskKind::AirflowOperator,
        _ => TaskKind::Python,
    };
    let trigger_rule: TriggerRule = serde_json::from_value(rule.into()).unwrap();
    TaskSpec { task_id: id.to_owned(), kind, trigger_rule, retries, operator_class, ..TaskSpec::default() }
}

pub(super) fn graph(words: &str) -> Graph {
    Graph::of(&spec(words))
}

/// Makes a spec of `edges`, each from a lower to a higher number; every third task is in one of two groups.
pub(super) fn numbered(tasks: usize, edges: impl IntoIterator<Item = (usize, usize)>) -> DagSpec {
    let id = |at: usize| match at % 6 {
        0 => format!("g.t{at}"),
        1 => format!("g.inner.t{at}"),
        3 => format!("h.t{at}"),
        _ => format!("t{at}"),
    };
    let mut spec = DagSpec { dag_id: "numbered".to_owned(), ..DagSpec::default() };
    spec.tasks.extend((0..tasks).map(|at| TaskSpec { task_id: id(at), ..TaskSpec::default() }));
    for (from, to) in edges {
        let from = id(from);
        if !spec.tasks[to].depends_on.contains(&from) {
            spec.tasks[to].depends_on.push(from);
        }
    }
    spec
}

/// 100 layers of 50 tasks, and four edges to each from the layers before.
pub(super) fn five_thousand() -> DagSpec {
    let edges = (50..5_000).flat_map(|to| {
        let back = if to % 10 == 0 && to >= 150 { 150 } else { 50 };
        (0..4).map(move |nth| ((to - to % 50 - back) + (to * 7 + nth * 3) % 50, to))
    });
    numbered(5_000, edges)
}
