//! A layout as SVG: no scripts, no fonts of its own, and colours for light and dark pages.

use std::fmt::Write;

use super::frames::{PAD, TASK, TITLE};
use super::width::{elided, width};
use super::{HEAD, Layout, MARGIN, WIDE};
use crate::dag::{TaskKind, TriggerRule};
use crate::graph::model::{Graph, Task};

/// Sizes of texts, in pixels.
pub(super) const LABEL: f64 = 13.0;
pub(super) const SMALL: f64 = 11.0;

/// Between a task's edge and its texts.
pub(super) const INSET: f64 = 12.0;

const KINDS: [TaskKind; 3] = [TaskKind::Python, TaskKind::Bash, TaskKind::AirflowOperator];

const CSS: &str = "\
text{font-family:Helvetica,Arial,'Liberation Sans','Segoe UI',Roboto,sans-serif;fill:#0f172a}\
.page{fill:#ffffff;stroke:#e2e8f0}\
.head{font-size:16px;font-weight:600}\
.label{font-size:13px}.small{font-size:11px;fill:#475569}\
.group{fill:#64748b;fill-opacity:.07;stroke:#94a3b8;stroke-dasharray:1 0}\
.title{font-size:11px;font-weight:600;fill:#475569}\
.edge{fill:none;stroke:#64748b;stroke-width:1.3;stroke-opacity:.8}.rule{stroke:#c026d3;stroke-dasharray:5 3}\
.tip{fill:#64748b}.rule-tip{fill:#c026d3}.rule-name{fill:#a21caf}\
.task rect{stroke-width:1.3}\
.python rect{fill:#dbeafe;stroke:#2563eb}.bash rect{fill:#dcfce7;stroke:#16a34a}\
.airflow_operator rect{fill:#fef3c7;stroke:#d97706}\
@media(prefers-color-scheme:dark){\
text{fill:#e2e8f0}.page{fill:#0f172a;stroke:#334155}.small,.title{fill:#94a3b8}.edge{stroke:#94a3b8}.tip{fill:#94a3b8}\
.rule{stroke:#e879f9}.rule-tip{fill:#e879f9}.rule-name{fill:#e879f9}\
.python rect{fill:#172554;stroke:#60a5fa}.bash rect{fill:#052e16;stroke:#4ade80}\
.airflow_operator rect{fill:#451a03;stroke:#fbbf24}}";

/// Writes the document. Writing to a text does not fail.
pub(super) fn draw(graph: &Graph, layout: &Layout) -> String {
    let legend = legend(graph);
    let title = title(graph);
    let wide = layout.size.0.max(MARGIN * 2.0 + width(&title, 16.0)).max(legend.1 + MARGIN).ceil();
    let high = layout.size.1.ceil();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\" \
         role=\"img\">\n<title>{}</title>\n<style>{CSS}</style>\n<defs>{}{}</defs>\n<rect class=\"page\" x=\".5\" y=\".5\" \
         width=\"{}\" height=\"{}\" rx=\"8\"/>\n<text class=\"head\" x=\"{MARGIN}\" y=\"36\">{}</text>\n{}",
        escaped(&title),
        tip("tip"),
        tip("rule-tip"),
        wide - 1.0,
        high - 1.0,
        escaped(&title),
        legend.0,
    );
    (0..graph.groups.len()).for_each(|group| frame(graph, layout, group, &mut svg));
    graph.edges().zip(&layout.ranked.routes).for_each(|(edge, route)| line(graph, layout, edge, route, &mut svg));
    (0..graph.tasks.len()).for_each(|at| task(graph, layout, at, &mut svg));
    svg + "</svg>\n"
}

fn title(graph: &Graph) -> String {
    let schedule = graph.schedule.as_ref().map(|schedule| format!(" · {schedule}")).unwrap_or_default();
    elided(&format!("{}{schedule}", graph.dag_id), 16.0, 3.0 * WIDE)
}

fn tip(class: &str) -> String {
    format!(
        "<marker id=\"{class}\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" orient=\"auto\" \
         markerUnits=\"userSpaceOnUse\"><path class=\"{class}\" d=\"M0 .5L8 4L0 7.5z\"/></marker>"
    )
}

