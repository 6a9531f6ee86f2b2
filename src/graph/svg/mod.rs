//! A DAG as a picture, laid out in columns from left to right (`docs/decisions/graph.md`).

mod draw;
mod frames;
mod order;
mod place;
mod ranks;
mod width;

use self::frames::{Frames, PAD, TASK};
use self::ranks::{Ranked, ranked};
use super::model::{Graph, Task};

/// Left of the first column and above everything.
const MARGIN: f64 = 24.0;

/// What title and legend take at the top.
const HEAD: f64 = 66.0;

/// Between two columns at least.
const GUTTER: f64 = 46.0;

/// How wide a task is at least, and its texts at most.
const NARROW: f64 = 96.0;
const WIDE: f64 = 250.0;

/// Where everything is, in pixels.
struct Layout {
    ranked: Ranked,
    /// Left edge and width of each column.
    columns: Vec<(f64, f64)>,
    /// The middle of each vertex, from the top.
    middle: Vec<f64>,
    /// Left, top, width and height of each group.
    boxes: Vec<[f64; 4]>,
    /// Width and height of the whole.
    size: (f64, f64),
}

/// Returns the graph as an SVG document; the same graph gives the same bytes.
#[must_use]
pub fn svg(graph: &Graph) -> String {
    draw::draw(graph, &laid_out(graph))
}

fn laid_out(graph: &Graph) -> Layout {
    let ranked = ranked(graph);
    let neighbours = order::neighbours(&ranked);
    let paths = order::paths(graph, &ranked);
    let order = order::ordered(&ranked, &paths, &neighbours);
    let frames = Frames { ranked: &ranked, paths: &paths };
    let place::Placed { mut middle, mut boxes } = place::placed(&frames, &neighbours, &order);
    let height = shifted(&ranked, &mut middle, &mut boxes);
    let (lefts, rights) = (levels(graph, &ranked, |span| span.0), levels(graph, &ranked, |span| span.1));
    let columns = columns(graph, &ranked, &middle, (&lefts, &rights));
    let boxes = boxes.iter().enumerate().map(|(group, &(top, bottom))| {
        let (first, last) = ranked.spans[group];
        let left = columns[first].0 - PAD * lefts[group] as f64;
        let right = columns[last].0 + columns[last].1 + PAD * rights[group] as f64;
        [left, top, right - left, bottom - top]
    });
    let boxes: Vec<[f64; 4]> = boxes.collect();
    let end = columns.last().map_or(0.0, |(left, width)| left + width);
    let right = boxes.iter().map(|it| it[0] + it[2]).fold(end, f64::max);
    Layout { columns, middle, boxes, size: (right + MARGIN, height), ranked }
}

/// Moves everything below the head, and returns where it ends.
fn shifted(ranked: &Ranked, middle: &mut [f64], boxes: &mut [(f64, f64)]) -> f64 {
    let halves: Vec<f64> = ranked.vertices.iter().map(|it| it.task.map_or(0.0, |_| TASK / 2.0)).collect();
    let tops = middle.iter().zip(&halves).map(|(middle, half)| middle - half).chain(boxes.iter().map(|it| it.0));
    let down = MARGIN + HEAD - tops.fold(f64::INFINITY, f64::min);
    middle.iter_mut().for_each(|middle| *middle = (*middle + down).round());
    boxes.iter_mut().for_each(|it| *it = ((it.0 + down).round(), (it.1 + down).round()));
    let bottoms = middle.iter().zip(&halves).map(|(middle, half)| middle + half).chain(boxes.iter().map(|it| it.1));
    bottoms.fold(0.0, f64::max) + MARGIN
}

/// Returns how many frames begin (or end) together with each group, itself among them.
fn levels(graph: &Graph, ranked: &Ranked, edge: impl Fn((usize, usize)) -> usize) -> Vec<usize> {
    let mut levels = vec![1; graph.groups.len()];
    // A group stands before those in it.
    for group in (0..levels.len()).rev() {
        if let Some(parent) = graph.groups[group].parent {
            let together = edge(ranked.spans[parent]) == edge(ranked.spans[group]);
            levels[parent] = levels[parent].max(if together { levels[group] + 1 } else { 1 });
        }
    }
    levels
}

/// Returns left edge and width of each column; steep edges get more room before them.
fn columns(graph: &Graph, ranked: &Ranked, middle: &[f64], (lefts, rights): (&[usize], &[usize])) -> Vec<(f64, f64)> {
    let mut widths = vec![0.0_f64; ranked.columns];
    let (mut before, mut after) = (vec![0_usize; ranked.columns], vec![0_usize; ranked.columns]);
    for vertex in &ranked.vertices {
        let needed = vertex.task.map_or(0.0, |task| breadth(&graph.tasks[task]));
        widths[vertex.rank] = widths[vertex.rank].max(needed);
    }
    for (group, &(first, last)) in ranked.spans.iter().enumerate() {
        before[first] = before[first].max(lefts[group]);
        after[last] = after[last].max(rights[group]);
    }
    let steep = steepest(ranked, middle);
    let mut left = MARGIN;
    let mut columns = Vec::with_capacity(widths.len());
    for (rank, width) in widths.iter().enumerate() {
        left += PAD * before[rank] as f64;
        columns.push((left.round(), width.round()));
        left += width + PAD * after[rank] as f64 + GUTTER + (steep[rank] / 8.0).min(90.0);
    }
    columns
}

/// Returns how far edges climb or fall behind each column.
fn steepest(ranked: &Ranked, middle: &[f64]) -> Vec<f64> {
    let mut steepest = vec![0.0_f64; ranked.columns];
    for pair in ranked.routes.iter().flat_map(|route| route.windows(2)) {
        let rank = ranked.vertices[pair[0]].rank;
        steepest[rank] = steepest[rank].max((middle[pair[0]] - middle[pair[1]]).abs());
    }
    steepest
}

/// Returns how wide a task's box must be.
fn breadth(task: &Task) -> f64 {
    let label = width::width(&task.label, draw::LABEL).min(WIDE);
    let facts = width::width(&draw::facts(task), draw::SMALL).min(WIDE);
    (label.max(facts) + 2.0 * draw::INSET).max(NARROW)
}

#[cfg(test)]
mod tests;
