//! The graph as scripts read it (`docs/json.md`).

use serde_json::{Value, json};

use super::model::Graph;

/// Returns the graph as `leoflow.graph/v1`.
#[must_use]
pub fn json(graph: &Graph) -> Value {
    let id = |at: usize| graph.tasks[at].id.as_str();
    let group = |at: Option<usize>| at.map(|at| graph.groups[at].id.as_str());
    let nodes = graph.tasks.iter().map(|task| {
        json!({"id": task.id, "type": task.kind, "operator": task.operator, "trigger_rule": task.rule,
               "retries": task.retries, "group": group(task.group), "layer": task.layer})
    });
    let groups = graph.groups.iter().map(|it| json!({"id": it.id, "parent": group(it.parent)}));
    let edges = graph.edges().map(|(from, to)| json!({"from": id(from), "to": id(to)}));
    let layers = graph.layers.iter().map(|layer| layer.iter().map(|&at| id(at)).collect::<Vec<_>>());
    json!({"schema": "leoflow.graph/v1", "dag_id": graph.dag_id, "schedule": graph.schedule,
           "nodes": nodes.collect::<Vec<_>>(), "edges": edges.collect::<Vec<_>>(),
           "groups": groups.collect::<Vec<_>>(), "layers": layers.collect::<Vec<_>>()})
}
