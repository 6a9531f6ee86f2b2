//! Which column each task stands in, and what fills the columns between two tasks of a long edge.

use std::collections::BTreeMap;

use crate::graph::model::Graph;

/// How many columns all edges may cross before the longest are drawn straight, behind everything: a bound on time.
const CROSSINGS: usize = 120_000;

/// Something in a column: a task, a place where a long edge passes, or room that a group keeps free.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Vertex {
    /// The column, from the left.
    pub(super) rank: usize,
    /// The innermost group around it.
    pub(super) group: Option<usize>,
    /// The task, when it is one.
    pub(super) task: Option<usize>,
}

/// The columns.
pub(super) struct Ranked {
    /// Tasks first, by their index.
    pub(super) vertices: Vec<Vertex>,
    /// For each edge of the graph, in its order, the vertices from one end to the other.
    pub(super) routes: Vec<Vec<usize>>,
    /// First and last column of each group.
    pub(super) spans: Vec<(usize, usize)>,
    /// How many columns there are.
    pub(super) columns: usize,
}

/// Puts tasks and the bends of long edges into columns.
pub(super) fn ranked(graph: &Graph) -> Ranked {
    let ranks = tightened(graph);
    let task = |(at, rank): (usize, &usize)| Vertex { rank: *rank, group: graph.tasks[at].group, task: Some(at) };
    let vertices = ranks.iter().enumerate().map(task).collect();
    let columns = ranks.iter().max().map_or(0, |last| last + 1);
    let mut ranked = Ranked { vertices, routes: Vec::new(), spans: spans(graph, &ranks), columns };
    ranked.route(graph, &ranks);
    ranked.keep_free(graph);
    ranked
}

/// Returns the layers, but with tasks that have more downstream than upstream as far to the right as they can stand:
/// fewer long edges.
fn tightened(graph: &Graph) -> Vec<usize> {
    let downstream = graph.downstream();
    let mut ranks: Vec<usize> = graph.tasks.iter().map(|task| task.layer).collect();
    for &at in graph.order.iter().rev() {
        let nearest = downstream[at].iter().map(|&down| ranks[down]).min();
        if let Some(nearest) = nearest.filter(|_| downstream[at].len() > graph.tasks[at].upstream.len()) {
            ranks[at] = nearest - 1;
        }
    }
    ranks
}

fn spans(graph: &Graph, ranks: &[usize]) -> Vec<(usize, usize)> {
    let mut spans = vec![(usize::MAX, 0); graph.groups.len()];
    for (task, &rank) in graph.tasks.iter().zip(ranks) {
        for group in around(graph, task.group) {
            spans[group] = (spans[group].0.min(rank), spans[group].1.max(rank));
        }
    }
    spans
}

/// Returns the groups around something, the innermost first.
pub(super) fn around(graph: &Graph, group: Option<usize>) -> impl Iterator<Item = usize> {
    std::iter::successors(group, |&group| graph.groups[group].parent)
}

impl Ranked {
    /// Edges that leave one task share their bends as long as they can, or those that reach one task, whichever are more.
    fn route(&mut self, graph: &Graph, ranks: &[usize]) {
        let edges: Vec<(usize, usize)> = graph.edges().collect();
        let downstream = graph.downstream();
        let limit = longest_bent(&edges, ranks);
        let mut bends: BTreeMap<(bool, usize, usize, Option<usize>), usize> = BTreeMap::new();
        for (from, to) in edges {
            let forks = downstream[from].len() >= graph.tasks[to].upstream.len();
            let mut route = vec![from];
            let inner = if ranks[to] - ranks[from] > limit { 0..0 } else { ranks[from] + 1..ranks[to] };
            for rank in inner {
                let group = self.passage(graph, (from, to), rank);
                let key = (forks, if forks { from } else { to }, rank, group);
                let next = self.vertices.len();
                let bend = *bends.entry(key).or_insert(next);
                if bend == next {
                    self.vertices.push(Vertex { rank, group, task: None });
                }
                route.push(bend);
            }
            route.push(to);
            self.routes.push(route);
        }
    }

    /// Returns the group through which an edge passes a column: it leaves a group to the right and enters one from the
    /// left, where it can.
    fn passage(&self, graph: &Graph, (from, to): (usize, usize), rank: usize) -> Option<usize> {
        let (start, end) = (self.vertices[from].rank, self.vertices[to].rank);
        let outer: Vec<usize> = around(graph, graph.tasks[to].group).collect();
        let inner: Vec<usize> = around(graph, graph.tasks[from].group).collect();
        let common = inner.iter().copied().find(|group| outer.contains(group));
        let own =
            |groups: &[usize]| groups.iter().copied().take_while(|group| Some(*group) != common).collect::<Vec<_>>();
        let leaves = |group: &usize| rank <= self.spans[*group].1 && end > self.spans[*group].1;
        let enters = |group: &usize| rank >= self.spans[*group].0 && start < self.spans[*group].0;
        let left = own(&inner).into_iter().rev().take_while(leaves).last();
        left.or_else(|| own(&outer).into_iter().rev().take_while(enters).last()).or(common)
    }

    /// Adds a vertex where a group has none in one of its columns, so that nothing else is put there.
    fn keep_free(&mut self, graph: &Graph) {
        let mut held: Vec<Vec<bool>> = self.spans.iter().map(|(first, last)| vec![false; last + 1 - first]).collect();
        for vertex in &self.vertices {
            for group in around(graph, vertex.group) {
                held[group][vertex.rank - self.spans[group].0] = true;
            }
        }
        // From the innermost group outwards: what it keeps free, those around it hold as well.
        for group in (0..held.len()).rev() {
            let first = self.spans[group].0;
            for rank in (first..=self.spans[group].1).filter(|rank| !held[group][rank - first]).collect::<Vec<_>>() {
                self.vertices.push(Vertex { rank, group: Some(group), task: None });
                for outer in around(graph, Some(group)) {
                    held[outer][rank - self.spans[outer].0] = true;
                }
            }
        }
    }
}

/// Returns how long an edge may be to be bent at every column that it crosses.
fn longest_bent(edges: &[(usize, usize)], ranks: &[usize]) -> usize {
    let mut lengths: Vec<usize> = edges.iter().map(|&(from, to)| ranks[to] - ranks[from]).collect();
    lengths.sort_unstable();
    let mut crossed = 0;
    let fits = |length: &&usize| {
        crossed += **length;
        crossed <= CROSSINGS
    };
    lengths.iter().take_while(fits).last().copied().unwrap_or(usize::MAX)
}
