//! Graphviz's language, for whoever has `dot` and wants another layout.

use std::fmt::Write;

use super::groups::Nested;
use super::model::{Graph, Task};
use crate::dag::{TaskKind, TriggerRule};

/// Returns the graph in Graphviz's language.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let mut text = format!("digraph {} {{\n", quoted(&graph.dag_id));
    text.push_str(
        "  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11];\n",
    );
    text.push_str("  edge [color=\"#64748b\", fontname=\"Helvetica\", fontsize=9];\n");
    content(graph, &Nested::of(graph), None, &mut text, 1);
    for (from, to) in graph.edges() {
        let (from, to) = (&graph.tasks[from], &graph.tasks[to]);
        // Writing to a text does not fail.
        let _ = writeln!(text, "  {} -> {}{};", quoted(&from.id), quoted(&to.id), attributes(to.rule));
    }
    text + "}\n"
}

fn content(graph: &Graph, nested: &Nested, group: Option<usize>, text: &mut String, depth: usize) {
    let indent = "  ".repeat(depth);
    for &at in nested.tasks(group) {
        let task = &graph.tasks[at];
        let (fill, line) = colours(task.kind);
        let (id, label) = (quoted(&task.id), label(task));
        let _ = writeln!(text, "{indent}{id} [label={label}, fillcolor=\"{fill}\", color=\"{line}\"];");
    }
    for &inner in nested.groups(group) {
        let title = quoted(&graph.groups[inner].label);
        let _ = writeln!(text, "{indent}subgraph cluster_{inner} {{\n{indent}  label={title}; style=rounded;");
        content(graph, nested, Some(inner), text, depth + 1);
        let _ = writeln!(text, "{indent}}}");
    }
}

fn colours(kind: TaskKind) -> (&'static str, &'static str) {
    match kind {
        TaskKind::Python => ("#dbeafe", "#2563eb"),
        TaskKind::Bash => ("#dcfce7", "#16a34a"),
        TaskKind::AirflowOperator => ("#fef3c7", "#d97706"),
    }
}

fn label(task: &Task) -> String {
    let retries = task.retries.filter(|count| *count > 0).map(|count| format!(", retries {count}")).unwrap_or_default();
    format!("\"{}\\n{}{retries}\"", escaped(&task.label), escaped(task.runner()))
}

fn attributes(rule: TriggerRule) -> String {
    match rule {
        TriggerRule::AllSuccess => String::new(),
        rule => format!(" [label=\"{}\", style=dashed]", rule.name()),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A quote ends a text and a backslash begins an escape, in labels to the second degree; `\\\\` is right in both.
fn escaped(text: &str) -> String {
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(printable).collect::<String>().replace('\\', "\\\\").replace('"', "\\\"")
}
