//! Mermaid's flowcharts, as GitHub and GitLab draw them. Nodes have ids of our own (`t0`): `end`, `default` or a dash mean
//! something there.

use std::fmt::Write;

use super::groups::Nested;
use super::model::{Graph, Task};
use crate::dag::{TaskKind, TriggerRule};

/// Colours with enough contrast on a light and on a dark page, since the page is not ours.
const CLASSES: &str = "  classDef python fill:#dbeafe,stroke:#2563eb,color:#0f172a
  classDef bash fill:#dcfce7,stroke:#16a34a,color:#0f172a
  classDef airflow_operator fill:#fef3c7,stroke:#d97706,color:#0f172a
";

pub(super) fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    content(graph, &Nested::of(graph), None, &mut text, 1);
    for (from, to) in graph.edges() {
        // Writing to a text does not fail.
        let _ = writeln!(text, "  t{from} {} t{to}", arrow(graph.tasks[to].rule));
    }
    text + CLASSES
}

fn content(graph: &Graph, nested: &Nested, group: Option<usize>, text: &mut String, depth: usize) {
    let indent = "  ".repeat(depth);
    for &at in nested.tasks(group) {
        let task = &graph.tasks[at];
        let _ = writeln!(text, "{indent}t{at}[\"{}\"]:::{}", label(task), class(task.kind));
    }
    for &inner in nested.groups(group) {
        let _ = writeln!(text, "{indent}subgraph g{inner}[\"{}\"]", escaped(&graph.groups[inner].label));
        content(graph, nested, Some(inner), text, depth + 1);
        let _ = writeln!(text, "{indent}end");
    }
}

fn class(kind: TaskKind) -> &'static str {
    kind.name()
}

fn label(task: &Task) -> String {
    let retries = task.retries.filter(|count| *count > 0).map(|count| format!(", retries {count}"));
    format!("{}<br/>{}{}", escaped(&task.label), escaped(task.runner()), retries.unwrap_or_default())
}

fn arrow(rule: TriggerRule) -> String {
    if rule == TriggerRule::AllSuccess { "-->".to_owned() } else { format!("-. {} .->", rule.name()) }
}

/// Writes whatever means something to Mermaid or HTML as an entity: `#35;` is Mermaid's `&#35;`.
fn escaped(text: &str) -> String {
    text.chars().map(entity).collect()
}

fn entity(c: char) -> String {
    match c {
        c if c.is_control() => '\u{fffd}'.to_string(),
        c if c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ') => c.to_string(),
        c => format!("#{};", u32::from(c)),
    }
}
