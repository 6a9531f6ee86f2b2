//! A DAG as lines of a terminal, one a task, in an order in which they could run.
//!
//! A DAG is no tree, but its dominators are one: every task hangs below the last task that all paths to it lead through. A
//! fork's branches are drawn to the right of it, and what joins them goes on in the fork's own line, as `git log --graph`
//! draws history. Each task stands there once; what it waits for is spelt out where the lines do not show it.

use super::dominators;
use super::model::{Graph, Task};
use crate::dag::TriggerRule;

/// How many columns a line has.
const WIDTH: usize = 80;

/// How many columns ids and the lines before them get at most, before what runs the task.
const NAMES: usize = 46;

/// How deep branches are drawn to the right; deeper ones go on straight down.
const DEPTH: usize = 8;

/// Whether there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No escape sequences.
    Plain,
    /// For a terminal.
    Coloured,
}

/// Returns the graph as lines of at most 80 columns, unless an id is longer.
#[must_use]
pub fn text(graph: &Graph, style: Style) -> String {
    let lines = Drawing::of(graph).lines;
    let names = lines.iter().map(|line| line.width(graph)).filter(|width| *width <= NAMES).max().unwrap_or(0);
    let body: String = lines.iter().map(|line| line.render(graph, names, style)).collect();
    format!("{}\n{body}", title(graph))
}

/// `etl_sales: 3 tasks, 2 edges, 3 layers, 0 6 * * *`
fn title(graph: &Graph) -> String {
    let (tasks, edges) = graph.size();
    let schedule = graph.schedule.as_ref().map(|schedule| format!("; {}", printable(schedule))).unwrap_or_default();
    let layers = graph.layers.len();
    let dag_id = printable(&graph.dag_id);
    format!("{dag_id}: {}, {}, {}{schedule}", count(tasks, "task"), count(edges, "edge"), count(layers, "layer"))
}

/// What the tree needs to be walked.
struct Drawing {
    /// What hangs from each task, and last from none, by layer.
    hanging: Vec<Vec<usize>>,
    lines: Vec<Line>,
}

/// One task's line.
struct Line {
    /// What is drawn before the bullet.
    lanes: String,
    task: usize,
    /// Whether the lines show what it waits for.
    evident: bool,
}

/// A task that is yet to be drawn.
struct Pending {
    task: usize,
    /// What goes on to the left of its own line.
    outer: String,
    /// How it leaves the line it hangs from, if it does.
    corner: &'static str,
    depth: usize,
    evident: bool,
}

impl Drawing {
    fn of(graph: &Graph) -> Self {
        let root = graph.tasks.len();
        let mut drawing = Self { hanging: hanging(graph), lines: Vec::with_capacity(root) };
        let mut pending = drawing.below(graph, root, "", 0);
        while let Some(next) = pending.pop() {
            let lanes = format!("{}{}", next.outer, next.corner);
            drawing.lines.push(Line { lanes, task: next.task, evident: next.evident });
            let below = match next.corner {
                "" => next.outer,
                "└─" => next.outer + "  ",
                _ => next.outer + "│ ",
            };
            pending.extend(drawing.below(graph, next.task, &below, next.depth));
        }
        drawing
    }

    /// Returns what hangs from a task, the last to be drawn first.
    fn below(&self, graph: &Graph, task: usize, outer: &str, depth: usize) -> Vec<Pending> {
        let hanging = &self.hanging[task];
        let Some(&last) = hanging.last() else { return Vec::new() };
        let joins = |at: usize| graph.tasks[at].upstream != [task] && !graph.tasks[at].upstream.is_empty();
        let straight = hanging.len() == 1 || joins(last) || depth >= DEPTH;
        let pending = |(place, &at): (usize, &usize)| {
            let ends = place + 1 == hanging.len();
            let corner = match (ends, straight) {
                (true, true) => "",
                (true, false) => "└─",
                (false, _) => "├─",
            };
            let depth = depth + usize::from(!corner.is_empty());
            let shown = graph.tasks[at].upstream == [task] || graph.tasks[at].upstream.is_empty();
            let evident = shown && !(corner.is_empty() && hanging.len() > 1);
            Pending { task: at, outer: outer.to_owned(), corner, depth, evident }
        };
        hanging.iter().enumerate().map(pending).rev().collect()
    }
}

/// Returns what hangs from each task, and last from none: those that wait for others of them after those.
fn hanging(graph: &Graph) -> Vec<Vec<usize>> {
    let mut hanging = vec![Vec::new(); graph.tasks.len() + 1];
    for (at, dominator) in dominators::immediate(graph).into_iter().enumerate() {
        hanging[dominator].push(at);
    }
    for below in &mut hanging {
        below.sort_by_key(|&at| graph.tasks[at].layer);
    }
    hanging
}

impl Line {
    fn width(&self, graph: &Graph) -> usize {
        self.lanes.chars().count() + 2 + graph.tasks[self.task].id.chars().count()
    }

    /// `├─● id    runner  rule, retries 2  < a, b and 3 more`
    fn render(&self, graph: &Graph, names: usize, style: Style) -> String {
        let task = &graph.tasks[self.task];
        let padding = " ".repeat((names + 2).saturating_sub(self.width(graph)).max(2));
        let facts = facts(task);
        let used = self.width(graph) + padding.len() + facts.chars().count();
        let waits = if self.evident { String::new() } else { waits(graph, task, WIDTH.saturating_sub(used + 4)) };
        let [dim, bold, off] = match style {
            Style::Plain => ["", "", ""],
            Style::Coloured => ["\u{1b}[2m", "\u{1b}[1m", "\u{1b}[0m"],
        };
        let id = printable(&task.id);
        format!("{dim}{}{off}● {bold}{id}{off}{padding}{dim}{facts}{waits}{off}\n", self.lanes)
    }
}

/// `PostgresOperator, all_done, retries 2`
fn facts(task: &Task) -> String {
    let rule = (task.rule != TriggerRule::AllSuccess).then(|| task.rule.name().to_owned());
    let retries = task.retries.filter(|count| *count > 0).map(|count| format!("retries {count}"));
    [Some(printable(task.runner())), rule, retries].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Returns as many ids as fit into `room` columns, and how many there are beside them.
fn waits(graph: &Graph, task: &Task, room: usize) -> String {
    let ids: Vec<String> = task.upstream.iter().map(|&up| printable(&graph.tasks[up].id)).collect();
    let mut shown = ids.len().min(room);
    let told = |shown: usize| match ids.len() - shown {
        0 => ids.join(", "),
        more if shown == 0 => count(more, "task"),
        more => format!("{} +{more}", ids[..shown].join(", ")),
    };
    while shown > 0 && told(shown).chars().count() > room {
        shown -= 1;
    }
    format!("  ← {}", told(shown))
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Keeps what a spec says from driving the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