/// Returns what the colours and lines mean that are there, and where it ends.
fn legend(graph: &Graph) -> (String, f64) {
    let (mut svg, mut x, y) = (String::new(), MARGIN, HEAD - 4.0);
    for kind in KINDS.into_iter().filter(|kind| graph.tasks.iter().any(|task| task.kind == *kind)) {
        let name = kind.name();
        let _ =
            write!(svg, "<g class=\"{name}\"><rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" rx=\"3\"/>", y - 10.0);
        let _ = writeln!(svg, "<text class=\"small\" x=\"{}\" y=\"{y}\">{name}</text></g>", x + 18.0);
        x = (x + 36.0 + width(name, SMALL)).round();
    }
    if graph.tasks.iter().any(|task| task.rule != TriggerRule::AllSuccess) {
        let text = "runs by another rule than all_success";
        let _ = write!(svg, "<path class=\"edge rule\" d=\"M{x} {}h24\" marker-end=\"url(#rule-tip)\"/>", y - 4.0);
        let _ = writeln!(svg, "<text class=\"small\" x=\"{}\" y=\"{y}\">{text}</text>", x + 32.0);
        x += 32.0 + width(text, SMALL);
    }
    (svg, x)
}

fn frame(graph: &Graph, layout: &Layout, group: usize, svg: &mut String) {
    let [x, y, width, height] = layout.boxes[group];
    let it = &graph.groups[group];
    let label = escaped(&elided(&it.label, SMALL * 1.08, width - 2.0 * PAD));
    let _ = writeln!(
        svg,
        "<g><title>{}</title><rect class=\"group\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"10\"/>\
         <text class=\"title\" x=\"{}\" y=\"{}\">{label}</text></g>",
        escaped(&it.id),
        x + PAD,
        y + TITLE + 1.0,
    );
}

/// Draws an edge: straight through columns, curved between them, so that it touches no task.
fn line(graph: &Graph, layout: &Layout, (from, to): (usize, usize), route: &[usize], svg: &mut String) {
    let point = |at: usize, right: bool| {
        let (left, width) = layout.columns[layout.ranked.vertices[at].rank];
        (left + if right { width } else { 0.0 }, layout.middle[at])
    };
    let (x, y) = point(from, true);
    let mut path = format!("M{x} {y}");
    for pair in route.windows(2) {
        let ((start, above), (end, below)) = (point(pair[0], true), point(pair[1], false));
        let middle = f64::midpoint(start, end).round();
        let _ = match above == below {
            true => write!(path, "H{end}"),
            false => write!(path, "C{middle} {above} {middle} {below} {end} {below}"),
        };
        if pair[1] != to {
            let _ = write!(path, "H{}", point(pair[1], true).0);
        }
    }
    let (from, to) = (&graph.tasks[from], &graph.tasks[to]);
    let (class, tip) = if to.rule == TriggerRule::AllSuccess { ("edge", "tip") } else { ("edge rule", "rule-tip") };
    let (from, to) = (escaped(&from.id), escaped(&to.id));
    let title = format!("<title>{from} → {to}</title>");
    let _ = writeln!(svg, "<path class=\"{class}\" marker-end=\"url(#{tip})\" d=\"{path}\">{title}</path>");
}

fn task(graph: &Graph, layout: &Layout, at: usize, svg: &mut String) {
    let task = &graph.tasks[at];
    let (x, breadth) = layout.columns[layout.ranked.vertices[at].rank];
    let y = layout.middle[at] - TASK / 2.0;
    let (text, room) = (x + INSET, breadth - 2.0 * INSET);
    let label = escaped(&elided(&task.label, LABEL, room.max(WIDE)));
    let _ = writeln!(
        svg,
        "<g class=\"task {}\"><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{breadth}\" height=\"{TASK}\" rx=\"6\"/>\
         <text class=\"label\" x=\"{text}\" y=\"{}\">{label}</text><text class=\"small\" x=\"{text}\" y=\"{}\">{}</text></g>",
        task.kind.name(),
        escaped(&tooltip(task)),
        y + 18.0,
        y + 33.0,
        small(task),
    );
}

/// `PostgresOperator · retries 2 · all_done`
pub(super) fn facts(task: &Task) -> String {
    let rule = rule(task).map(|rule| format!(" · {rule}")).unwrap_or_default();
    format!("{}{rule}", runner(task))
}

fn runner(task: &Task) -> String {
    let retries = task.retries.filter(|count| *count > 0).map(|count| format!(" · retries {count}"));
    format!("{}{}", elided(task.runner(), SMALL, WIDE * 0.6), retries.unwrap_or_default())
}

fn rule(task: &Task) -> Option<&'static str> {
    (task.rule != TriggerRule::AllSuccess).then(|| task.rule.name())
}

fn small(task: &Task) -> String {
    let rule = rule(task).map(|rule| format!(" · <tspan class=\"rule-name\">{rule}</tspan>")).unwrap_or_default();
    format!("{}{rule}", escaped(&runner(task)))
}

fn tooltip(task: &Task) -> String {
    let retries = task.retries.map(|count| format!(", retries {count}")).unwrap_or_default();
    format!("{}: {}, {}{retries}", task.id, task.runner(), task.rule.name())
}

/// Writes what means something to XML as an entity, and what XML cannot hold as U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
